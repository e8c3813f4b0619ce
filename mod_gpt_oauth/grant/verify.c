/*
 * Judges the access token of a call: is it one of this server, alive, and meant for this resource (RFC 6750 section 2, 8707
 * section 2)? Asks the cache, and then the database. Called by the guard for each request, by introspection, and by key.c for
 * what both share.
 */
#include "grant/verify.h"

#include <apr_strings.h>
#include <string.h>

#include "cache/answers.h"
#include "grant/client.h"
#include "grant/policy.h"
#include "grant/user.h"

static const failure_t *dead(apr_pool_t *p, verdict_meter_t verdict, const char *description, const char *reason)
{
    return failure_counted(p, failure_make(p, OAUTH_INVALID_TOKEN, description, "%s", reason), verdict);
}

static const failure_t *judge(const store_t *store, const access_t *access)
{
    if (access->expires_at <= store->now) {
        return dead(store->pool, VERDICT_EXPIRED, "The access token has expired. Use the refresh token or sign in again.",
                    "the token has expired");
    }
    if (access->revoked_at) {
        return dead(store->pool, VERDICT_REVOKED, "Access was revoked. Sign in again.", "its grant is revoked");
    }
    if (access->client_disabled) {
        return dead(store->pool, VERDICT_DISABLED, "The app is no longer allowed. Ask the server's administrator.",
                    "its client is disabled or removed");
    }
    if (access->user_disabled) {
        return dead(store->pool, VERDICT_DISABLED, "The account is disabled. Ask the server's administrator.",
                    "its user is disabled");
    }
    if (access->username && user_name_problem(access->username)) {
        return dead(store->pool, VERDICT_DISABLED, "The account's name cannot be used here. Ask the server's administrator.",
                    user_name_problem(access->username));
    }
    return NULL;
}

const failure_t *verify_shape(store_t *store, const char *text, token_kind_t kind, const char *name, refusal_fn *refuse)
{
    apr_pool_t *p = store->pool;
    const char *other;
    digest_t tag_key;

    if (store_tag_key(store, &tag_key) != STORE_OK) {
        return store_failure(store);
    }
    if (!token_check(text, kind, &tag_key)) {
        other = token_describe(text);
        return refuse(p, other ? apr_psprintf(p, "what was sent looks like %s, and is not %s of this server", other, name)
                               : apr_psprintf(p, "what was sent is not %s of this server", name));
    }
    return NULL;
}

static const failure_t *unknown(apr_pool_t *p)
{
    return dead(p, VERDICT_UNKNOWN, "The access token is unknown or was removed. Sign in again.",
                "the token is not in the database, or belongs to another issuer");
}

static const failure_t *foreign(apr_pool_t *p, const char *reason)
{
    return dead(p, VERDICT_FOREIGN, "The access token was not issued by this server. Sign in again.", reason);
}

/* A miss: only now do the tag and the database count. Notes the use, which is exact to TOUCH_INTERVAL. */
static const failure_t *ask(store_t *store, const char *token, const digest_t *hash, access_t **access)
{
    const failure_t *failure = verify_shape(store, token, TOKEN_ACCESS, "an access token", foreign);

    if (failure) {
        return failure;
    }
    switch (answer_ask_access(store, hash, access)) {
    case STORE_OK: break;
    case STORE_REFUSED: return unknown(store->pool);
    case STORE_DOWN:
    default: return store_failure(store);
    }
    failure = judge(store, *access);
    if (!failure && (*access)->used_at < store->now - TOUCH_INTERVAL) {
        /* A database that cannot be written to just now (a standby, a lock) has vouched for the token all the same. */
        (void)store_grant_touch(store, (*access)->grant_id);
    }
    return failure;
}

const failure_t *verify_access_token(store_t *store, const char *token, access_t **access)
{
    const failure_t *failure;
    access_t *found;
    digest_t hash;

    *access = NULL;
    token_hash(token, &hash);
    switch (answer_access(store, &hash, &found)) {
    case ANSWER_FOUND: failure = judge(store, found); break;
    case ANSWER_UNKNOWN: return unknown(store->pool);
    case ANSWER_NONE:
    default: failure = ask(store, token, &hash, &found); break;
    }
    if (!failure) {
        *access = found;
    }
    return failure;
}

const failure_t *verify_audience(apr_pool_t *p, const access_t *access, const char *resource, int require)
{
    if (!*access->resource) {
        return require
                   ? dead(p, VERDICT_OTHER_RESOURCE,
                          "This resource needs a token that was issued for it: send its resource parameter when asking for one.",
                          "the token is bound to no resource, and this Location requires one")
                   : NULL;
    }
    if (!resource || !resource_contains(access->resource, resource)) {
        return dead(
            p, VERDICT_OTHER_RESOURCE, "The access token was issued for another resource. Ask for one for this resource.",
            apr_psprintf(p, "the token is for %s, this Location is %s", access->resource, resource ? resource : "no resource"));
    }
    return NULL;
}

const char *access_principal(apr_pool_t *p, const access_t *access)
{
    return access->username ? access->username : apr_pstrcat(p, PRINCIPAL_CLIENT, access->client_id, NULL);
}
