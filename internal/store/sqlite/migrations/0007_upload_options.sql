ALTER TABLE uploads ADD COLUMN on_duplicate INTEGER NOT NULL DEFAULT 0; -- 0 reject, 1 skip, 2 update
ALTER TABLE uploads ADD COLUMN dry_run      INTEGER NOT NULL DEFAULT 0;
-- Of a dry run: the list was not there when the file came, and is not made.
ALTER TABLE uploads ADD COLUMN new_list     INTEGER NOT NULL DEFAULT 0;
-- Of success: the rows whose contact was new to the address book.
ALTER TABLE uploads ADD COLUMN new_contacts INTEGER NOT NULL DEFAULT 0;
