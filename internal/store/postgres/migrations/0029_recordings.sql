-- How many samples the recording of a call has; 0 for none, and before the call has ended.
ALTER TABLE calls ADD COLUMN recording integer NOT NULL DEFAULT 0;

-- The sound of recorded calls, by pieces, which are stored while the call lasts: mu-law,
-- mono, 8,000 samples a second.
CREATE TABLE recordings (
	account_id   bigint  NOT NULL,
	campaign_sid uuid    NOT NULL,
	call_sid     uuid    NOT NULL,
	piece        integer NOT NULL, -- from 0 on, without a gap
	sound        bytea   NOT NULL,
	PRIMARY KEY (account_id, campaign_sid, call_sid, piece)
);
ALTER TABLE recordings ALTER COLUMN sound SET STORAGE EXTERNAL; -- sound cannot be compressed
CREATE INDEX recordings_begun ON recordings (call_sid) WHERE piece = 0;
