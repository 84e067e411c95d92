-- The network address that a session was last used from; '' for one of before.
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- The servers that run on the database and have a dashboard; a server that was killed
-- leaves its row.
CREATE TABLE servers (
	id           TEXT    NOT NULL PRIMARY KEY, -- random, of one run
	url          TEXT    NOT NULL,             -- that browsers reach it at
	date_started INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
