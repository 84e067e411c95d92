-- The copy of another database into this one, and how far it is: one row at most.
-- Both texts are internal/transfer's.
CREATE TABLE copies (
	source text COLLATE "C" NOT NULL,
	at     text COLLATE "C" NOT NULL,
	single boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (single)
);
