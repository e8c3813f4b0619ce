-- A resource server may ask about tokens (introspection).
ALTER TABLE oauth_client ADD COLUMN is_resource_server INTEGER NOT NULL DEFAULT 0;
