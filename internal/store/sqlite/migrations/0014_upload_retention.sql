-- The rows of upload_errors that an upload has: their bytes, and how many rows
-- beyond them failed or are duplicates and have none.
ALTER TABLE uploads ADD COLUMN error_bytes    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN errors_omitted INTEGER NOT NULL DEFAULT 0;

UPDATE uploads SET error_bytes = (
	SELECT coalesce(sum(octet_length(reason) + octet_length(record)), 0) FROM upload_errors WHERE upload_id = uploads.id);

-- For those that have been kept long enough.
CREATE INDEX uploads_ended ON uploads (date_updated) WHERE state <> 0;
