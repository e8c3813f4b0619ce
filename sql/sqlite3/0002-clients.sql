-- A resource server may ask about tokens (introspection): about all, or about those that are good for one resource.
ALTER TABLE oauth_client ADD COLUMN is_resource_server INTEGER NOT NULL DEFAULT 0;
ALTER TABLE oauth_client ADD COLUMN resource TEXT NOT NULL DEFAULT '';

-- All tokens of a service account hang on one grant. Of two first requests at once the second finds it.
CREATE UNIQUE INDEX oauth_grant_service ON oauth_grant (issuer, client_id) WHERE username IS NULL AND revoked_at IS NULL;
