/*
 * What tests of the rules in grant/ begin with: a policy, a database and clients in it.
 */
#ifndef GPT_OAUTH_T_FIXTURE_H
#define GPT_OAUTH_T_FIXTURE_H

#include "grant/policy.h"
#include "store/store.h"

#define FIXTURE_ISSUER "https://auth.example"
#define FIXTURE_NOW    1800000000
#define FIXTURE_CB     "https://rp.example/cb"

/*
 * The scopes read (a default one), write (includes read) and admin (includes write), the resources https://h.example/api and
 * https://h.example/mcp, no metadata documents. Finished.
 */
policy_t *fixture_policy(apr_pool_t *p);

/* The same with these scopes, not finished. */
policy_t *fixture_policy_of(apr_pool_t *p, const scope_def_t *scopes, int count);

/*
 * A new SQLite database, which goes with p, as FIXTURE_ISSUER sees it. NULL where APR has no driver for SQLite; what a test says
 * of it is skipped then, and fixture_store has said so.
 */
store_t *fixture_store(apr_pool_t *p, const char *what);

/* A connection of its own, used by one thread, to a database that has its tables; goes with p. */
store_t *fixture_connection(apr_pool_t *p, const char *driver, const char *params);

/* The same database as another issuer sees it. */
store_t *fixture_store_at(const store_t *store, const char *issuer);

/* A confidential client of the administrator's, enabled, with FIXTURE_CB; not in the store. */
client_t *fixture_client(apr_pool_t *p, const char *id);

/* Gives it other redirect URIs, separated by spaces. */
void fixture_redirects(apr_pool_t *p, client_t *client, const char *uris);

/* Gives it a secret and returns that. */
const char *fixture_secret(store_t *store, client_t *client);

#endif
