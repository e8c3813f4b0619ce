-- Indexes by which rows are found that are to be deleted, revoked or listed, however many there are. None holds what a rotation
-- changes.

CREATE INDEX oauth_code_expires ON oauth_code (expires_at);

CREATE INDEX oauth_session_expires ON oauth_session (expires_at);

CREATE INDEX oauth_session_username ON oauth_session (username);

CREATE INDEX oauth_consent_client ON oauth_consent (client_id);

-- Grants of a client in pieces, and all of them from the newest or the oldest on.
CREATE INDEX oauth_grant_client_created ON oauth_grant (client_id, created_at);

CREATE INDEX oauth_grant_created ON oauth_grant (created_at);

-- In the order in which they are listed.
CREATE INDEX oauth_client_listed ON oauth_client (source, name);

CREATE UNIQUE INDEX oauth_service_key_named ON oauth_service_key (name, issuer);

-- Consents to clients that were removed because nobody used them.
DELETE FROM oauth_consent WHERE client_id NOT IN (SELECT id FROM oauth_client);

-- Few are disabled: whether a user is costs each look-up of a token next to nothing.
CREATE INDEX oauth_user_disabled ON oauth_user (name) WHERE disabled_at IS NOT NULL;

-- At the end, since it keeps readers waiting. What stands in place of these is above.
DROP INDEX oauth_grant_client;

DROP INDEX oauth_service_key_name;
