-- The flows of accounts, which their campaigns name.
CREATE TABLE flows (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	name         TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	flow         TEXT    NOT NULL, -- its steps, as JSON
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL, -- later than at any time before
	PRIMARY KEY (account_id, name)
) STRICT;
