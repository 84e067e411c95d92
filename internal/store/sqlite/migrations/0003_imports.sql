-- CSV files that came in. A row is never deleted.
CREATE TABLE uploads (
	id           INTEGER PRIMARY KEY,
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	list_sid     BLOB    NOT NULL, -- the list may have been deleted since
	list_name    TEXT    NOT NULL, -- when the file came
	type         INTEGER NOT NULL, -- as in lists
	header       BLOB    NOT NULL, -- of the error rows, as CSV
	state        INTEGER NOT NULL, -- 0 running, 1 completed, 2 cancelled, 3 list gone, 4 file gone
	position     INTEGER NOT NULL, -- bytes of the file before the next row
	line         INTEGER NOT NULL, -- of the next row
	success      INTEGER NOT NULL,
	duplicate    INTEGER NOT NULL,
	failed       INTEGER NOT NULL,
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL,
	UNIQUE (account_id, sid)
) STRICT;

CREATE INDEX uploads_running ON uploads (id) WHERE state = 0;

-- Rows that failed or are duplicates.
CREATE TABLE upload_errors (
	upload_id INTEGER NOT NULL REFERENCES uploads (id),
	line      INTEGER NOT NULL,
	kind      INTEGER NOT NULL, -- 1 missing, 2 invalid, 3 duplicate
	reason    TEXT    NOT NULL,
	record    BLOB    NOT NULL, -- the row as CSV, under the upload's header
	PRIMARY KEY (upload_id, line)
) STRICT, WITHOUT ROWID;
