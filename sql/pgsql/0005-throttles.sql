-- Throttles in force, for `gptoauth throttle`: written by a server when one begins to refuse, read by it when it was lifted.
CREATE TABLE oauth_throttle (
    kind       text NOT NULL,
    name       text NOT NULL,                     -- of the user, or the address; see kind
    address    text NOT NULL,
    issuer     text NOT NULL,
    until_at   bigint NOT NULL,
    cleared_at bigint,
    PRIMARY KEY (kind, name, address, issuer)
);
