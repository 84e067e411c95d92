-- A part of a tag is found in any case: tag_folded is the addressbook.SearchText of the
-- tag, or null where that is lower(tag). Migrate makes it, as the other folded columns.
ALTER TABLE contacts ADD COLUMN tag_folded text COLLATE "C";
INSERT INTO refolding DEFAULT VALUES
	ON CONFLICT (single) DO UPDATE SET account_id = 0, sid = '00000000-0000-0000-0000-000000000000';
