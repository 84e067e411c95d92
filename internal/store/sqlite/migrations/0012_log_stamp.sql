-- One row, which changes with the log: see logcheck.go. Its shape on the page is
-- known there, so a change of this table needs a change of that file.
CREATE TABLE log_stamp (
	mark     BLOB NOT NULL, -- the same in every database; it tells the row's page in a log
	previous BLOB NOT NULL, -- the stamp before this one; zeros for the first
	current  BLOB NOT NULL  -- 16 random bytes, and the schema version in 4
) STRICT;

INSERT INTO log_stamp (mark, previous, current)
	SELECT x'63616c6c626f6f6b2773207374616d70', zeroblob(20), unhex(hex(randomblob(16)) || printf('%08x', schema_version))
		FROM pragma_schema_version;
