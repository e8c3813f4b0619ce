/*
 * The guard's question: whose token is this, and is it good here and now?
 */
#ifndef GPT_OAUTH_GRANT_VERIFY_H
#define GPT_OAUTH_GRANT_VERIFY_H

#include "base/failure.h"
#include "base/token.h"
#include "store/store.h"

/* How a kind of credential is refused; reason is for the log. */
typedef const failure_t *refusal_fn(apr_pool_t *p, const char *reason);

/*
 * Shape and tag of a credential, whose kind is called name. NULL when the database is worth asking; or what refuse makes of a
 * reason that tells what was sent in its place; or the database's failure.
 */
const failure_t *verify_shape(store_t *store, const char *text, token_kind_t kind, const char *name, refusal_fn *refuse);

/*
 * Verifies an access token: the cache by its hash, else shape and tag, then one look-up, which notes the use; then expiry,
 * revocation, client and user. NULL and *access, or invalid_token, or the database's failure. Says nothing about the resource: a
 * request may pass several Locations.
 */
const failure_t *verify_access_token(store_t *store, const char *token, access_t **access);

/*
 * Is the token good for this resource (normalised; NULL when the Location has none)? An unbound token is, unless require. No
 * prefixes: a token for /api is none for /api/admin.
 */
const failure_t *verify_audience(apr_pool_t *p, const access_t *access, const char *resource, int require);

/* r->user of this token: the user's name, or client:<id> for a service account. */
const char *access_principal(apr_pool_t *p, const access_t *access);

#endif
