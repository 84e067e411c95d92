CREATE TABLE lists (
	id            INTEGER PRIMARY KEY,
	account_id    INTEGER NOT NULL REFERENCES accounts (id),
	sid           BLOB    NOT NULL,
	name          TEXT    NOT NULL,
	tag           TEXT,
	type          INTEGER NOT NULL, -- 0 static, 1 dynamic
	contact_count INTEGER NOT NULL, -- moved in the transactions that move members
	date_created  INTEGER NOT NULL,
	date_updated  INTEGER NOT NULL,
	UNIQUE (account_id, sid),
	UNIQUE (account_id, name)
) STRICT;

CREATE TABLE list_members (
	list_id      INTEGER NOT NULL REFERENCES lists (id),
	contact_sid  BLOB    NOT NULL,
	date_created INTEGER NOT NULL,
	PRIMARY KEY (list_id, contact_sid)
) STRICT, WITHOUT ROWID;

-- For the lists of a contact. Its entries, too, go to the right edge for new
-- contacts.
CREATE INDEX list_members_by_contact ON list_members (contact_sid);
