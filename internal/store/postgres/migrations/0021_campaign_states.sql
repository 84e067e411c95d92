-- The state in which a campaign has ended, which it keeps when it is archived: 0 before.
ALTER TABLE campaigns ADD COLUMN ended_as smallint NOT NULL DEFAULT 0;
UPDATE campaigns SET ended_as = state WHERE state BETWEEN 4 AND 6;

-- Pages of targets by their state, and by whether they were called before the call that
-- they wait for or are in; pages of calls by outcome.
-- The campaign comes after what only these pages know: with the campaign before it, a
-- planner without statistics takes these indexes for the primary keys, and finds a target
-- by reading all targets of its campaign.
CREATE INDEX targets_by_state ON targets (account_id,
	(2 * state + CASE WHEN state = 1 AND octet_length(history) > 0 OR state = 2 AND octet_length(history) > 17 THEN 1 ELSE 0 END), campaign_sid, position);
CREATE INDEX calls_by_outcome ON calls (account_id, outcome, campaign_sid, sid) WHERE outcome > 0;
DROP INDEX targets_left_out;
