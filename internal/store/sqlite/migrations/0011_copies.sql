-- The copy of another database into this one, and how far it is: one row at most.
-- Both texts are internal/transfer's.
CREATE TABLE copies (
	source TEXT NOT NULL,
	at     TEXT NOT NULL
) STRICT;

-- A copy reads the keys of each account.
CREATE INDEX api_keys_of_account ON api_keys (account_id);
