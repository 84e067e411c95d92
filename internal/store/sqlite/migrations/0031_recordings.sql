-- How many samples the recording of a call has; 0 for none, and before the call has ended.
ALTER TABLE calls ADD COLUMN recording INTEGER NOT NULL DEFAULT 0;

-- The sound of recorded calls, by pieces, which are stored while the call lasts: mu-law,
-- mono, 8,000 samples a second.
CREATE TABLE recordings (
	campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
	call_sid    BLOB    NOT NULL,
	piece       INTEGER NOT NULL, -- from 0 on, without a gap
	sound       BLOB    NOT NULL,
	PRIMARY KEY (campaign_id, call_sid, piece)
) STRICT;
CREATE INDEX recordings_begun ON recordings (call_sid) WHERE piece = 0;
