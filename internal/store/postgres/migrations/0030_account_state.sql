-- How many requests of the API an account may send in a minute; 0 is no limit. When it was
-- disabled, and when its deletion began; its row goes last.
ALTER TABLE accounts ADD COLUMN requests_a_minute INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN date_disabled BIGINT;
ALTER TABLE accounts ADD COLUMN date_deleted BIGINT;
