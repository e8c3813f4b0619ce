-- A resource server may ask about tokens (introspection): about all, or about those that are good for one resource.
ALTER TABLE oauth_client ADD COLUMN is_resource_server INTEGER NOT NULL DEFAULT 0;
ALTER TABLE oauth_client ADD COLUMN resource TEXT NOT NULL DEFAULT '';

-- All tokens of a service account hang on one grant. Of two first requests at once the second finds it.
CREATE UNIQUE INDEX oauth_grant_service ON oauth_grant (issuer, client_id) WHERE username IS NULL AND revoked_at IS NULL;

-- Clients that register themselves, each at one issuer: another one may not let them. NULL: clients of all issuers.
ALTER TABLE oauth_client ADD COLUMN issuer TEXT;
-- The same metadata is the same client: its hash, of public clients only.
ALTER TABLE oauth_client ADD COLUMN metadata_hash BLOB CHECK (length(metadata_hash) = 32);
CREATE UNIQUE INDEX oauth_client_metadata ON oauth_client (issuer, metadata_hash);
-- When it last registered or was let in: who is unused for long is removed. NULL: made by the administrator, who removes it.
ALTER TABLE oauth_client ADD COLUMN seen_at INTEGER;
CREATE INDEX oauth_client_seen ON oauth_client (seen_at) WHERE seen_at IS NOT NULL;
-- A client that publishes a metadata document, whose URL is its id: when to fetch it anew. NULL: it was not fetched.
ALTER TABLE oauth_client ADD COLUMN fresh_until INTEGER;

-- A service key may be what lets clients register, where not all may.
ALTER TABLE oauth_service_key ADD COLUMN register INTEGER NOT NULL DEFAULT 0;
