-- Times are seconds since 1970 UTC, set by the module. Every secret is here as SHA-256 only, passwords as bcrypt.

CREATE TABLE oauth_setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- The least schema number that a module must know to work with this schema.
INSERT INTO oauth_setting (name, value) VALUES ('schema_oldest', '1');

CREATE TABLE oauth_client (
    id               text PRIMARY KEY,
    name             text NOT NULL,
    is_public        smallint NOT NULL,
    is_gpt           smallint NOT NULL,
    auth_method      text,                        -- the only one accepted; NULL: Basic and body alike
    secret_hash      bytea CHECK (octet_length(secret_hash) = 32),
    old_secret_hash  bytea CHECK (octet_length(old_secret_hash) = 32),
    old_secret_until bigint,
    redirect_uris    text NOT NULL,               -- one a line
    scope            text NOT NULL,
    grant_types      text NOT NULL,
    gpt_id           text,                        -- the GPT whose callback alone is accepted; NULL: not pinned yet
    gpt_open         smallint NOT NULL DEFAULT 0, -- the next exchange may pin another one
    source           text NOT NULL,
    created_at       bigint NOT NULL,
    disabled_at      bigint
);

-- People type the names of the clients they made.
CREATE UNIQUE INDEX oauth_client_name ON oauth_client (name) WHERE source = 'admin';

CREATE TABLE oauth_user (
    name          text PRIMARY KEY,
    password_hash text,                           -- NULL: of another sign-in, known only because disabled
    created_at    bigint NOT NULL,
    disabled_at   bigint
);

CREATE TABLE oauth_session (
    session_hash bytea PRIMARY KEY CHECK (octet_length(session_hash) = 32),
    issuer       text NOT NULL,
    username     text NOT NULL,
    created_at   bigint NOT NULL,
    expires_at   bigint NOT NULL
);

-- One authorization by one user of one client, and the whole chain of its refresh tokens. A rotation changes nothing that
-- is indexed, and finds room on the page: it is a HOT update.
CREATE TABLE oauth_grant (
    id                 text PRIMARY KEY,
    issuer             text NOT NULL,
    client_id          text NOT NULL,
    username           text,                      -- NULL: a service account
    scope              text NOT NULL,
    resource           text NOT NULL,
    created_at         bigint NOT NULL,
    expires_at         bigint NOT NULL,           -- however often it is refreshed
    ends_at            bigint NOT NULL,           -- of what was handed out last: dead after it
    revoked_at         bigint,
    used_at            bigint,                    -- exact to an hour
    selector_hash      bytea UNIQUE CHECK (octet_length(selector_hash) = 32),
    generation         bigint NOT NULL DEFAULT 0,
    secret_hash        bytea CHECK (octet_length(secret_hash) = 32),
    previous_hash      bytea CHECK (octet_length(previous_hash) = 32),
    salt               bytea CHECK (octet_length(salt) = 32),
    refresh_expires_at bigint,
    rotated_at         bigint
) WITH (fillfactor = 70);

CREATE INDEX oauth_grant_username ON oauth_grant (username);
CREATE INDEX oauth_grant_client ON oauth_grant (client_id);

CREATE TABLE oauth_code (
    code_hash      bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    issuer         text NOT NULL,
    transaction_id text NOT NULL UNIQUE,          -- of the form: one press, one code
    grant_id       text NOT NULL,
    client_id      text NOT NULL,
    username       text NOT NULL,
    scope          text NOT NULL,
    resource       text NOT NULL,
    redirect_uri   text NOT NULL,
    redirect_given smallint NOT NULL,
    challenge      text NOT NULL,
    created_at     bigint NOT NULL,
    expires_at     bigint NOT NULL,
    spent_at       bigint
);

-- Append-only, in the order of time, which is all a BRIN index needs.
CREATE TABLE oauth_access_token (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    issuer     text NOT NULL,
    grant_id   text NOT NULL,
    scope      text NOT NULL,
    resource   text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX oauth_access_token_expires ON oauth_access_token USING brin (expires_at);

-- What may be skipped next time. The key is the hash of issuer, username, client_id, redirect_uri, scope and resource,
-- which can be too long for an index.
CREATE TABLE oauth_consent (
    consent_hash bytea PRIMARY KEY CHECK (octet_length(consent_hash) = 32),
    issuer       text NOT NULL,
    username     text NOT NULL,
    client_id    text NOT NULL,
    redirect_uri text NOT NULL,
    scope        text NOT NULL,
    created_at   bigint NOT NULL
);

CREATE INDEX oauth_consent_username ON oauth_consent (username, client_id);

CREATE TABLE oauth_service_key (
    key_hash   bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
    name       text NOT NULL,
    issuer     text NOT NULL,
    scope      text NOT NULL,
    introspect smallint NOT NULL,                 -- may ask about tokens
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    used_at    bigint
);

CREATE UNIQUE INDEX oauth_service_key_name ON oauth_service_key (issuer, name);
