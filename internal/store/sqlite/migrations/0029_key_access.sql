-- What a key may do, and from where: the names of its scopes, and its networks, with blanks
-- between them. '' is no restriction.
ALTER TABLE api_keys ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN networks TEXT NOT NULL DEFAULT '';
