-- Times are seconds since 1970 UTC, set by the module. Every secret is here as SHA-256 only, passwords as bcrypt.

CREATE TABLE oauth_setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- The least schema number that a module must know to work with this schema.
INSERT INTO oauth_setting (name, value) VALUES ('schema_oldest', '1');

CREATE TABLE oauth_client (
    id               TEXT PRIMARY KEY NOT NULL,
    name             TEXT NOT NULL,
    is_public        INTEGER NOT NULL,
    is_gpt           INTEGER NOT NULL,
    auth_method      TEXT,                        -- the only one accepted; NULL: Basic and body alike
    secret_hash      BLOB CHECK (length(secret_hash) = 32),
    old_secret_hash  BLOB CHECK (length(old_secret_hash) = 32),
    old_secret_until INTEGER,
    redirect_uris    TEXT NOT NULL,               -- one a line
    scope            TEXT NOT NULL,
    grant_types      TEXT NOT NULL,
    gpt_id           TEXT,                        -- the GPT whose callback alone is accepted; NULL: not pinned yet
    gpt_open         INTEGER NOT NULL DEFAULT 0, -- the next exchange may pin another one
    source           TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    disabled_at      INTEGER
) STRICT;

-- People type the names of the clients they made.
CREATE UNIQUE INDEX oauth_client_name ON oauth_client (name) WHERE source = 'admin';

CREATE TABLE oauth_user (
    name          TEXT PRIMARY KEY NOT NULL,
    password_hash TEXT,                           -- NULL: of another sign-in, known only because disabled
    created_at    INTEGER NOT NULL,
    disabled_at   INTEGER
) STRICT;

CREATE TABLE oauth_session (
    session_hash BLOB PRIMARY KEY NOT NULL CHECK (length(session_hash) = 32),
    issuer       TEXT NOT NULL,
    username     TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;

-- One authorization by one user of one client, and the whole chain of its refresh tokens. A rotation changes nothing that
-- is indexed.
CREATE TABLE oauth_grant (
    id                 TEXT PRIMARY KEY NOT NULL,
    issuer             TEXT NOT NULL,
    client_id          TEXT NOT NULL,
    username           TEXT,                      -- NULL: a service account
    scope              TEXT NOT NULL,
    resource           TEXT NOT NULL,
    created_at         INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,           -- however often it is refreshed
    ends_at            INTEGER NOT NULL,           -- of what was handed out last: dead after it
    revoked_at         INTEGER,
    used_at            INTEGER,                    -- exact to an hour
    selector_hash      BLOB UNIQUE CHECK (length(selector_hash) = 32),
    generation         INTEGER NOT NULL DEFAULT 0,
    secret_hash        BLOB CHECK (length(secret_hash) = 32),
    previous_hash      BLOB CHECK (length(previous_hash) = 32),
    salt               BLOB CHECK (length(salt) = 32),
    refresh_expires_at INTEGER,
    rotated_at         INTEGER
) STRICT;

CREATE INDEX oauth_grant_username ON oauth_grant (username);
CREATE INDEX oauth_grant_client ON oauth_grant (client_id);

CREATE TABLE oauth_code (
    code_hash      BLOB PRIMARY KEY NOT NULL CHECK (length(code_hash) = 32),
    issuer         TEXT NOT NULL,
    transaction_id TEXT NOT NULL UNIQUE,          -- of the form: one press, one code
    grant_id       TEXT NOT NULL,
    client_id      TEXT NOT NULL,
    username       TEXT NOT NULL,
    scope          TEXT NOT NULL,
    resource       TEXT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    redirect_given INTEGER NOT NULL,
    challenge      TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    spent_at       INTEGER
) STRICT;

CREATE TABLE oauth_access_token (
    token_hash BLOB PRIMARY KEY NOT NULL CHECK (length(token_hash) = 32),
    issuer     TEXT NOT NULL,
    grant_id   TEXT NOT NULL,
    scope      TEXT NOT NULL,
    resource   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_access_token_expires ON oauth_access_token (expires_at);

-- What may be skipped next time. The key is the hash of issuer, username, client_id, redirect_uri, scope and resource.
CREATE TABLE oauth_consent (
    consent_hash BLOB PRIMARY KEY NOT NULL CHECK (length(consent_hash) = 32),
    issuer       TEXT NOT NULL,
    username     TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scope        TEXT NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_consent_username ON oauth_consent (username, client_id);

CREATE TABLE oauth_service_key (
    key_hash   BLOB PRIMARY KEY NOT NULL CHECK (length(key_hash) = 32),
    name       TEXT NOT NULL,
    issuer     TEXT NOT NULL,
    scope      TEXT NOT NULL,
    introspect INTEGER NOT NULL,                 -- may ask about tokens
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at    INTEGER
) STRICT;

CREATE UNIQUE INDEX oauth_service_key_name ON oauth_service_key (issuer, name);
