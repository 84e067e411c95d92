-- The schema after all migrations. It is here to be read; scripts/schema writes it.

CREATE TABLE accounts (
	id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
	sid text COLLATE "C" NOT NULL,
	region text COLLATE "C" NOT NULL,
	time_zone text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL,
	requests_a_minute integer NOT NULL DEFAULT 0,
	date_disabled bigint,
	date_deleted bigint,
	PRIMARY KEY (id),
	UNIQUE (sid)
);

CREATE TABLE api_keys (
	id text COLLATE "C" NOT NULL,
	networks text NOT NULL DEFAULT ''::text,
	account_id bigint NOT NULL,
	name text COLLATE "C" NOT NULL,
	token_sha256 bytea NOT NULL,
	date_created bigint NOT NULL,
	date_expires bigint,
	date_last_used bigint,
	date_revoked bigint,
	scopes text NOT NULL DEFAULT ''::text,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (id)
);
CREATE INDEX api_keys_of_account ON api_keys USING btree (account_id);

CREATE TABLE audit (
	account_id bigint NOT NULL,
	fields text COLLATE "C" NOT NULL,
	first_sid uuid,
	last_sid uuid,
	sids bytea,
	sid uuid NOT NULL,
	action text COLLATE "C" NOT NULL,
	actor text COLLATE "C" NOT NULL,
	address text COLLATE "C" NOT NULL,
	request text COLLATE "C" NOT NULL,
	done bigint NOT NULL,
	failed bigint NOT NULL,
	object text COLLATE "C",
	PRIMARY KEY (account_id, sid)
);
CREATE INDEX audit_by_object ON audit USING btree (account_id, object) WHERE (object IS NOT NULL);
CREATE INDEX audit_by_subject ON audit USING btree (account_id, first_sid) WHERE ((first_sid IS NOT NULL) AND (sids IS NULL));
CREATE INDEX audit_of_many ON audit USING btree (account_id, sid) WHERE (sids IS NOT NULL);

CREATE TABLE callbook_migrations (
	version integer NOT NULL,
	name text NOT NULL,
	date_applied timestamp with time zone NOT NULL DEFAULT now(),
	PRIMARY KEY (version)
);

CREATE TABLE calls (
	account_id bigint NOT NULL,
	rang bigint,
	answered bigint,
	ended bigint,
	digits text COLLATE "C" NOT NULL,
	code integer NOT NULL,
	cause integer NOT NULL,
	cause_text text COLLATE "C" NOT NULL,
	mark text COLLATE "C" NOT NULL,
	recording integer NOT NULL DEFAULT 0,
	campaign_sid uuid NOT NULL,
	sid uuid NOT NULL,
	position integer NOT NULL,
	number bigint NOT NULL,
	attempt smallint NOT NULL,
	state smallint NOT NULL,
	outcome smallint NOT NULL,
	placed bigint,
	PRIMARY KEY (account_id, campaign_sid, sid)
);
CREATE INDEX calls_by_number ON calls USING btree (account_id, number, sid);
CREATE INDEX calls_by_outcome ON calls USING btree (account_id, outcome, campaign_sid, sid) WHERE (outcome > 0);
CREATE INDEX calls_in_flight ON calls USING btree (account_id, sid) WHERE (state < 5);

CREATE TABLE campaigns (
	account_id bigint NOT NULL,
	expanded boolean NOT NULL,
	closed boolean NOT NULL,
	next_position integer NOT NULL,
	lists_read integer NOT NULL,
	contact_read uuid,
	waiting_first integer NOT NULL,
	calling_first integer NOT NULL,
	waiting_again integer NOT NULL,
	calling_again integer NOT NULL,
	reached integer NOT NULL,
	sid uuid NOT NULL,
	failed integer NOT NULL,
	suppressed integer NOT NULL,
	invalid integer NOT NULL,
	not_attempted integer NOT NULL,
	called integer NOT NULL,
	calls integer NOT NULL,
	calls_reached integer NOT NULL,
	calls_busy integer NOT NULL,
	calls_no_answer integer NOT NULL,
	calls_failed integer NOT NULL,
	name text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	date_started bigint,
	date_ended bigint,
	ended_as smallint NOT NULL DEFAULT 0,
	calls_by_minute bytea NOT NULL DEFAULT '\x'::bytea,
	name_key text COLLATE "C" NOT NULL,
	name_folded text COLLATE "C" NOT NULL,
	throttle integer NOT NULL,
	settings text COLLATE "C" NOT NULL,
	numbers bytea NOT NULL,
	state smallint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, sid)
);
CREATE INDEX campaigns_open ON campaigns USING btree (account_id, sid) WHERE (NOT closed);

CREATE TABLE contact_counts (
	account_id bigint NOT NULL,
	slot smallint NOT NULL,
	contacts bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, slot)
);

CREATE TABLE contacts (
	account_id bigint NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	name_folded text COLLATE "C",
	company_name_folded text COLLATE "C",
	email_folded text COLLATE "C",
	tag_folded text COLLATE "C",
	upload bigint,
	sid uuid NOT NULL,
	number bigint NOT NULL,
	first_name text COLLATE "C",
	last_name text COLLATE "C",
	company_name text COLLATE "C",
	email text COLLATE "C",
	tag text COLLATE "C",
	custom_field text COLLATE "C",
	UNIQUE (account_id, number),
	PRIMARY KEY (account_id, sid)
);

CREATE TABLE copies (
	source text COLLATE "C" NOT NULL,
	at text COLLATE "C" NOT NULL,
	single boolean NOT NULL DEFAULT true,
	PRIMARY KEY (single),
	CHECK (single)
);

CREATE TABLE dialing (
	account_id bigint NOT NULL,
	lease_server text COLLATE "C" NOT NULL DEFAULT ''::text,
	lease_until bigint NOT NULL DEFAULT 0,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id)
);

CREATE TABLE dialogs (
	call_sid uuid NOT NULL,
	record bytea NOT NULL,
	PRIMARY KEY (call_sid)
);

CREATE TABLE event_leases (
	account_id bigint NOT NULL,
	lease_server text COLLATE "C" NOT NULL,
	lease_until bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id)
);

CREATE TABLE event_totals (
	account_id bigint NOT NULL,
	campaign_sid uuid NOT NULL,
	waiting bigint NOT NULL,
	delivered bigint NOT NULL,
	given_up bigint NOT NULL,
	PRIMARY KEY (account_id, campaign_sid)
);

CREATE TABLE events (
	account_id bigint NOT NULL,
	status integer NOT NULL,
	trouble smallint NOT NULL,
	date_since bigint NOT NULL,
	date_tried bigint,
	date_ended bigint,
	date_created bigint NOT NULL,
	call_sid uuid,
	receiver text COLLATE "C" NOT NULL,
	url text COLLATE "C" NOT NULL,
	body bytea NOT NULL,
	id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
	campaign_sid uuid NOT NULL,
	position integer NOT NULL,
	kind smallint NOT NULL,
	state smallint NOT NULL,
	last boolean NOT NULL,
	due bigint NOT NULL,
	tries integer NOT NULL,
	PRIMARY KEY (account_id, id)
);
CREATE INDEX events_by_state ON events USING btree (account_id, campaign_sid, state, id);
CREATE INDEX events_by_target ON events USING btree (account_id, campaign_sid, "position", id);
CREATE INDEX events_due ON events USING btree (account_id, receiver, due, id) WHERE (state = 1);

CREATE TABLE flows (
	account_id bigint NOT NULL,
	name text COLLATE "C" NOT NULL,
	title text COLLATE "C" NOT NULL,
	flow text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	PRIMARY KEY (account_id, name)
);

CREATE TABLE idempotency_keys (
	account_id bigint NOT NULL,
	key text COLLATE "C" NOT NULL,
	request_sha256 bytea NOT NULL,
	status smallint NOT NULL,
	body bytea NOT NULL,
	date_created bigint NOT NULL,
	encoding smallint NOT NULL DEFAULT 0,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_by_date ON idempotency_keys USING btree (date_created);
CREATE INDEX idempotency_keys_of_account ON idempotency_keys USING btree (account_id, date_created);

CREATE TABLE list_members (
	account_id bigint NOT NULL,
	list_sid uuid NOT NULL,
	contact_sid uuid NOT NULL,
	date_created bigint NOT NULL,
	upload bigint,
	PRIMARY KEY (account_id, list_sid, contact_sid)
);
CREATE INDEX list_members_by_contact ON list_members USING btree (account_id, contact_sid);

CREATE TABLE lists (
	account_id bigint NOT NULL,
	sid uuid NOT NULL,
	name text COLLATE "C" NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	tag text COLLATE "C",
	type smallint NOT NULL,
	contact_count bigint NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	UNIQUE (account_id, name),
	PRIMARY KEY (account_id, sid)
);

CREATE TABLE login_links (
	token_sha256 bytea NOT NULL,
	account_id bigint NOT NULL,
	date_expires bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (token_sha256)
);

CREATE TABLE policies (
	account_id bigint NOT NULL,
	policy text COLLATE "C" NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id)
);

CREATE TABLE prompts (
	account_id bigint NOT NULL,
	name text COLLATE "C" NOT NULL,
	title text COLLATE "C" NOT NULL,
	sha256 bytea NOT NULL,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	file bytea NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, name)
);

CREATE TABLE receipt_totals (
	account_id bigint NOT NULL,
	slot smallint NOT NULL,
	receipts bigint NOT NULL,
	bytes bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, slot)
);

CREATE TABLE recordings (
	account_id bigint NOT NULL,
	campaign_sid uuid NOT NULL,
	call_sid uuid NOT NULL,
	piece integer NOT NULL,
	sound bytea NOT NULL,
	PRIMARY KEY (account_id, campaign_sid, call_sid, piece)
);
CREATE INDEX recordings_begun ON recordings USING btree (call_sid) WHERE (piece = 0);

CREATE TABLE refolding (
	single boolean NOT NULL DEFAULT true,
	account_id bigint NOT NULL DEFAULT 0,
	sid uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid,
	trash boolean NOT NULL DEFAULT false,
	PRIMARY KEY (single),
	CHECK (single)
);

CREATE TABLE requests (
	account_id bigint NOT NULL,
	day integer NOT NULL,
	outcome smallint NOT NULL,
	requests bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, day, outcome)
);

CREATE TABLE secrets (
	account_id bigint NOT NULL,
	purpose smallint NOT NULL,
	secret bytea NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, purpose)
);

CREATE TABLE servers (
	id text COLLATE "C" NOT NULL,
	url text COLLATE "C" NOT NULL,
	date_started bigint NOT NULL,
	PRIMARY KEY (id)
);

CREATE TABLE sessions (
	secret_sha256 bytea NOT NULL,
	account_id bigint NOT NULL,
	key_id text COLLATE "C",
	agent bytea NOT NULL,
	date_created bigint NOT NULL,
	date_last_used bigint NOT NULL,
	address text COLLATE "C" NOT NULL DEFAULT ''::text,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	FOREIGN KEY (key_id) REFERENCES api_keys(id),
	PRIMARY KEY (secret_sha256)
);
CREATE INDEX sessions_of_account ON sessions USING btree (account_id);

CREATE TABLE suppressions (
	account_id bigint NOT NULL,
	number bigint NOT NULL,
	source text COLLATE "C" NOT NULL,
	note text COLLATE "C" NOT NULL,
	date_created bigint NOT NULL,
	PRIMARY KEY (account_id, number)
);
CREATE INDEX suppressions_by_date ON suppressions USING btree (account_id, date_created, number);

CREATE TABLE targets (
	account_id bigint NOT NULL,
	reason smallint NOT NULL,
	history bytea NOT NULL,
	date_ended bigint,
	campaign_sid uuid NOT NULL,
	position integer NOT NULL,
	number bigint NOT NULL,
	contact_sid uuid,
	name text COLLATE "C",
	vars text COLLATE "C",
	state smallint NOT NULL,
	due bigint,
	PRIMARY KEY (account_id, campaign_sid, "position")
);
CREATE INDEX targets_by_contact ON targets USING btree (account_id, contact_sid, campaign_sid) WHERE (contact_sid IS NOT NULL);
CREATE INDEX targets_by_state ON targets USING btree (account_id, (((2 * state) +
CASE
    WHEN (((state = 1) AND (octet_length(history) > 0)) OR ((state = 2) AND (octet_length(history) > 17))) THEN 1
    ELSE 0
END)), campaign_sid, "position");
CREATE INDEX targets_due ON targets USING btree (account_id, campaign_sid, due, "position") WHERE (state = 1);

CREATE TABLE trashed_contacts (
	account_id bigint NOT NULL,
	custom_field text COLLATE "C",
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	name_folded text COLLATE "C",
	company_name_folded text COLLATE "C",
	email_folded text COLLATE "C",
	tag_folded text COLLATE "C",
	upload bigint,
	deletion uuid NOT NULL,
	sid uuid NOT NULL,
	number bigint NOT NULL,
	first_name text COLLATE "C",
	last_name text COLLATE "C",
	company_name text COLLATE "C",
	email text COLLATE "C",
	tag text COLLATE "C",
	UNIQUE (account_id, sid),
	PRIMARY KEY (account_id, deletion, sid)
);

CREATE TABLE trashed_lists (
	account_id bigint NOT NULL,
	date_updated bigint NOT NULL,
	deletion uuid NOT NULL,
	sid uuid NOT NULL,
	name text COLLATE "C" NOT NULL,
	name_key text COLLATE "C" NOT NULL,
	tag text COLLATE "C",
	type smallint NOT NULL,
	contact_count bigint NOT NULL,
	date_created bigint NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	UNIQUE (account_id, sid),
	PRIMARY KEY (account_id, deletion, sid)
);

CREATE TABLE trashed_members (
	account_id bigint NOT NULL,
	list_sid uuid NOT NULL,
	contact_sid uuid NOT NULL,
	date_created bigint NOT NULL,
	upload bigint,
	PRIMARY KEY (account_id, list_sid, contact_sid)
);
CREATE INDEX trashed_members_by_contact ON trashed_members USING btree (account_id, contact_sid);

CREATE TABLE trunk_shares (
	trunk text COLLATE "C" NOT NULL,
	server text COLLATE "C" NOT NULL,
	channels integer NOT NULL,
	pace integer NOT NULL,
	wants boolean NOT NULL,
	lease_until bigint NOT NULL,
	PRIMARY KEY (trunk, server)
);

CREATE TABLE trunks (
	name text COLLATE "C" NOT NULL,
	settings text COLLATE "C" NOT NULL,
	password bytea,
	date_created bigint NOT NULL,
	date_updated bigint NOT NULL,
	PRIMARY KEY (name)
);

CREATE TABLE upload_chunks (
	account_id bigint NOT NULL,
	upload_sid uuid NOT NULL,
	chunk integer NOT NULL,
	data bytea NOT NULL,
	PRIMARY KEY (account_id, upload_sid, chunk)
);

CREATE TABLE upload_drafts (
	account_id bigint NOT NULL,
	date_created bigint NOT NULL,
	sid uuid NOT NULL,
	file_name text COLLATE "C" NOT NULL,
	size bigint NOT NULL,
	list_name text COLLATE "C" NOT NULL,
	type smallint NOT NULL,
	on_duplicate smallint NOT NULL,
	mapping text COLLATE "C" NOT NULL,
	trial_sid uuid NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, sid)
);

CREATE TABLE upload_errors (
	account_id bigint NOT NULL,
	upload_sid uuid NOT NULL,
	line bigint NOT NULL,
	kind smallint NOT NULL,
	reason text COLLATE "C" NOT NULL,
	record bytea NOT NULL,
	PRIMARY KEY (account_id, upload_sid, line)
);

CREATE TABLE upload_files (
	account_id bigint NOT NULL,
	upload_sid uuid NOT NULL,
	size bigint,
	kept_at timestamp with time zone NOT NULL DEFAULT now(),
	PRIMARY KEY (account_id, upload_sid)
);

CREATE TABLE uploads (
	account_id bigint NOT NULL,
	state smallint NOT NULL,
	position bigint NOT NULL,
	line bigint NOT NULL,
	success bigint NOT NULL,
	duplicate bigint NOT NULL,
	failed bigint NOT NULL,
	new_contacts bigint NOT NULL,
	lease_server text COLLATE "C" NOT NULL,
	lease_until bigint NOT NULL,
	date_created bigint NOT NULL,
	sid uuid NOT NULL,
	date_updated bigint NOT NULL,
	file_name text COLLATE "C" NOT NULL DEFAULT ''::text,
	size bigint NOT NULL DEFAULT 0,
	mapping text COLLATE "C" NOT NULL DEFAULT ''::text,
	date_started bigint NOT NULL DEFAULT 0,
	error_bytes bigint NOT NULL DEFAULT 0,
	errors_omitted bigint NOT NULL DEFAULT 0,
	plan text COLLATE "C" NOT NULL DEFAULT ''::text,
	tally text COLLATE "C" NOT NULL DEFAULT ''::text,
	undo text COLLATE "C" NOT NULL DEFAULT ''::text,
	list_sid uuid NOT NULL,
	undoing boolean NOT NULL DEFAULT false,
	suppresses boolean NOT NULL DEFAULT false,
	list_name text COLLATE "C" NOT NULL,
	type smallint NOT NULL,
	on_duplicate smallint NOT NULL,
	dry_run boolean NOT NULL,
	new_list boolean NOT NULL,
	header bytea NOT NULL,
	FOREIGN KEY (account_id) REFERENCES accounts(id),
	PRIMARY KEY (account_id, sid)
);
CREATE INDEX uploads_ended ON uploads USING btree (date_updated) WHERE (state <> 0);
CREATE INDEX uploads_running ON uploads USING btree (sid) WHERE (state = 0);
CREATE INDEX uploads_undoing ON uploads USING btree (account_id, sid) WHERE undoing;
