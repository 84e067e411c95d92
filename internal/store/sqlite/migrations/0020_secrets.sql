-- What an account signs with: account.Purpose says what for.
CREATE TABLE secrets (
	account_id INTEGER NOT NULL REFERENCES accounts (id),
	purpose    INTEGER NOT NULL, -- 1 links to reports, 2 callbacks
	secret     BLOB    NOT NULL,
	PRIMARY KEY (account_id, purpose)
) STRICT, WITHOUT ROWID;
