-- How many calls a campaign has begun in each of the last minutes, for its plot. It is
-- moved with the calls. A campaign of an earlier release has none until its next call.
ALTER TABLE campaigns ADD COLUMN calls_by_minute bytea NOT NULL DEFAULT '';
