-- scope is from now on what the user gave, and this is what was asked, where that is more: a module from before, which takes scope
-- for both, must not find more than he gave. NULL: no more. What modules write that know given, and not this, counts as before.

ALTER TABLE oauth_consent ADD COLUMN asked TEXT;

UPDATE oauth_consent SET asked = scope, scope = given, given = NULL WHERE given <> scope;
