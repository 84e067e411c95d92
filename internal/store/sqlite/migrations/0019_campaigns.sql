-- What an account wants done on the telephone. What dialing moves all the time stands
-- first, and what somebody asked for last, so that most changes leave long rows' other
-- pages as they are.
CREATE TABLE campaigns (
	id            INTEGER PRIMARY KEY,
	account_id    INTEGER NOT NULL REFERENCES accounts (id),
	sid           BLOB    NOT NULL,
	state         INTEGER NOT NULL, -- 1 created, 2 in progress, 3 paused, 4 completed, 5 failed, 6 canceled, 7 archived, 8 deleted
	expanded      INTEGER NOT NULL, -- 1 when all targets were read
	closed        INTEGER NOT NULL, -- 1 when nothing is left to do
	-- How far its targets were read: how many of them there are, how many of its lists
	-- were read whole, and the last contact read of the next one. Of numbers, those at
	-- next_position and later are left.
	next_position INTEGER NOT NULL,
	lists_read    INTEGER NOT NULL,
	contact_read  BLOB,
	-- Targets that wait for their first call and for another, those that are being
	-- called the first time and again, and those that have ended, by result.
	waiting_first INTEGER NOT NULL,
	calling_first INTEGER NOT NULL,
	waiting_again INTEGER NOT NULL,
	calling_again INTEGER NOT NULL,
	reached       INTEGER NOT NULL,
	failed        INTEGER NOT NULL,
	suppressed    INTEGER NOT NULL,
	invalid       INTEGER NOT NULL,
	not_attempted INTEGER NOT NULL,
	called        INTEGER NOT NULL, -- targets that were called at least once
	calls         INTEGER NOT NULL, -- that were begun
	calls_reached   INTEGER NOT NULL, -- that have ended, by outcome
	calls_busy      INTEGER NOT NULL,
	calls_no_answer INTEGER NOT NULL,
	calls_failed    INTEGER NOT NULL,
	date_created  INTEGER NOT NULL,
	date_updated  INTEGER NOT NULL,
	date_started  INTEGER,
	date_ended    INTEGER,
	throttle      INTEGER NOT NULL, -- calls a minute; 0 is what the account may do
	name          TEXT    NOT NULL,
	settings      TEXT    NOT NULL, -- the other campaign.Settings, as JSON
	numbers       BLOB    NOT NULL, -- to call, 8 bytes each; empty when lists are called
	UNIQUE (account_id, sid)
) STRICT;
CREATE INDEX campaigns_open ON campaigns (account_id, sid) WHERE closed = 0;

-- The numbers that a campaign is to reach.
CREATE TABLE targets (
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	position    INTEGER NOT NULL, -- from 0 on, without a gap
	number      INTEGER NOT NULL,
	contact_sid BLOB,             -- the contact may have been deleted since
	name        TEXT,
	vars        TEXT,             -- what the campaign's text says of it, as JSON
	state       INTEGER NOT NULL, -- 1 waiting, 2 calling, 3 reached, 4 failed, 5 suppressed, 6 invalid, 7 not attempted
	due         INTEGER,          -- while it waits
	reason      INTEGER NOT NULL, -- 0 for none
	history     BLOB    NOT NULL, -- of each call the sid, and the outcome in one byte
	date_ended  INTEGER,
	PRIMARY KEY (campaign_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX targets_due ON targets (campaign_id, due) WHERE due IS NOT NULL;
CREATE INDEX targets_by_contact ON targets (contact_sid) WHERE contact_sid IS NOT NULL;

CREATE TABLE calls (
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	sid         BLOB    NOT NULL,
	position    INTEGER NOT NULL, -- of the target
	number      INTEGER NOT NULL,
	attempt     INTEGER NOT NULL, -- from 1 on
	state       INTEGER NOT NULL, -- 1 placing, 2 dialed, 3 ringing, 4 answered, 5 ended
	outcome     INTEGER NOT NULL, -- 0 before the end, 1 reached, 2 busy, 3 no answer, 4 failed, 5 unreachable
	placed      INTEGER,
	rang        INTEGER,
	answered    INTEGER,
	ended       INTEGER,
	digits      TEXT    NOT NULL,
	code        INTEGER NOT NULL,
	cause       INTEGER NOT NULL,
	cause_text  TEXT    NOT NULL,
	mark        TEXT    NOT NULL,
	PRIMARY KEY (campaign_id, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_in_flight ON calls (sid) WHERE state < 5;
CREATE INDEX calls_by_number ON calls (number, sid);

-- What an account has set for all of its campaigns.
CREATE TABLE policies (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	policy     TEXT    NOT NULL -- campaign.Policy, as JSON
) STRICT;

-- The server that dials for an account.
CREATE TABLE dialing (
	account_id   INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	lease_server TEXT    NOT NULL,
	lease_until  INTEGER NOT NULL
) STRICT;

-- Numbers that an account must not call.
CREATE TABLE suppressions (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	number       INTEGER NOT NULL,
	source       TEXT    NOT NULL,
	note         TEXT    NOT NULL,
	date_created INTEGER NOT NULL,
	PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressions_by_date ON suppressions (account_id, date_created);
