-- How many requests accounts have sent.
CREATE TABLE requests (
	account_id INTEGER NOT NULL REFERENCES accounts (id),
	day        INTEGER NOT NULL, -- since 1 January 1970, in the account's time zone
	outcome    INTEGER NOT NULL, -- 0 succeeded, 1 refused, 2 failed
	requests   INTEGER NOT NULL,
	PRIMARY KEY (account_id, day, outcome)
) STRICT, WITHOUT ROWID;
