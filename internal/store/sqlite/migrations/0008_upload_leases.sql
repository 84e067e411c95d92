-- Which server works an upload, and until when nobody else may.
ALTER TABLE uploads ADD COLUMN lease_server TEXT    NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN lease_until  INTEGER NOT NULL DEFAULT 0;
