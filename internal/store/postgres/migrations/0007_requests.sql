-- How many requests accounts have sent.
CREATE TABLE requests (
	account_id bigint   NOT NULL REFERENCES accounts (id),
	day        integer  NOT NULL, -- since 1 January 1970, in the account's time zone
	outcome    smallint NOT NULL, -- 0 succeeded, 1 refused, 2 failed
	requests   bigint   NOT NULL,
	PRIMARY KEY (account_id, day, outcome)
) WITH (fillfactor = 80);
