/*
 * What a user ends by his own hand. Called by web/endpoint/apps.c.
 */
#include "grant/apps.h"

#include "cache/endings.h"
#include "grant/client.h"
#include "store/sessions.h"

static const failure_t *known(store_t *store, store_status_t status, int *is_known)
{
    *is_known = status == STORE_OK;
    return status == STORE_DOWN ? store_failure(store) : NULL;
}

const failure_t *app_take_away(store_t *store, const char *username, const char *client_id, int *is_known)
{
    return known(store, end_app(store, username, client_id), is_known);
}

const failure_t *session_sign_out(store_t *store, const char *username, const char *public_id, int *is_known)
{
    return known(store, store_session_end_of(store, username, public_id), is_known);
}

const failure_t *session_sign_out_all(store_t *store, const char *username, const char *but)
{
    apr_int64_t count;

    return store_session_end_all(store, username, but, &count) == STORE_DOWN ? store_failure(store) : NULL;
}

const failure_t *user_change_password(store_t *store, const char *username, const char *old_hash, const char *hash, int ends_apps,
                                      apr_int64_t *revoked)
{
    switch (end_password(store, username, old_hash, hash, ends_apps, revoked)) {
    case STORE_OK: return NULL;
    case STORE_REFUSED:
        return failure_make(store->pool, OAUTH_ACCESS_DENIED, "The account has changed in the meantime. Sign in again.", NULL);
    case STORE_DOWN:
    default: return store_failure(store);
    }
}
