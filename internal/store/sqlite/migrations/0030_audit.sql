-- The audit log. Rows of account 0 are those of the installation. An entry's sid has its
-- date. First_sid and last_sid are the contacts or lists that it tells of; sids has them
-- when they are not one series. See package audit.
CREATE TABLE audit (
	account_id INTEGER NOT NULL,
	sid        BLOB    NOT NULL,
	action     TEXT    NOT NULL,
	actor      TEXT    NOT NULL,
	address    TEXT    NOT NULL,
	request    TEXT    NOT NULL,
	done       INTEGER NOT NULL,
	failed     INTEGER NOT NULL,
	object     TEXT,
	fields     TEXT    NOT NULL, -- names, with blanks between them
	first_sid  BLOB,
	last_sid   BLOB,             -- NULL when it is first_sid
	sids       BLOB,
	PRIMARY KEY (account_id, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_object ON audit (account_id, object) WHERE object IS NOT NULL;
CREATE INDEX audit_by_subject ON audit (account_id, first_sid) WHERE first_sid IS NOT NULL AND sids IS NULL;
CREATE INDEX audit_of_many ON audit (account_id, sid) WHERE sids IS NOT NULL;
