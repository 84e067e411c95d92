-- One-time links into the dashboard. One that was used is gone. They and the
-- sessions are looked up by their secrets alone, as keys are.
CREATE TABLE login_links (
	token_sha256 bytea  NOT NULL PRIMARY KEY,
	account_id   bigint NOT NULL REFERENCES accounts (id),
	date_expires bigint NOT NULL
);

-- Browsers that are signed in. One that has ended is gone.
CREATE TABLE sessions (
	secret_sha256  bytea  NOT NULL PRIMARY KEY,
	account_id     bigint NOT NULL REFERENCES accounts (id),
	key_id         text COLLATE "C" REFERENCES api_keys (id), -- null: begun by a link
	agent          bytea  NOT NULL, -- as the browser sent it, which need not be a text
	date_created   bigint NOT NULL,
	date_last_used bigint NOT NULL
);

CREATE INDEX sessions_of_account ON sessions (account_id);
