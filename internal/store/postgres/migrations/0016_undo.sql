-- What an upload added: upload is the first eight bytes of its sid, as a number. NULL
-- in what nobody uploaded, and in what is older than this column.
ALTER TABLE contacts ADD COLUMN upload bigint;
ALTER TABLE list_members ADD COLUMN upload bigint;

-- How far the undoing of an upload is: JSON, that of upload.Undo; '' for none. undoing
-- is true while there is more to do.
ALTER TABLE uploads
	ADD COLUMN undo    text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN undoing boolean NOT NULL DEFAULT false;
CREATE INDEX uploads_undoing ON uploads (account_id, sid) WHERE undoing;
