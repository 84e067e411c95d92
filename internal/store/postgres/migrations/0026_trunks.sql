-- SIP trunks. They belong to the whole installation.
CREATE TABLE trunks (
	name         text   COLLATE "C" NOT NULL PRIMARY KEY,
	settings     text   COLLATE "C" NOT NULL, -- trunk.Trunk, as JSON
	password     bytea,                       -- encrypted; NULL for none
	date_created bigint NOT NULL,             -- dates are Unix nanoseconds
	date_updated bigint NOT NULL
);

-- How a call over a trunk can be ended after a restart. A call that has ended has no row.
CREATE TABLE dialogs (
	call_sid uuid  NOT NULL PRIMARY KEY,
	record   bytea NOT NULL
);
