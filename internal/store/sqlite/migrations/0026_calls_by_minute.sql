-- How many calls a campaign has begun in each of the last minutes, for its plot. It is
-- moved with the calls. It has always as many bytes, so that most changes still leave
-- long rows' other pages as they are; a campaign of an earlier release has none until its
-- next call.
ALTER TABLE campaigns ADD COLUMN calls_by_minute BLOB NOT NULL DEFAULT x'';
