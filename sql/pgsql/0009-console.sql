-- What an administrator does in the browser. Modules that do not know it go on beside it.

-- Forms of the console that were sent: each does what it does once. spender: which operation did, for one whose answer got lost.
CREATE TABLE oauth_action (
    id       text PRIMARY KEY,
    spent_at bigint NOT NULL,
    spender  text NOT NULL
);
CREATE INDEX oauth_action_spent ON oauth_action (spent_at);

-- Of a one-time password: until when it is good, when it was set and by whom. In password_hash there stands 'one-time ' before it, so
-- that it signs in nobody at a module that takes what stands there for the user's own: what is set without that is his own.
ALTER TABLE oauth_user ADD COLUMN one_time_until bigint;
ALTER TABLE oauth_user ADD COLUMN one_time_at bigint;
ALTER TABLE oauth_user ADD COLUMN one_time_by text;
-- The last sign-in with a password, exact to an hour.
ALTER TABLE oauth_user ADD COLUMN used_at bigint;

-- The host that noted it last.
ALTER TABLE oauth_throttle ADD COLUMN host text NOT NULL DEFAULT '';

-- Pages by the beginning of names and by the last use (store/listing.c), byte by byte whatever the database's collation is. For the
-- clients of the administrator, too, let_in_at says from now on when a user last let one in.
CREATE INDEX oauth_client_admin_name ON oauth_client (lower(name) COLLATE "C", id COLLATE "C") WHERE source = 'admin';
CREATE INDEX oauth_client_admin_use ON oauth_client ((-COALESCE(let_in_at, seen_at, 0)), lower(name) COLLATE "C", id COLLATE "C")
    WHERE source = 'admin';
CREATE INDEX oauth_client_other_name ON oauth_client (lower(name) COLLATE "C", id COLLATE "C") WHERE source <> 'admin';
CREATE INDEX oauth_client_other_use ON oauth_client ((-COALESCE(let_in_at, seen_at, 0)), lower(name) COLLATE "C", id COLLATE "C")
    WHERE source <> 'admin';
CREATE INDEX oauth_user_by_name ON oauth_user (COALESCE(folded, name) COLLATE "C", name COLLATE "C");
CREATE INDEX oauth_user_by_use ON oauth_user ((-COALESCE(used_at, 0)), COALESCE(folded, name) COLLATE "C", name COLLATE "C");
CREATE INDEX oauth_service_key_by_name ON oauth_service_key (lower(name) COLLATE "C", name COLLATE "C");
CREATE INDEX oauth_service_key_by_use ON oauth_service_key ((-COALESCE(used_at, 0)), lower(name) COLLATE "C", name COLLATE "C");
