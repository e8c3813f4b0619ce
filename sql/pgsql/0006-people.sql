-- What users see of themselves, and may end: apps, consents, sessions. Modules that do not know it go on beside it.

-- By which a user names one of his sessions, which has nothing to do with the cookie. A module that does not know it has one made.
ALTER TABLE oauth_session ADD COLUMN public_id text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '');
-- When it was seen last, exact to an hour, where that is not the first; and the family of the browser, as far as it is known.
ALTER TABLE oauth_session ADD COLUMN seen_at bigint;
ALTER TABLE oauth_session ADD COLUMN browser text NOT NULL DEFAULT '';
CREATE INDEX oauth_session_user ON oauth_session (username, issuer, created_at, public_id);

-- Where the grant's code went. NULL: a service account, or from before.
ALTER TABLE oauth_grant ADD COLUMN redirect_uri text;
CREATE INDEX oauth_grant_app ON oauth_grant (username, issuer, client_id) WHERE revoked_at IS NULL;

-- What the user gave of what was asked (scope), and until when that is remembered. NULL: all of it, for a year.
ALTER TABLE oauth_consent ADD COLUMN given text;
ALTER TABLE oauth_consent ADD COLUMN ends_at bigint;
CREATE INDEX oauth_consent_ended ON oauth_consent (COALESCE(ends_at, created_at + 31536000));

-- At the end, since it keeps readers waiting. What stands in place of it is above.
DROP INDEX oauth_session_username;
