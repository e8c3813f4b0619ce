/*
 * Service keys: which ones may be made, which one a name means, and when one should be replaced. Called by `gptoauth key`, by
 * doctor and by the console.
 */
#include "admin/keys.h"

#include <string.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/times.h"
#include "base/token.h"
#include "grant/key.h"

/* NULL, or what is wrong with the time. */
static const char *read_expiry(const char *text, apr_int64_t now, apr_int64_t *expires_at)
{
    apr_int64_t seconds;

    *expires_at = 0;
    if (!text) {
        return NULL;
    }
    if (times_day(text, &seconds)) {
        *expires_at = seconds + TIMES_DAY; /* the last day is a whole one */
    } else if (times_duration(text, &seconds) && strspn(text, "0123456789") != strlen(text)) {
        *expires_at = now + seconds;
    } else {
        return "a key ends after a time such as 90d or 1y, or with its last day, such as 2030-12-31";
    }
    return *expires_at <= now ? "a key cannot end in the past" : NULL;
}

store_status_t admin_key_add(store_t *store, const new_key_t *wanted, service_key_t **key, const char **text,
                             const char **problem)
{
    service_key_t *made = apr_pcalloc(store->pool, sizeof(*made));
    digest_t tag_key;
    store_status_t status;

    made->name = wanted->name;
    made->issuer = wanted->issuer ? wanted->issuer : "";
    made->scope = wanted->scope ? scope_normalise(store->pool, wanted->scope) : "";
    made->may_introspect = wanted->may_introspect;
    made->may_register = wanted->may_register;
    made->created_at = store->now;
    *problem = key_name_problem(made->name);
    if (!*problem && made->may_register && (wanted->scope || made->may_introspect)) {
        *problem = "a key that lets apps register does nothing else";
    }
    if (!*problem && !made->scope) {
        *problem = SCOPE_UNREADABLE;
    }
    if (!*problem) {
        *problem = read_expiry(wanted->expires, store->now, &made->expires_at);
    }
    if (*problem) {
        return STORE_REFUSED;
    }
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return STORE_DOWN;
    }
    *text = token_mint(store->pool, TOKEN_SERVICE_KEY, &tag_key);
    token_hash(*text, &made->hash);
    *key = made;
    status = store_key_add(store, made);
    if (status == STORE_REFUSED) {
        *problem = apr_psprintf(store->pool,
                                "there is already, or has been, a key \"%s\"; choose another name, so that the log says which "
                                "one was used",
                                made->name);
    }
    return status;
}

/* The one of this name that is to be revoked; NULL: *problem says why there is none. */
static service_key_t *choose(apr_pool_t *p, const char *name, const apr_array_header_t *keys, const char **problem)
{
    service_key_t *chosen = NULL;

    for (int i = 0; i < keys->nelts; i++) {
        service_key_t *found = APR_ARRAY_IDX(keys, i, service_key_t *);

        if (!found->revoked_at) {
            if (chosen) {
                *problem = apr_psprintf(p, "several issuers have a key \"%s\"", name);
                return NULL;
            }
            chosen = found;
        }
    }
    if (!chosen) {
        *problem = keys->nelts ? apr_psprintf(p, "the key \"%s\" has already been revoked", name)
                               : apr_psprintf(p, "there is no key \"%s\"", name);
    }
    return chosen;
}

store_status_t admin_key_revoke(store_t *store, const char *name, service_key_t **key, const char **problem)
{
    apr_array_header_t *keys;
    service_key_t *chosen;
    store_status_t status;

    if (store_key_find(store, name, &keys) != STORE_OK) {
        return STORE_DOWN;
    }
    if (!(chosen = choose(store->pool, name, keys, problem))) {
        return STORE_REFUSED;
    }
    status = store_key_revoke(store, chosen->name, chosen->issuer);
    if (status == STORE_REFUSED) {
        *problem = apr_psprintf(store->pool, "the key \"%s\" was revoked in the meantime", name);
    }
    if (status == STORE_OK) {
        chosen->revoked_at = store->now;
        *key = chosen;
    }
    return status;
}

int admin_key_ends_soon(const service_key_t *key, apr_int64_t now)
{
    apr_int64_t left = key->expires_at - now;

    return !key->revoked_at && key->expires_at && left <= KEY_ENDS_SOON && left <= (key->expires_at - key->created_at) / 2;
}
