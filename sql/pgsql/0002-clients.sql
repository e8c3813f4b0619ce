-- A resource server may ask about tokens (introspection).
ALTER TABLE oauth_client ADD COLUMN is_resource_server smallint NOT NULL DEFAULT 0;
