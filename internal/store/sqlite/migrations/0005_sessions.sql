-- One-time links into the dashboard. One that was used is gone.
CREATE TABLE login_links (
	token_sha256 BLOB    NOT NULL PRIMARY KEY,
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	date_expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Browsers that are signed in. One that has ended is gone.
CREATE TABLE sessions (
	secret_sha256  BLOB    NOT NULL PRIMARY KEY,
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	key_id         TEXT REFERENCES api_keys (id), -- NULL: begun by a link
	agent          TEXT    NOT NULL,
	date_created   INTEGER NOT NULL,
	date_last_used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account_id);
