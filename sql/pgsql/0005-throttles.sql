-- Throttles of sign-ins that have begun to refuse, for `gptoauth throttle`: a server counts by itself, writes here when it begins to
-- refuse, and looks here whether the administrator has lifted it.
CREATE TABLE oauth_throttle (
    issuer     text NOT NULL,
    kind       text NOT NULL,                     -- user, address, or user+address
    name       text NOT NULL,                     -- of the user, folded; '' where it is about an address alone
    address    text NOT NULL,                     -- or network; '' where it is about a user alone
    began_at   bigint NOT NULL,
    until_at   bigint NOT NULL,
    lifted_at  bigint,
    PRIMARY KEY (issuer, kind, name, address)
);

-- Browsers in which a user has signed in before. It proves nothing but that: such a browser is not counted with strangers.
CREATE TABLE oauth_browser (
    browser_hash bytea PRIMARY KEY CHECK (octet_length(browser_hash) = 32),
    issuer       text NOT NULL,
    username     text NOT NULL,                   -- folded
    expires_at   bigint NOT NULL
);

CREATE INDEX oauth_browser_username ON oauth_browser (username);
CREATE INDEX oauth_browser_expires ON oauth_browser (expires_at);
