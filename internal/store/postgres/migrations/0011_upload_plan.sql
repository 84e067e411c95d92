-- How the file is read, and what was counted of its rows: JSON, those of
-- table.Plan and upload.Tally. '' in uploads that are older than both.
ALTER TABLE uploads
	ADD COLUMN plan  text COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN tally text COLLATE "C" NOT NULL DEFAULT '';
