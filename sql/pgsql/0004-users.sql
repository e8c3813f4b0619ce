-- The name without what spelling may vary (grant/user.h), by which users are disabled. NULL: the name is that itself.
ALTER TABLE oauth_user ADD COLUMN folded text;
CREATE INDEX oauth_user_folded ON oauth_user (folded) WHERE folded IS NOT NULL;
