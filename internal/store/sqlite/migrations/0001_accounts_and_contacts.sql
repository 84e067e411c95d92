-- Dates are Unix nanoseconds.

CREATE TABLE accounts (
	id           INTEGER PRIMARY KEY,
	sid          TEXT    NOT NULL UNIQUE,
	region       TEXT    NOT NULL,
	time_zone    TEXT    NOT NULL,
	date_created INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
	id             TEXT    NOT NULL PRIMARY KEY,
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	name           TEXT    NOT NULL,
	token_sha256   BLOB    NOT NULL,
	date_created   INTEGER NOT NULL,
	date_last_used INTEGER,
	date_revoked   INTEGER
) STRICT, WITHOUT ROWID;

-- Clustered by (account_id, sid). A sid begins with its time, so new rows go to
-- the right edge of their account and nothing on the insert path is random.
-- That is also why number has no index here: the server keeps one in memory,
-- and with it the promise that a number is there once in an account.
CREATE TABLE contacts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	number       INTEGER NOT NULL, -- E.164 without its plus
	first_name   TEXT,
	last_name    TEXT,
	company_name TEXT,
	email        TEXT,
	tag          TEXT,
	custom_field TEXT, -- the JSON object as it came
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL,
	PRIMARY KEY (account_id, sid)
) STRICT, WITHOUT ROWID;

-- How many contacts an account has, moved in the transaction that adds them.
CREATE TABLE contact_counts (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	contacts   INTEGER NOT NULL
) STRICT;
