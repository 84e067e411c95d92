-- What was deleted and can be restored. deletion is a sid, which has the date of the
-- deletion; that of a list is zeros once the list is deleted for good and only its
-- memberships are left to go. A membership is here while its contact or its list is.
CREATE TABLE trashed_contacts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	number       INTEGER NOT NULL, -- the columns are as in contacts
	first_name   TEXT,
	last_name    TEXT,
	company_name TEXT,
	email        TEXT,
	tag          TEXT,
	custom_field TEXT,
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL,
	deletion     BLOB    NOT NULL,
	PRIMARY KEY (account_id, deletion, sid)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX trashed_contacts_by_sid ON trashed_contacts (account_id, sid);

CREATE TABLE trashed_lists (
	account_id    INTEGER NOT NULL REFERENCES accounts (id),
	sid           BLOB    NOT NULL,
	name          TEXT    NOT NULL,
	tag           TEXT,
	type          INTEGER NOT NULL, -- as in lists
	contact_count INTEGER NOT NULL, -- when it was deleted
	date_created  INTEGER NOT NULL,
	date_updated  INTEGER NOT NULL,
	deletion      BLOB    NOT NULL,
	PRIMARY KEY (account_id, deletion, sid)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX trashed_lists_by_sid ON trashed_lists (account_id, sid);

CREATE TABLE trashed_members (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	list_sid     BLOB    NOT NULL,
	contact_sid  BLOB    NOT NULL,
	date_created INTEGER NOT NULL,
	PRIMARY KEY (account_id, list_sid, contact_sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX trashed_members_by_contact ON trashed_members (account_id, contact_sid);
