-- Answers to requests that carried a key. They are written in the transactions
-- of the work that they tell of, and deleted when they are over a day old.
CREATE TABLE idempotency_keys (
	account_id     bigint   NOT NULL REFERENCES accounts (id),
	key            text COLLATE "C" NOT NULL,
	request_sha256 bytea    NOT NULL,
	status         smallint NOT NULL, -- of the answer
	body           bytea    NOT NULL,
	date_created   bigint   NOT NULL,
	PRIMARY KEY (account_id, key)
);

CREATE INDEX idempotency_keys_by_date ON idempotency_keys (date_created);
