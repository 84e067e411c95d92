ALTER TABLE uploads ADD COLUMN file_name    TEXT    NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN size         INTEGER NOT NULL DEFAULT 0; -- of the file, in bytes; 0 when not known
ALTER TABLE uploads ADD COLUMN mapping      TEXT    NOT NULL DEFAULT ''; -- of the columns, as JSON; '' is what the header says
ALTER TABLE uploads ADD COLUMN date_started INTEGER NOT NULL DEFAULT 0;
UPDATE uploads SET date_started = date_created;

-- Files that came in and wait to be started.
CREATE TABLE upload_drafts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	file_name    TEXT    NOT NULL,
	size         INTEGER NOT NULL,
	list_name    TEXT    NOT NULL,
	type         INTEGER NOT NULL, -- as in lists
	on_duplicate INTEGER NOT NULL, -- as in uploads
	mapping      TEXT    NOT NULL, -- as in uploads
	trial_sid    BLOB    NOT NULL, -- of the upload that is its dry run; zeros for none
	date_created INTEGER NOT NULL,
	PRIMARY KEY (account_id, sid)
) STRICT, WITHOUT ROWID;
