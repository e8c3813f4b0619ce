-- What users see of themselves, and may end: apps, consents, sessions. Modules that do not know it go on beside it.

-- By which a user names one of his sessions, which has nothing to do with the cookie. A module that does not know it has one made.
ALTER TABLE oauth_session ADD COLUMN public_id TEXT NOT NULL DEFAULT '';

UPDATE oauth_session SET public_id = lower(hex(randomblob(16)));

CREATE TRIGGER oauth_session_named AFTER INSERT ON oauth_session WHEN NEW.public_id = ''
BEGIN UPDATE oauth_session SET public_id = lower(hex(randomblob(16))) WHERE session_hash = NEW.session_hash; END;

-- When it was seen last, exact to an hour, where that is not the first; and the family of the browser, as far as it is known.
ALTER TABLE oauth_session ADD COLUMN seen_at INTEGER;

ALTER TABLE oauth_session ADD COLUMN browser TEXT NOT NULL DEFAULT '';

CREATE INDEX oauth_session_user ON oauth_session (username, issuer, created_at, public_id);

-- Where the grant's code went. NULL: a service account, or from before.
ALTER TABLE oauth_grant ADD COLUMN redirect_uri TEXT;

CREATE INDEX oauth_grant_app ON oauth_grant (username, issuer, client_id) WHERE revoked_at IS NULL;

-- What the user gave of what was asked (scope), and until when that is remembered. NULL: all of it, for a year.
ALTER TABLE oauth_consent ADD COLUMN given TEXT;

ALTER TABLE oauth_consent ADD COLUMN ends_at INTEGER;

CREATE INDEX oauth_consent_ended ON oauth_consent (COALESCE(ends_at, created_at + 31536000));

DROP INDEX oauth_session_username;
