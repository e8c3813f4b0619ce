-- What of it the user gave, as he may leave out some scopes, and how long that is remembered. NULL, from before: all of it, for a year.
ALTER TABLE oauth_consent ADD COLUMN given TEXT;
ALTER TABLE oauth_consent ADD COLUMN ends_at INTEGER;
