/*
 * Judges service keys: their names when they are made, and the key itself when somebody shows it. Called by the guard, by
 * introspection and registration, and by the command.
 */
#include "grant/key.h"

#include <apr_strings.h>
#include <string.h>

#include "base/scope.h"
#include "cache/answers.h"
#include "grant/client.h"
#include "grant/user.h"
#include "grant/verify.h"

const char *key_name_problem(const char *name)
{
    apr_size_t size = strlen(name);

    if (size == 0 || size > KEY_NAME_MAX || name[0] == '-' ||
        name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._")]) {
        return "the name of a key is 1 to 64 letters, digits, dots, underscores and hyphens, such as chatgpt-2";
    }
    if (strcmp(name, KEY_NAME_ENV) == 0 || strcmp(name, KEY_NAME_FILE) == 0) {
        return "the names env and file are those of GPTOAuthServiceKey; choose another one";
    }
    return NULL;
}

const failure_t *key_refusal(apr_pool_t *p, const char *reason)
{
    return failure_make(p, OAUTH_INVALID_TOKEN,
                        "The key is wrong, or no longer valid. Ask the server's administrator for another.", "%s", reason);
}

static const failure_t *judge(const store_t *store, const service_key_t *key)
{
    if (key->revoked_at) {
        return key_refusal(store->pool, apr_psprintf(store->pool, "the service key %s is revoked", key->name));
    }
    if (key->expires_at && key->expires_at <= store->now) {
        return key_refusal(
            store->pool,
            apr_psprintf(store->pool, "the service key %s has expired; `gptoauth key add` makes another", key->name));
    }
    return NULL;
}

static const failure_t *unknown(apr_pool_t *p)
{
    return key_refusal(p, "the service key is not in the database, or belongs to another issuer");
}

/* A miss: only now do the tag and the database count. Notes the use, which is exact to TOUCH_INTERVAL. */
static const failure_t *ask(store_t *store, const char *text, const digest_t *hash, service_key_t **key)
{
    const failure_t *failure = verify_shape(store, text, TOKEN_SERVICE_KEY, "a service key", key_refusal);

    if (failure) {
        return failure;
    }
    switch (answer_ask_key(store, hash, key)) {
    case STORE_OK: break;
    case STORE_REFUSED: return unknown(store->pool);
    case STORE_DOWN:
    default: return store_failure(store);
    }
    failure = judge(store, *key);
    if (!failure && (*key)->used_at < store->now - TOUCH_INTERVAL) {
        /* A database that cannot be written to just now has vouched for the key all the same. */
        (void)store_key_touch(store, *key);
    }
    return failure;
}

const failure_t *key_verify(store_t *store, const char *text, service_key_t **key)
{
    const failure_t *failure;
    service_key_t *found;
    digest_t hash;

    *key = NULL;
    token_hash(text, &hash);
    switch (answer_key(store, &hash, &found)) {
    case ANSWER_FOUND: failure = judge(store, found); break;
    case ANSWER_UNKNOWN: return unknown(store->pool);
    case ANSWER_NONE:
    default: failure = ask(store, text, &hash, &found); break;
    }
    if (!failure) {
        *key = found;
    }
    return failure;
}

int key_opens_nothing(const service_key_t *key)
{
    return key->may_register || (key->may_introspect && !*key->scope);
}

const failure_t *key_check_access(apr_pool_t *p, const service_key_t *key)
{
    if (!key_opens_nothing(key)) {
        return NULL;
    }
    if (key->may_register) {
        return key_refusal(p, apr_psprintf(p, "the service key %s is for registration only", key->name));
    }
    return failure_make(p, OAUTH_ACCESS_DENIED, "This service key may introspect tokens, but opens nothing.",
                        "the service key %s was made with --introspect and without --scope, so it opens nothing; `gptoauth key "
                        "add NAME --introspect --scope \"...\"` makes one that does both",
                        key->name);
}

access_t *key_access(apr_pool_t *p, const policy_t *policy, const char *name, const char *scope)
{
    access_t *access = apr_pcalloc(p, sizeof(*access));

    access->username = apr_pstrcat(p, PRINCIPAL_SERVICE_KEY, name, NULL);
    access->scope = *scope ? scope : scope_without(p, policy->known_scopes, SCOPE_OFFLINE);
    access->resource = "";
    return access;
}
