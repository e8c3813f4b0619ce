/*
 * The rules for service keys. Called by cli/key_cmd.c, the console and doctor.
 */
#include "admin/keys.h"

#include <string.h>

#include <apr_strings.h>

#include "base/scope.h"
#include "base/times.h"
#include "base/token.h"
#include "grant/key.h"

/* NULL, or what is wrong with the time at which the key is to end. */
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
        return "the key's end is a time such as 90d or 1y, or the last day, such as 2030-12-31";
    }
    return *expires_at <= now ? "the key's end is in the past" : NULL;
}

static const char *new_problem(const new_key_t *wanted, apr_int64_t now, service_key_t *key)
{
    const char *problem = key_name_problem(key->name);

    if (!problem && key->may_register && (wanted->scope || key->may_introspect)) {
        problem = "a key that may register apps does nothing else: it has no scope, and asks about no tokens";
    }
    if (!problem && !key->scope) {
        problem = SCOPE_UNREADABLE;
    }
    return problem ? problem : read_expiry(wanted->expires, now, &key->expires_at);
}

store_status_t admin_key_add(store_t *store, const new_key_t *wanted, service_key_t **key, const char **text,
                             const char **problem)
{
    service_key_t *made = apr_pcalloc(store->pool, sizeof(*made));
    store_status_t status;
    digest_t tag_key;

    *made = (service_key_t){
        .name = wanted->name,
        .issuer = wanted->issuer ? wanted->issuer : "",
        .scope = wanted->scope ? scope_normalise(store->pool, wanted->scope) : "",
        .may_introspect = wanted->may_introspect,
        .may_register = wanted->may_register,
        .created_at = store->now,
    };
    *key = made;
    if ((*problem = new_problem(wanted, store->now, made))) {
        return STORE_REFUSED;
    }
    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return STORE_DOWN;
    }
    *text = token_mint(store->pool, TOKEN_SERVICE_KEY, &tag_key);
    token_hash(*text, &made->hash);
    status = store_key_add(store, made);
    if (status == STORE_REFUSED) {
        *problem =
            apr_psprintf(store->pool,
                         "there is already, or has been, a key \"%s\"; choose another name, so that the log says which one was "
                         "used",
                         made->name);
    }
    return status;
}

/* The one of that name that lives. */
static const char *find(store_t *store, const char *name, const apr_array_header_t *keys, service_key_t **key)
{
    *key = NULL;
    for (int i = 0; i < keys->nelts; i++) {
        service_key_t *found = APR_ARRAY_IDX(keys, i, service_key_t *);

        if (!found->revoked_at && *key) {
            return apr_psprintf(store->pool, "several issuers have a key \"%s\"", name);
        }
        *key = found->revoked_at ? *key : found;
    }
    if (*key) {
        return NULL;
    }
    return apr_psprintf(store->pool, keys->nelts ? "the key \"%s\" has already been revoked" : "there is no key \"%s\"", name);
}

store_status_t admin_key_revoke(store_t *store, const char *name, service_key_t **key, const char **problem)
{
    apr_array_header_t *keys;
    store_status_t status;

    if (store_key_find(store, name, &keys) != STORE_OK) {
        return STORE_DOWN;
    }
    if ((*problem = find(store, name, keys, key))) {
        return STORE_REFUSED;
    }
    status = store_key_revoke(store, (*key)->name, (*key)->issuer);
    *problem = apr_psprintf(store->pool, "the key \"%s\" was revoked in the meantime", name);
    if (status == STORE_OK) {
        (*key)->revoked_at = store->now;
    }
    return status;
}

int admin_key_ends_soon(const service_key_t *key, apr_int64_t now)
{
    apr_int64_t left = key->expires_at - now;

    return !key->revoked_at && key->expires_at && left <= KEY_ENDS_SOON && left <= (key->expires_at - key->created_at) / 2;
}
