-- The network address that a session was last used from; '' for one of before.
ALTER TABLE sessions ADD COLUMN address text COLLATE "C" NOT NULL DEFAULT '';

-- The servers that run on the database and have a dashboard; a server that was killed
-- leaves its row.
CREATE TABLE servers (
	id           text COLLATE "C" NOT NULL PRIMARY KEY, -- random, of one run
	url          text COLLATE "C" NOT NULL,             -- that browsers reach it at
	date_started bigint NOT NULL
);
