-- The mark of the upload that added what is in the trash, as in contacts and
-- list_members.
ALTER TABLE trashed_contacts ADD COLUMN upload bigint;
ALTER TABLE trashed_members ADD COLUMN upload bigint;
