-- CSV files that came in. A row is never deleted.
CREATE TABLE uploads (
	account_id   bigint   NOT NULL REFERENCES accounts (id),
	sid          uuid     NOT NULL,
	list_sid     uuid     NOT NULL, -- the list may have been deleted since
	list_name    text COLLATE "C" NOT NULL, -- when the file came
	type         smallint NOT NULL, -- as in lists
	on_duplicate smallint NOT NULL, -- 0 reject, 1 skip, 2 update
	dry_run      boolean  NOT NULL,
	new_list     boolean  NOT NULL, -- of a dry run: the list was not there
	header       bytea    NOT NULL, -- of the error rows, as CSV
	state        smallint NOT NULL, -- 0 running, 1 completed, 2 cancelled, 3 list gone, 4 file gone
	position     bigint   NOT NULL, -- bytes of the file before the next row
	line         bigint   NOT NULL, -- of the next row
	success      bigint   NOT NULL,
	duplicate    bigint   NOT NULL,
	failed       bigint   NOT NULL,
	new_contacts bigint   NOT NULL,
	lease_server text COLLATE "C" NOT NULL, -- who works it; '' is nobody
	lease_until  bigint   NOT NULL, -- and until when nobody else may
	date_created bigint   NOT NULL,
	date_updated bigint   NOT NULL,
	PRIMARY KEY (account_id, sid)
) WITH (fillfactor = 80);

CREATE INDEX uploads_running ON uploads (sid) WHERE state = 0;

-- Rows that failed or are duplicates.
CREATE TABLE upload_errors (
	account_id bigint   NOT NULL,
	upload_sid uuid     NOT NULL,
	line       bigint   NOT NULL,
	kind       smallint NOT NULL, -- 1 missing, 2 invalid, 3 duplicate
	reason     text COLLATE "C" NOT NULL,
	record     bytea    NOT NULL, -- the row as CSV, under the upload's header
	PRIMARY KEY (account_id, upload_sid, line)
);

-- The files of uploads, until their rows are worked. They are in the database
-- because any server may go on with an upload.
CREATE TABLE upload_files (
	account_id bigint      NOT NULL,
	upload_sid uuid        NOT NULL,
	size       bigint,      -- in bytes; null until all of it has come
	kept_at    timestamptz NOT NULL DEFAULT now(), -- when it began to come, by the database's clock
	PRIMARY KEY (account_id, upload_sid)
);

CREATE TABLE upload_chunks (
	account_id bigint  NOT NULL,
	upload_sid uuid    NOT NULL,
	chunk      integer NOT NULL, -- from 0
	data       bytea   NOT NULL,
	PRIMARY KEY (account_id, upload_sid, chunk)
);

-- Compressing takes longer than the network.
ALTER TABLE upload_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
