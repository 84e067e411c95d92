-- NULL is a key that does not expire.
ALTER TABLE api_keys ADD COLUMN date_expires INTEGER;
