-- Searches compare texts without accents, apostrophes and hyphens of any kind alike:
-- the folded columns of contacts are addressbook.SearchText now. Migrate makes them anew
-- after this migration, some contacts a transaction, and the row here says how far it
-- is: the key of the last contact that was looked at. There is no row once all are done.
CREATE TABLE refolding (
	single     boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (single),
	account_id bigint  NOT NULL DEFAULT 0,
	sid        uuid    NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO refolding DEFAULT VALUES;
