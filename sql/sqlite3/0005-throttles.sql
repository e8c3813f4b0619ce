-- Throttles in force, for `gptoauth throttle`: written by a server when one begins to refuse, read by it when it was lifted.
CREATE TABLE oauth_throttle (
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,                     -- of the user, or the address; see kind
    address    TEXT NOT NULL,
    issuer     TEXT NOT NULL,
    until_at   INTEGER NOT NULL,
    cleared_at INTEGER,
    PRIMARY KEY (kind, name, address, issuer)
);
