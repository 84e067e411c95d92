-- The flows of accounts, which their campaigns name.
CREATE TABLE flows (
	account_id   bigint NOT NULL,
	name         text COLLATE "C" NOT NULL,
	title        text COLLATE "C" NOT NULL,
	flow         text COLLATE "C" NOT NULL, -- its steps, as JSON
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL, -- later than at any time before
	PRIMARY KEY (account_id, name)
);
