-- 1 for an upload whose numbers become suppressions, and not contacts in a list.
ALTER TABLE uploads ADD COLUMN suppresses INTEGER NOT NULL DEFAULT 0;
