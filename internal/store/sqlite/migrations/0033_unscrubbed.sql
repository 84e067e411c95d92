-- Erasures of persons whose remains may still be in free space of the file: by the sid of
-- the receipt.
CREATE TABLE unscrubbed (
	erasure BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
