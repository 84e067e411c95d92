-- What an upload added: upload is the first eight bytes of its sid, as a number. NULL
-- in what nobody uploaded, and in what is older than this column.
ALTER TABLE contacts ADD COLUMN upload INTEGER;
ALTER TABLE list_members ADD COLUMN upload INTEGER;

-- How far the undoing of an upload is: JSON, that of upload.Undo; '' for none. undoing
-- is 1 while there is more to do.
ALTER TABLE uploads ADD COLUMN undo    TEXT    NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN undoing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX uploads_undoing ON uploads (id) WHERE undoing = 1;
