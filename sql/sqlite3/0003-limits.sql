-- How often the refresh token used last has been presented again since it was rotated: each time gives an access token, up to a limit.
ALTER TABLE oauth_grant ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;

-- When a user last let it in. NULL: nobody has, or the administrator made it. Of those that nobody has let in only so many stay.
ALTER TABLE oauth_client ADD COLUMN let_in_at INTEGER;
UPDATE oauth_client SET let_in_at = seen_at
    WHERE seen_at IS NOT NULL AND EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = oauth_client.id);
CREATE INDEX oauth_client_unused ON oauth_client (source, issuer, seen_at)
    WHERE seen_at IS NOT NULL AND let_in_at IS NULL AND disabled_at IS NULL;
