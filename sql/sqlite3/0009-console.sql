-- What an administrator does in the browser. Modules that do not know it go on beside it.

-- Forms of the console that were sent: each does what it does once. spender: which operation did, for one whose answer got lost.
CREATE TABLE oauth_action (
    id       TEXT PRIMARY KEY NOT NULL,
    spent_at INTEGER NOT NULL,
    spender  TEXT NOT NULL
) STRICT;

CREATE INDEX oauth_action_spent ON oauth_action (spent_at);

-- Of a one-time password: until when it is good, when it was set and by whom. In password_hash there stands 'one-time ' before it, so
-- that it signs in nobody at a module that takes what stands there for the user's own: what is set without that is his own.
ALTER TABLE oauth_user ADD COLUMN one_time_until INTEGER;

ALTER TABLE oauth_user ADD COLUMN one_time_at INTEGER;

ALTER TABLE oauth_user ADD COLUMN one_time_by TEXT;

-- The last sign-in with a password, exact to an hour.
ALTER TABLE oauth_user ADD COLUMN used_at INTEGER;

-- The host that noted it last.
ALTER TABLE oauth_throttle ADD COLUMN host TEXT NOT NULL DEFAULT '';

-- Pages by the beginning of names and by the last use (store/listing.c). Columns, as SQLite finds where a page goes on by those alone.
-- For the clients of the administrator, too, let_in_at says from now on when a user last let one in.
ALTER TABLE oauth_client ADD COLUMN listed_name TEXT GENERATED ALWAYS AS (lower(name)) VIRTUAL;

ALTER TABLE oauth_client ADD COLUMN unused INTEGER GENERATED ALWAYS AS (-COALESCE(let_in_at, seen_at, 0)) VIRTUAL;

ALTER TABLE oauth_user ADD COLUMN listed_name TEXT GENERATED ALWAYS AS (COALESCE(folded, name)) VIRTUAL;

ALTER TABLE oauth_user ADD COLUMN unused INTEGER GENERATED ALWAYS AS (-COALESCE(used_at, 0)) VIRTUAL;

ALTER TABLE oauth_service_key ADD COLUMN listed_name TEXT GENERATED ALWAYS AS (lower(name)) VIRTUAL;

ALTER TABLE oauth_service_key ADD COLUMN unused INTEGER GENERATED ALWAYS AS (-COALESCE(used_at, 0)) VIRTUAL;

CREATE INDEX oauth_client_admin_name ON oauth_client (listed_name, id) WHERE source = 'admin';

CREATE INDEX oauth_client_admin_use ON oauth_client (unused, listed_name, id) WHERE source = 'admin';

CREATE INDEX oauth_client_other_name ON oauth_client (listed_name, id) WHERE source <> 'admin';

CREATE INDEX oauth_client_other_use ON oauth_client (unused, listed_name, id) WHERE source <> 'admin';

CREATE INDEX oauth_user_by_name ON oauth_user (listed_name, name);

CREATE INDEX oauth_user_by_use ON oauth_user (unused, listed_name, name);

CREATE INDEX oauth_service_key_by_name ON oauth_service_key (listed_name, name);

CREATE INDEX oauth_service_key_by_use ON oauth_service_key (unused, listed_name, name);
