-- What was deleted and can be restored. deletion is a sid, which has the date of the
-- deletion; that of a list is zeros once the list is deleted for good and only its
-- memberships are left to go. A membership is here while its contact or its list is.
-- Who restores or deletes in an account has an advisory lock on its trash.
CREATE TABLE trashed_contacts (
	account_id   bigint NOT NULL,
	deletion     uuid   NOT NULL,
	sid          uuid   NOT NULL,
	number       bigint NOT NULL, -- the columns are as in contacts
	first_name   text COLLATE "C",
	last_name    text COLLATE "C",
	company_name text COLLATE "C",
	email        text COLLATE "C",
	tag          text COLLATE "C",
	custom_field text COLLATE "C",
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	name_key     text COLLATE "C" NOT NULL,
	name_folded  text COLLATE "C",
	company_name_folded text COLLATE "C",
	email_folded text COLLATE "C",
	tag_folded   text COLLATE "C",
	PRIMARY KEY (account_id, deletion, sid),
	UNIQUE (account_id, sid)
);

CREATE TABLE trashed_lists (
	account_id    bigint   NOT NULL REFERENCES accounts (id),
	deletion      uuid     NOT NULL,
	sid           uuid     NOT NULL,
	name          text COLLATE "C" NOT NULL,
	name_key      text COLLATE "C" NOT NULL,
	tag           text COLLATE "C",
	type          smallint NOT NULL,
	contact_count bigint   NOT NULL, -- when it was deleted
	date_created  bigint   NOT NULL,
	date_updated  bigint   NOT NULL,
	PRIMARY KEY (account_id, deletion, sid),
	UNIQUE (account_id, sid)
);

CREATE TABLE trashed_members (
	account_id   bigint NOT NULL,
	list_sid     uuid   NOT NULL,
	contact_sid  uuid   NOT NULL,
	date_created bigint NOT NULL,
	PRIMARY KEY (account_id, list_sid, contact_sid)
);
CREATE INDEX trashed_members_by_contact ON trashed_members (account_id, contact_sid);

-- A refolding goes over the contacts, and then over those in the trash.
ALTER TABLE refolding ADD COLUMN trash boolean NOT NULL DEFAULT false;
