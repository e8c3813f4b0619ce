-- How often the refresh token used last has been presented again since it was rotated: each time gives an access token, up to a limit.
ALTER TABLE oauth_grant ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;
