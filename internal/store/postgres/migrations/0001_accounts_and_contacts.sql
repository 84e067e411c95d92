-- Dates are Unix nanoseconds. Texts compare and sort by their bytes, so that no
-- answer depends on a server's locale.

CREATE TABLE accounts (
	id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	sid          text COLLATE "C" NOT NULL UNIQUE,
	region       text COLLATE "C" NOT NULL,
	time_zone    text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL
);

CREATE TABLE api_keys (
	id             text COLLATE "C" NOT NULL PRIMARY KEY,
	account_id     bigint NOT NULL REFERENCES accounts (id),
	name           text COLLATE "C" NOT NULL,
	token_sha256   bytea  NOT NULL,
	date_created   bigint NOT NULL,
	date_expires   bigint,
	date_last_used bigint,
	date_revoked   bigint
);

CREATE INDEX api_keys_of_account ON api_keys (account_id);

-- From here on, every table is keyed by its account first and every query names
-- it, so that the tables can be distributed by account.
--
-- contacts has no foreign key to accounts: it would look the account up for each
-- row. contact_counts has one, and is written with every insert.
--
-- The folded columns are made by the server, and are what searches look at: a
-- text without regard to case. Where the text is folded already, they are null.
CREATE TABLE contacts (
	account_id   bigint NOT NULL,
	sid          uuid   NOT NULL,
	number       bigint NOT NULL, -- E.164 without its plus
	first_name   text COLLATE "C",
	last_name    text COLLATE "C",
	company_name text COLLATE "C",
	email        text COLLATE "C",
	tag          text COLLATE "C",
	custom_field text COLLATE "C", -- the JSON object as it came
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	name_key     text COLLATE "C" NOT NULL, -- both names, folded and trimmed: what names are sorted by
	name_folded  text COLLATE "C",          -- both names, folded; null where that is name_key
	company_name_folded text COLLATE "C",
	email_folded text COLLATE "C",
	PRIMARY KEY (account_id, sid),
	UNIQUE (account_id, number)
);

-- How many contacts an account has: the sum over its slots, moved in the
-- transaction that adds them. A transaction takes any one slot, so that those of
-- one account do not wait for each other's commit.
CREATE TABLE contact_counts (
	account_id bigint   NOT NULL REFERENCES accounts (id),
	slot       smallint NOT NULL,
	contacts   bigint   NOT NULL,
	PRIMARY KEY (account_id, slot)
) WITH (fillfactor = 50);
