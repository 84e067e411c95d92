-- What an account signs with: account.Purpose says what for.
CREATE TABLE secrets (
	account_id bigint   NOT NULL REFERENCES accounts (id),
	purpose    smallint NOT NULL, -- 1 links to reports, 2 callbacks
	secret     bytea    NOT NULL,
	PRIMARY KEY (account_id, purpose)
);
