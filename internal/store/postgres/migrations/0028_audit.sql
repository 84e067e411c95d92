-- The audit log. Rows of account 0 are those of the installation. An entry's sid has its
-- date. First_sid and last_sid are the contacts or lists that it tells of; sids has them
-- when they are not one series. See package audit.
CREATE TABLE audit (
	account_id bigint NOT NULL,
	sid uuid NOT NULL,
	action text COLLATE "C" NOT NULL,
	actor text COLLATE "C" NOT NULL,
	address text COLLATE "C" NOT NULL,
	request text COLLATE "C" NOT NULL,
	done bigint NOT NULL,
	failed bigint NOT NULL,
	object text COLLATE "C",
	fields text COLLATE "C" NOT NULL,
	first_sid uuid,
	last_sid uuid,
	sids bytea,
	PRIMARY KEY (account_id, sid)
);
CREATE INDEX audit_by_object ON audit (account_id, object) WHERE object IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (account_id, first_sid) WHERE first_sid IS NOT NULL AND sids IS NULL;
CREATE INDEX audit_of_many ON audit (account_id, sid) WHERE sids IS NOT NULL;
