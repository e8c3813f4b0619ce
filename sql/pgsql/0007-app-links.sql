-- What an app has on the web about itself, as RFC 7591 calls it. NULL: none. Modules that do not know it go on beside it.

ALTER TABLE oauth_client ADD COLUMN client_uri text;
ALTER TABLE oauth_client ADD COLUMN policy_uri text;
ALTER TABLE oauth_client ADD COLUMN tos_uri text;
