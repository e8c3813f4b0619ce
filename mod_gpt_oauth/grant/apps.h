/*
 * What a user may look after himself: his apps and consents, his sessions, his password. Nothing of it is ever another user's:
 * an id that is not his is no id at all.
 */
#ifndef GPT_OAUTH_GRANT_APPS_H
#define GPT_OAUTH_GRANT_APPS_H

#include "base/failure.h"
#include "store/store.h"

/*
 * Takes back all that this user let this client do here: when it returns, tokens and codes are dead and consents forgotten. NULL;
 * *is_known 0: there was nothing. Or the database's failure.
 */
const failure_t *app_take_away(store_t *store, const char *username, const char *client_id, int *is_known);

/* Ends one of the user's sessions. NULL; *is_known 0: he has none of that id. Or the database's failure. */
const failure_t *session_sign_out(store_t *store, const char *username, const char *public_id, int *is_known);

/* Ends all of them at this issuer, but for one (NULL: for none). Or the database's failure. */
const failure_t *session_sign_out_all(store_t *store, const char *username, const char *but);

/*
 * Gives the user another password, by its hash, after old_hash was found to be that of what he typed: all his sessions end, and
 * with ends_apps all that he let in, *revoked grants, at all issuers. Failure: the account has changed meanwhile, or the
 * database's.
 */
const failure_t *user_change_password(store_t *store, const char *username, const char *old_hash, const char *hash, int ends_apps,
                                      apr_int64_t *revoked);

#endif
