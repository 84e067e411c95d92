-- How the file is read, and what was counted of its rows: JSON, those of
-- table.Plan and upload.Tally. '' in uploads that are older than both.
ALTER TABLE uploads ADD COLUMN plan  TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN tally TEXT NOT NULL DEFAULT '';
