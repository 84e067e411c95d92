-- How body is stored: 0 as it is, 1 zstd. It is that of idempotency.Encoding.
ALTER TABLE idempotency_keys ADD COLUMN encoding smallint NOT NULL DEFAULT 0;

-- What is worth compressing is compressed when it comes.
ALTER TABLE idempotency_keys ALTER COLUMN body SET STORAGE EXTERNAL;

-- What the receipts of an account take: the sum over its slots, moved in the
-- transactions that write and delete them, each of which takes any one slot. A
-- receipt takes 128 bytes, its key and its body as it is stored.
CREATE TABLE receipt_totals (
	account_id bigint   NOT NULL REFERENCES accounts (id),
	slot       smallint NOT NULL,
	receipts   bigint   NOT NULL,
	bytes      bigint   NOT NULL,
	PRIMARY KEY (account_id, slot)
) WITH (fillfactor = 50);

INSERT INTO receipt_totals (account_id, slot, receipts, bytes)
	SELECT account_id, 0, count(*), sum(128 + octet_length(key) + octet_length(body)) FROM idempotency_keys GROUP BY account_id;

-- For the oldest receipts of an account that has no room for more.
CREATE INDEX idempotency_keys_of_account ON idempotency_keys (account_id, date_created);
