-- What an account calls. settings has what somebody asked for, as JSON, but for the
-- name, the throttle and the numbers, of 8 bytes each.
CREATE TABLE campaigns (
	account_id   bigint   NOT NULL REFERENCES accounts (id),
	sid          uuid     NOT NULL,
	name         text COLLATE "C" NOT NULL,
	name_key     text COLLATE "C" NOT NULL, -- what names are sorted by
	name_folded  text COLLATE "C" NOT NULL, -- what searches look at
	throttle     integer  NOT NULL, -- calls a minute; 0 is what the account may do
	settings     text COLLATE "C" NOT NULL,
	numbers      bytea    NOT NULL, -- empty when lists are called
	state        smallint NOT NULL, -- 1 created, 2 in progress, 3 paused, 4 completed, 5 failed, 6 canceled, 7 archived, 8 deleted
	expanded     boolean  NOT NULL, -- all targets were read
	closed       boolean  NOT NULL, -- nothing is left to do
	-- How far its targets were read: how many of them there are, how many of its lists
	-- were read whole, and the last contact read of the next one.
	next_position integer NOT NULL,
	lists_read    integer NOT NULL,
	contact_read  uuid,
	-- The counts of its targets and calls, which move with them.
	waiting_first   integer NOT NULL,
	calling_first   integer NOT NULL,
	waiting_again   integer NOT NULL,
	calling_again   integer NOT NULL,
	reached         integer NOT NULL,
	failed          integer NOT NULL,
	suppressed      integer NOT NULL,
	invalid         integer NOT NULL,
	not_attempted   integer NOT NULL,
	called          integer NOT NULL, -- targets that were called at least once
	calls           integer NOT NULL, -- that were begun
	calls_reached   integer NOT NULL, -- that have ended, by outcome
	calls_busy      integer NOT NULL,
	calls_no_answer integer NOT NULL,
	calls_failed    integer NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	date_started bigint,
	date_ended   bigint,
	PRIMARY KEY (account_id, sid)
) WITH (fillfactor = 50);

CREATE INDEX campaigns_open ON campaigns (account_id, sid) WHERE NOT closed;

-- The numbers that a campaign is to reach. history has 17 bytes for each of a target's
-- calls: its sid, and its outcome or 0. name and vars are those of the contact when the
-- targets were read; vars is JSON.
CREATE TABLE targets (
	account_id   bigint   NOT NULL,
	campaign_sid uuid     NOT NULL,
	position     integer  NOT NULL, -- from 0
	number       bigint   NOT NULL,
	contact_sid  uuid,              -- null without one
	name         text COLLATE "C",
	vars         text COLLATE "C",
	state        smallint NOT NULL, -- 1 waiting, 2 calling, 3 reached, 4 failed, 5 suppressed, 6 invalid, 7 not attempted
	due          bigint,            -- of those that wait
	reason       smallint NOT NULL,
	history      bytea    NOT NULL,
	date_ended   bigint,
	PRIMARY KEY (account_id, campaign_sid, position)
) WITH (fillfactor = 90);

CREATE INDEX targets_due ON targets (account_id, campaign_sid, due, position) WHERE state = 1;
-- Those that were never called, or not again. They may be a few of half a million.
CREATE INDEX targets_left_out ON targets (account_id, campaign_sid, position) WHERE state IN (5, 6, 7);
CREATE INDEX targets_by_contact ON targets (account_id, contact_sid, campaign_sid) WHERE contact_sid IS NOT NULL;

-- Single tries to reach a target.
CREATE TABLE calls (
	account_id    bigint   NOT NULL,
	campaign_sid  uuid     NOT NULL,
	sid           uuid     NOT NULL,
	position      integer  NOT NULL, -- of the target
	number        bigint   NOT NULL,
	attempt       smallint NOT NULL,
	state         smallint NOT NULL, -- 1 placing, 2 dialed, 3 ringing, 4 answered, 5 ended
	outcome       smallint NOT NULL, -- 0 none, 1 reached, 2 busy, 3 no answer, 4 failed, 5 unreachable
	placed        bigint,
	rang          bigint,
	answered      bigint,
	ended         bigint,
	digits        text COLLATE "C" NOT NULL,
	code          integer  NOT NULL, -- the carrier's
	cause         integer  NOT NULL, -- of ITU-T Q.850
	cause_text    text COLLATE "C" NOT NULL,
	mark          text COLLATE "C" NOT NULL,
	PRIMARY KEY (account_id, campaign_sid, sid)
) WITH (fillfactor = 70);

CREATE INDEX calls_in_flight ON calls (account_id, sid) WHERE state < 5;
CREATE INDEX calls_by_number ON calls (account_id, number, sid);

-- What an account has set for its campaigns, as JSON.
CREATE TABLE policies (
	account_id bigint NOT NULL REFERENCES accounts (id),
	policy     text COLLATE "C" NOT NULL,
	PRIMARY KEY (account_id)
);

-- Which server places the calls of an account's campaigns, and until when no other may.
-- An account has a row from its first campaign on. '' is nobody.
CREATE TABLE dialing (
	account_id   bigint NOT NULL REFERENCES accounts (id),
	lease_server text COLLATE "C" NOT NULL DEFAULT '',
	lease_until  bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id)
) WITH (fillfactor = 50);

-- Numbers that an account must not call.
CREATE TABLE suppressions (
	account_id   bigint NOT NULL,
	number       bigint NOT NULL,
	source       text COLLATE "C" NOT NULL,
	note         text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL,
	PRIMARY KEY (account_id, number)
);

CREATE INDEX suppressions_by_date ON suppressions (account_id, date_created, number);
