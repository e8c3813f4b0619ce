/*
 * Service keys: one secret for whoever calls, standing for a service and for no person.
 */
#ifndef GPT_OAUTH_GRANT_KEY_H
#define GPT_OAUTH_GRANT_KEY_H

#include "base/failure.h"
#include "grant/policy.h"
#include "store/store.h"

#define KEY_NAME_MAX 64

/* Names of the keys that GPTOAuthServiceKey reads from elsewhere than the database. */
#define KEY_NAME_ENV  "env"
#define KEY_NAME_FILE "file"

/* NULL when a key of the database may have this name; else a sentence. */
const char *key_name_problem(const char *name);

/*
 * Verifies a key of the database: the cache by its hash, else shape and tag, then one look-up, which notes the use; then expiry
 * and revocation. NULL and *key; or invalid_token, which tells the caller nothing of what is wrong with it, and the log
 * everything; or the database's failure.
 */
const failure_t *key_verify(store_t *store, const char *text, service_key_t **key);

/* 1 when the key was made for an endpoint alone: --register, or --introspect without --scope. */
int key_opens_nothing(const service_key_t *key);

/* NULL when the guard may let in who shows this key, or why not. */
const failure_t *key_check_access(apr_pool_t *p, const service_key_t *key);

/* What the guard lets in with a key of this name and scope ("" for all scopes of the server): service:NAME, of no client. */
access_t *key_access(apr_pool_t *p, const policy_t *policy, const char *name, const char *scope);

/* What a presented key that is none is answered. reason is for the log. */
const failure_t *key_refusal(apr_pool_t *p, const char *reason);

#endif
