-- How many requests of the API an account may send in a minute; 0 is no limit. When it was
-- disabled, and when its deletion began; its row goes last.
ALTER TABLE accounts ADD COLUMN requests_a_minute INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN date_disabled INTEGER;
ALTER TABLE accounts ADD COLUMN date_deleted INTEGER;

-- The greatest id of the accounts that were deleted. A server may know an account by its id
-- for a while after it is gone, so no other account gets it.
CREATE TABLE last_account (
	id INTEGER NOT NULL
) STRICT;
