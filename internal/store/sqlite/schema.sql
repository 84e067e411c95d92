-- The schema after all migrations. It is here to be read; scripts/schema writes it.

CREATE TABLE accounts (
	id           INTEGER PRIMARY KEY,
	sid          TEXT    NOT NULL UNIQUE,
	region       TEXT    NOT NULL,
	time_zone    TEXT    NOT NULL,
	date_created INTEGER NOT NULL
, requests_a_minute INTEGER NOT NULL DEFAULT 0, date_disabled INTEGER, date_deleted INTEGER) STRICT;

CREATE TABLE api_keys (
	id             TEXT    NOT NULL PRIMARY KEY,
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	name           TEXT    NOT NULL,
	token_sha256   BLOB    NOT NULL,
	date_created   INTEGER NOT NULL,
	date_last_used INTEGER,
	date_revoked   INTEGER
, date_expires INTEGER, scopes TEXT NOT NULL DEFAULT '', networks TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_of_account ON api_keys (account_id);

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
	mark        TEXT    NOT NULL, recording INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (campaign_id, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_number ON calls (number, sid);
CREATE INDEX calls_by_outcome ON calls (campaign_id, outcome, sid) WHERE outcome > 0;
CREATE INDEX calls_in_flight ON calls (sid) WHERE state < 5;

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
	numbers       BLOB    NOT NULL, ended_as INTEGER NOT NULL DEFAULT 0, calls_by_minute BLOB NOT NULL DEFAULT x'', -- to call, 8 bytes each; empty when lists are called
	UNIQUE (account_id, sid)
) STRICT;
CREATE INDEX campaigns_open ON campaigns (account_id, sid) WHERE closed = 0;

CREATE TABLE contact_counts (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	contacts   INTEGER NOT NULL
) STRICT;

CREATE TABLE contacts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	number       INTEGER NOT NULL, -- E.164 without its plus
	first_name   TEXT,
	last_name    TEXT,
	company_name TEXT,
	email        TEXT,
	tag          TEXT,
	custom_field TEXT, -- the JSON object as it came
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL, upload INTEGER,
	PRIMARY KEY (account_id, sid)
) STRICT, WITHOUT ROWID;

CREATE TABLE copies (
	source TEXT NOT NULL,
	at     TEXT NOT NULL
) STRICT;

CREATE TABLE dialing (
	account_id   INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	lease_server TEXT    NOT NULL,
	lease_until  INTEGER NOT NULL
) STRICT;

CREATE TABLE dialogs (
	call_sid BLOB NOT NULL PRIMARY KEY,
	record   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE event_leases (
	account_id   INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	lease_server TEXT    NOT NULL,
	lease_until  INTEGER NOT NULL
) STRICT;

CREATE TABLE event_totals (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	campaign_sid BLOB    NOT NULL,
	waiting      INTEGER NOT NULL,
	delivered    INTEGER NOT NULL,
	given_up     INTEGER NOT NULL,
	PRIMARY KEY (account_id, campaign_sid)
) STRICT, WITHOUT ROWID;

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
CREATE INDEX events_by_state ON events (account_id, campaign_sid, state);
CREATE INDEX events_by_target ON events (account_id, campaign_sid, position);
CREATE INDEX events_due ON events (account_id, receiver, due) WHERE state = 1;

CREATE TABLE flows (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	name         TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	flow         TEXT    NOT NULL, -- its steps, as JSON
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL, -- later than at any time before
	PRIMARY KEY (account_id, name)
) STRICT;

CREATE TABLE idempotency_keys (
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	key            TEXT    NOT NULL,
	request_sha256 BLOB    NOT NULL,
	status         INTEGER NOT NULL, -- of the answer
	body           BLOB    NOT NULL,
	date_created   INTEGER NOT NULL, encoding INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_date ON idempotency_keys (date_created);
CREATE INDEX idempotency_keys_of_account ON idempotency_keys (account_id, date_created);

CREATE TABLE last_account (
	id INTEGER NOT NULL
) STRICT;

CREATE TABLE list_members (
	list_id      INTEGER NOT NULL REFERENCES lists (id),
	contact_sid  BLOB    NOT NULL,
	date_created INTEGER NOT NULL, upload INTEGER,
	PRIMARY KEY (list_id, contact_sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX list_members_by_contact ON list_members (contact_sid);

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

CREATE TABLE log_stamp (
	mark     BLOB NOT NULL, -- the same in every database; it tells the row's page in a log
	previous BLOB NOT NULL, -- the stamp before this one; zeros for the first
	current  BLOB NOT NULL  -- 16 random bytes, and the schema version in 4
) STRICT;

CREATE TABLE login_links (
	token_sha256 BLOB    NOT NULL PRIMARY KEY,
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	date_expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	policy     TEXT    NOT NULL -- campaign.Policy, as JSON
) STRICT;

CREATE TABLE prompts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	name         TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	sha256       BLOB    NOT NULL, -- of the file
	date_created INTEGER NOT NULL, -- dates are Unix nanoseconds
	date_updated INTEGER NOT NULL,
	file         BLOB    NOT NULL,
	PRIMARY KEY (account_id, name)
) STRICT;

CREATE TABLE receipt_totals (
	account_id INTEGER NOT NULL PRIMARY KEY REFERENCES accounts (id),
	receipts   INTEGER NOT NULL,
	bytes      INTEGER NOT NULL
) STRICT;

CREATE TABLE recordings (
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	call_sid    BLOB    NOT NULL,
	piece       INTEGER NOT NULL, -- from 0 on, without a gap
	sound       BLOB    NOT NULL,
	PRIMARY KEY (campaign_id, call_sid, piece)
) STRICT;
CREATE INDEX recordings_begun ON recordings (call_sid) WHERE piece = 0;

CREATE TABLE requests (
	account_id INTEGER NOT NULL REFERENCES accounts (id),
	day        INTEGER NOT NULL, -- since 1 January 1970, in the account's time zone
	outcome    INTEGER NOT NULL, -- 0 succeeded, 1 refused, 2 failed
	requests   INTEGER NOT NULL,
	PRIMARY KEY (account_id, day, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
	account_id INTEGER NOT NULL REFERENCES accounts (id),
	purpose    INTEGER NOT NULL, -- 1 links to reports, 2 callbacks
	secret     BLOB    NOT NULL,
	PRIMARY KEY (account_id, purpose)
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
	id           TEXT    NOT NULL PRIMARY KEY, -- random, of one run
	url          TEXT    NOT NULL,             -- that browsers reach it at
	date_started INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	secret_sha256  BLOB    NOT NULL PRIMARY KEY,
	account_id     INTEGER NOT NULL REFERENCES accounts (id),
	key_id         TEXT REFERENCES api_keys (id), -- NULL: begun by a link
	agent          TEXT    NOT NULL,
	date_created   INTEGER NOT NULL,
	date_last_used INTEGER NOT NULL
, address TEXT NOT NULL DEFAULT '') STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account_id);

CREATE TABLE suppressions (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	number       INTEGER NOT NULL,
	source       TEXT    NOT NULL,
	note         TEXT    NOT NULL,
	date_created INTEGER NOT NULL,
	PRIMARY KEY (account_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX suppressions_by_date ON suppressions (account_id, date_created);

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
CREATE INDEX targets_by_contact ON targets (contact_sid) WHERE contact_sid IS NOT NULL;
CREATE INDEX targets_by_state ON targets (campaign_id, (2 * state + (state < 3 AND length(history) > 17 * (state = 2))), position);
CREATE INDEX targets_due ON targets (campaign_id, due) WHERE due IS NOT NULL;

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
	deletion     BLOB    NOT NULL, upload INTEGER,
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
	date_created INTEGER NOT NULL, upload INTEGER,
	PRIMARY KEY (account_id, list_sid, contact_sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX trashed_members_by_contact ON trashed_members (account_id, contact_sid);

CREATE TABLE trunks (
	name         TEXT    NOT NULL PRIMARY KEY,
	settings     TEXT    NOT NULL, -- trunk.Trunk, as JSON
	password     BLOB,             -- encrypted; NULL for none
	date_created INTEGER NOT NULL, -- dates are Unix nanoseconds
	date_updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE unscrubbed (
	erasure BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE upload_drafts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	file_name    TEXT    NOT NULL,
	size         INTEGER NOT NULL,
	list_name    TEXT    NOT NULL,
	type         INTEGER NOT NULL, -- as in lists
	on_duplicate INTEGER NOT NULL, -- as in uploads
	mapping      TEXT    NOT NULL, -- as in uploads
	trial_sid    BLOB    NOT NULL, -- of the upload that is its dry run; zeros for none
	date_created INTEGER NOT NULL,
	PRIMARY KEY (account_id, sid)
) STRICT, WITHOUT ROWID;

CREATE TABLE upload_errors (
	upload_id INTEGER NOT NULL REFERENCES uploads (id),
	line      INTEGER NOT NULL,
	kind      INTEGER NOT NULL, -- 1 missing, 2 invalid, 3 duplicate
	reason    TEXT    NOT NULL,
	record    BLOB    NOT NULL, -- the row as CSV, under the upload's header
	PRIMARY KEY (upload_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
	id           INTEGER PRIMARY KEY,
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	sid          BLOB    NOT NULL,
	list_sid     BLOB    NOT NULL, -- the list may have been deleted since
	list_name    TEXT    NOT NULL, -- when the file came
	type         INTEGER NOT NULL, -- as in lists
	header       BLOB    NOT NULL, -- of the error rows, as CSV
	state        INTEGER NOT NULL, -- 0 running, 1 completed, 2 cancelled, 3 list gone, 4 file gone
	position     INTEGER NOT NULL, -- bytes of the file before the next row
	line         INTEGER NOT NULL, -- of the next row
	success      INTEGER NOT NULL,
	duplicate    INTEGER NOT NULL,
	failed       INTEGER NOT NULL,
	date_created INTEGER NOT NULL,
	date_updated INTEGER NOT NULL, on_duplicate INTEGER NOT NULL DEFAULT 0, dry_run      INTEGER NOT NULL DEFAULT 0, new_list     INTEGER NOT NULL DEFAULT 0, new_contacts INTEGER NOT NULL DEFAULT 0, lease_server TEXT    NOT NULL DEFAULT '', lease_until  INTEGER NOT NULL DEFAULT 0, file_name    TEXT    NOT NULL DEFAULT '', size         INTEGER NOT NULL DEFAULT 0, mapping      TEXT    NOT NULL DEFAULT '', date_started INTEGER NOT NULL DEFAULT 0, error_bytes    INTEGER NOT NULL DEFAULT 0, errors_omitted INTEGER NOT NULL DEFAULT 0, plan  TEXT NOT NULL DEFAULT '', tally TEXT NOT NULL DEFAULT '', undo    TEXT    NOT NULL DEFAULT '', undoing INTEGER NOT NULL DEFAULT 0, suppresses INTEGER NOT NULL DEFAULT 0,
	UNIQUE (account_id, sid)
) STRICT;
CREATE INDEX uploads_ended ON uploads (date_updated) WHERE state <> 0;
CREATE INDEX uploads_running ON uploads (id) WHERE state = 0;
CREATE INDEX uploads_undoing ON uploads (id) WHERE undoing = 1;
