-- The rows of upload_errors that an upload has: their bytes, and how many rows
-- beyond them failed or are duplicates and have none.
ALTER TABLE uploads
	ADD COLUMN error_bytes    bigint NOT NULL DEFAULT 0,
	ADD COLUMN errors_omitted bigint NOT NULL DEFAULT 0;

UPDATE uploads SET error_bytes = e.bytes
	FROM (SELECT account_id, upload_sid, sum(octet_length(reason) + octet_length(record)) AS bytes
		FROM upload_errors GROUP BY account_id, upload_sid) AS e
	WHERE uploads.account_id = e.account_id AND uploads.sid = e.upload_sid;

-- For those that have been kept long enough.
CREATE INDEX uploads_ended ON uploads (date_updated) WHERE state <> 0;
