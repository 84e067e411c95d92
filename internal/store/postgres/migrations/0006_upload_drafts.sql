ALTER TABLE uploads
	ADD COLUMN file_name    text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN size         bigint NOT NULL DEFAULT 0, -- of the file, in bytes; 0 when not known
	ADD COLUMN mapping      text COLLATE "C" NOT NULL DEFAULT '', -- of the columns, as JSON; '' is what the header says
	ADD COLUMN date_started bigint NOT NULL DEFAULT 0;

UPDATE uploads SET date_started = date_created;

-- Files that came in and wait to be started.
CREATE TABLE upload_drafts (
	account_id   bigint   NOT NULL REFERENCES accounts (id),
	sid          uuid     NOT NULL,
	file_name    text COLLATE "C" NOT NULL,
	size         bigint   NOT NULL,
	list_name    text COLLATE "C" NOT NULL,
	type         smallint NOT NULL, -- as in lists
	on_duplicate smallint NOT NULL, -- as in uploads
	mapping      text COLLATE "C" NOT NULL, -- as in uploads
	trial_sid    uuid     NOT NULL, -- of the upload that is its dry run; zeros for none
	date_created bigint   NOT NULL,
	PRIMARY KEY (account_id, sid)
);
