-- SIP trunks. They belong to the whole installation.
CREATE TABLE trunks (
	name         TEXT    NOT NULL PRIMARY KEY,
	settings     TEXT    NOT NULL, -- trunk.Trunk, as JSON
	password     BLOB,             -- encrypted; NULL for none
	date_created INTEGER NOT NULL, -- dates are Unix nanoseconds
	date_updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How a call over a trunk can be ended after a restart. A call that has ended has no row.
CREATE TABLE dialogs (
	call_sid BLOB NOT NULL PRIMARY KEY,
	record   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
