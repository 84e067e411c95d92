-- Recordings that flows play by their names: a WAV file of 16 bits, mono, 8,000 samples a
-- second. It is the last column, so that pages of prompts do not read it.
CREATE TABLE prompts (
	account_id   INTEGER NOT NULL REFERENCES accounts (id),
	name         TEXT    NOT NULL,
	title        TEXT    NOT NULL,
	sha256       BLOB    NOT NULL, -- of the file
	date_created INTEGER NOT NULL, -- dates are Unix nanoseconds
	date_updated INTEGER NOT NULL,
	file         BLOB    NOT NULL,
	PRIMARY KEY (account_id, name)
) STRICT;
