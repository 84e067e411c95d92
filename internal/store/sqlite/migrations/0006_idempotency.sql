-- Answers to requests that carried a key. They are written in the transactions
-- of the work that they tell of, and deleted when they are over a day old.
CREATE TABLE idempotency_keys (
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	key            TEXT    NOT NULL,
	request_sha256 BLOB    NOT NULL,
	status         INTEGER NOT NULL, -- of the answer
	body           BLOB    NOT NULL,
	date_created   INTEGER NOT NULL,
	PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_date ON idempotency_keys (date_created);
