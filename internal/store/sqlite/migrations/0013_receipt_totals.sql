-- How body is stored: 0 as it is, 1 zstd. It is that of idempotency.Encoding.
ALTER TABLE idempotency_keys ADD COLUMN encoding INTEGER NOT NULL DEFAULT 0;

-- What the receipts of an account take, moved in the transactions that write and
-- delete them. A receipt takes 128 bytes, its key and its body as it is stored.
CREATE TABLE receipt_totals (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	receipts   INTEGER NOT NULL,
	bytes      INTEGER NOT NULL
) STRICT;

INSERT INTO receipt_totals (account_id, receipts, bytes)
	SELECT account_id, count(*), sum(128 + octet_length(key) + octet_length(body)) FROM idempotency_keys GROUP BY account_id;

-- For the oldest receipts of an account that has no room for more.
CREATE INDEX idempotency_keys_of_account ON idempotency_keys (account_id, date_created);
