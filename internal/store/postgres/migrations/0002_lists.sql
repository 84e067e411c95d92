CREATE TABLE lists (
	account_id    bigint NOT NULL REFERENCES accounts (id),
	sid           uuid   NOT NULL,
	name          text COLLATE "C" NOT NULL,
	name_key      text COLLATE "C" NOT NULL, -- the name, folded and trimmed
	tag           text COLLATE "C",
	type          smallint NOT NULL, -- 0 static, 1 dynamic
	contact_count bigint NOT NULL,   -- moved in the transactions that move members
	date_created  bigint NOT NULL,
	date_updated  bigint NOT NULL,
	PRIMARY KEY (account_id, sid),
	UNIQUE (account_id, name)
) WITH (fillfactor = 80);

-- It has no foreign keys: they would look up list and contact for each member.
-- Who adds one has both of them locked.
CREATE TABLE list_members (
	account_id   bigint NOT NULL,
	list_sid     uuid   NOT NULL,
	contact_sid  uuid   NOT NULL,
	date_created bigint NOT NULL,
	PRIMARY KEY (account_id, list_sid, contact_sid)
);

-- For the lists of a contact.
CREATE INDEX list_members_by_contact ON list_members (account_id, contact_sid);
