-- What the caller's programs are told.
CREATE TABLE events (
	id           INTEGER PRIMARY KEY AUTOINCREMENT, -- their order; none is given out twice
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	campaign_sid BLOB    NOT NULL,
	position     INTEGER NOT NULL, -- of the target; -1 for what is about no single one
	kind         INTEGER NOT NULL, -- 1 call_status, 2 call_schedule, 3 status
	state        INTEGER NOT NULL, -- 1 waiting, 2 delivered, 3 given up
	last         INTEGER NOT NULL, -- 1 for what comes after all others of the campaign
	due          INTEGER NOT NULL, -- when it is to be sent, as event.Due has it
	tries        INTEGER NOT NULL, -- since date_since
	status       INTEGER NOT NULL, -- of HTTP, at the last try; 0 for none
	trouble      INTEGER NOT NULL, -- of the last try; 0 for none
	date_since   INTEGER NOT NULL, -- when it was stored, or asked for again
	date_tried   INTEGER,
	date_ended   INTEGER,
	date_created INTEGER NOT NULL,
	call_sid     BLOB,
	receiver     TEXT    NOT NULL, -- scheme, host and port of the URL
	url          TEXT    NOT NULL,
	body         BLOB    NOT NULL
) STRICT;
CREATE INDEX events_due ON events (account_id, receiver, due) WHERE state = 1;
CREATE INDEX events_by_state ON events (account_id, campaign_sid, state);
CREATE INDEX events_by_target ON events (account_id, campaign_sid, position);

-- How many events of a campaign there are, by state.
CREATE TABLE event_totals (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	campaign_sid BLOB    NOT NULL,
	waiting      INTEGER NOT NULL,
	delivered    INTEGER NOT NULL,
	given_up     INTEGER NOT NULL,
	PRIMARY KEY (account_id, campaign_sid)
) STRICT, WITHOUT ROWID;

-- The server that delivers an account's events.
CREATE TABLE event_leases (
	account_id   INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	lease_server TEXT    NOT NULL,
	lease_until  INTEGER NOT NULL
) STRICT;
