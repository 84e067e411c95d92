-- Recordings that flows play by their names: a WAV file of 16 bits, mono, 8,000 samples a
-- second.
CREATE TABLE prompts (
	account_id   bigint NOT NULL REFERENCES accounts (id),
	name         text   COLLATE "C" NOT NULL,
	title        text   COLLATE "C" NOT NULL,
	sha256       bytea  NOT NULL, -- of the file
	date_created bigint NOT NULL, -- dates are Unix nanoseconds
	date_updated bigint NOT NULL,
	file         bytea  NOT NULL,
	PRIMARY KEY (account_id, name)
);
ALTER TABLE prompts ALTER COLUMN file SET STORAGE EXTERNAL; -- sound cannot be compressed
