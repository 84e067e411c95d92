-- The state in which a campaign has ended, which it keeps when it is archived: 0 before.
ALTER TABLE campaigns ADD COLUMN ended_as INTEGER NOT NULL DEFAULT 0;
UPDATE campaigns SET ended_as = state WHERE state BETWEEN 4 AND 6;

-- Pages of targets by their state, and by whether they were called before the call that
-- they wait for or are in; pages of calls by outcome.
CREATE INDEX targets_by_state ON targets (campaign_id, (2 * state + (state < 3 AND length(history) > 17 * (state = 2))), position);
CREATE INDEX calls_by_outcome ON calls (campaign_id, outcome, sid) WHERE outcome > 0;
