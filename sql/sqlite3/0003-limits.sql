-- How often the refresh token used last has been presented again since it was rotated: each time gives an access token, up to a limit.
ALTER TABLE oauth_grant ADD COLUMN repeats INTEGER NOT NULL DEFAULT 0;

-- When a user last let it in. NULL: nobody has, or the administrator made it. Of those that nobody has let in only so many stay.
ALTER TABLE oauth_client ADD COLUMN let_in_at INTEGER;
UPDATE oauth_client SET let_in_at = seen_at
    WHERE seen_at IS NOT NULL AND EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = oauth_client.id);
CREATE INDEX oauth_client_unused ON oauth_client (source, issuer, seen_at)
    WHERE seen_at IS NOT NULL AND let_in_at IS NULL AND disabled_at IS NULL;

-- native or web, for those that registered with either (OpenID Connect Dynamic Client Registration 1.0, section 2).
ALTER TABLE oauth_client ADD COLUMN application_type TEXT;

-- The name without what spelling may vary (base/fold.h), by which users are disabled. NULL: the name is that itself.
ALTER TABLE oauth_user ADD COLUMN folded TEXT;
CREATE INDEX oauth_user_folded ON oauth_user (folded) WHERE folded IS NOT NULL;

-- Throttles of sign-ins that have begun to refuse, for `gptoauth throttle`: a server counts by itself, writes here when it begins to
-- refuse, and looks here whether the administrator has lifted it.
CREATE TABLE oauth_throttle (
    issuer     TEXT NOT NULL,
    kind       TEXT NOT NULL,                     -- user, address, or user+address
    name       TEXT NOT NULL,                     -- of the user, folded; '' where it is about an address alone
    address    TEXT NOT NULL,                     -- or network; '' where it is about a user alone
    began_at   INTEGER NOT NULL,
    until_at   INTEGER NOT NULL,
    lifted_at  INTEGER,
    PRIMARY KEY (issuer, kind, name, address)
);

-- Browsers in which a user has signed in before. It proves nothing but that: such a browser is not counted with strangers.
CREATE TABLE oauth_browser (
    browser_hash BLOB PRIMARY KEY CHECK (length(browser_hash) = 32),
    issuer       TEXT NOT NULL,
    username     TEXT NOT NULL,                   -- folded
    expires_at   INTEGER NOT NULL
);

CREATE INDEX oauth_browser_username ON oauth_browser (username);
CREATE INDEX oauth_browser_expires ON oauth_browser (expires_at);
