-- Goes up with whatever ends or restores the validity of tokens and service keys, whoever changes it: servers look here for it.
-- Rotations, and what is long dead as it is deleted, leave it as it is.
CREATE TABLE oauth_revocation (
    count INTEGER NOT NULL
) STRICT;

INSERT INTO oauth_revocation (count) VALUES (0);

CREATE TRIGGER oauth_token_update AFTER UPDATE ON oauth_access_token
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

-- What has been dead for so long that no server believes in it is left out; the clocks of servers may differ by half an hour.
CREATE TRIGGER oauth_token_delete AFTER DELETE ON oauth_access_token
WHEN OLD.expires_at > CAST(strftime('%s', 'now') AS INTEGER) - 1800
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_grant_update AFTER UPDATE OF id, issuer, client_id, username, revoked_at ON oauth_grant
WHEN (OLD.id, OLD.issuer, OLD.client_id, OLD.username, OLD.revoked_at) IS NOT (NEW.id, NEW.issuer, NEW.client_id, NEW.username, NEW.revoked_at)
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_grant_delete AFTER DELETE ON oauth_grant
WHEN OLD.revoked_at IS NULL AND min(OLD.expires_at, OLD.ends_at) > CAST(strftime('%s', 'now') AS INTEGER) - 1800
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_client_update AFTER UPDATE OF id, disabled_at ON oauth_client
WHEN (OLD.id, OLD.disabled_at) IS NOT (NEW.id, NEW.disabled_at)
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

-- Registered clients that nobody uses are deleted by and by.
CREATE TRIGGER oauth_client_delete AFTER DELETE ON oauth_client
WHEN OLD.seen_at IS NULL OR EXISTS (SELECT 1 FROM oauth_grant WHERE client_id = OLD.id AND revoked_at IS NULL)
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_user_insert AFTER INSERT ON oauth_user
WHEN NEW.disabled_at IS NOT NULL
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_user_update AFTER UPDATE OF name, disabled_at ON oauth_user
WHEN (OLD.name, OLD.disabled_at) IS NOT (NEW.name, NEW.disabled_at)
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_user_delete AFTER DELETE ON oauth_user
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_key_update AFTER UPDATE OF key_hash, name, issuer, scope, introspect, register, expires_at, revoked_at ON oauth_service_key
BEGIN UPDATE oauth_revocation SET count = count + 1; END;

CREATE TRIGGER oauth_key_delete AFTER DELETE ON oauth_service_key
BEGIN UPDATE oauth_revocation SET count = count + 1; END;
