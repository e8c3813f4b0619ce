/*
 * Takes back sessions, grants and throttles, and removes apps that nobody uses. Called by the command and the console.
 */
#include "admin/access.h"

#include "base/fold.h"
#include "store/grant_list.h"
#include "store/sessions.h"
#include "store/throttles.h"

store_status_t admin_session_end(store_t *store, const char *username, const char *public_id, const char **problem)
{
    *problem = "there is no such session, or no more";
    return store_session_end_of(store, username, public_id);
}

store_status_t admin_grant_revoke(store_t *store, const char *username, const char *grant_id, const char **problem)
{
    *problem = "there is no such grant, or no more";
    return username ? store_grant_revoke_of(store, username, grant_id) : store_grant_revoke(store, grant_id);
}

/* Of a user in all spellings of the name. */
static store_status_t revoke_all(store_t *store, const char *username, const char *client_id, apr_int64_t *count)
{
    apr_array_header_t *names;
    store_status_t status = store_grant_revoke_all(store, username, client_id, count);

    if (status == STORE_DOWN || !username) {
        return status;
    }
    if (store_user_spellings(store, username, &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        apr_int64_t more;

        if (store_grant_revoke_all(store, APR_ARRAY_IDX(names, i, const char *), client_id, &more) == STORE_DOWN) {
            return STORE_DOWN;
        }
        *count += more;
    }
    return STORE_OK;
}

store_status_t admin_grants_revoke(store_t *store, const char *username, const char *client_id, apr_int64_t *count,
                                   const char **problem)
{
    *count = 0;
    *problem = "there is no living grant";
    if (revoke_all(store, username, client_id, count) == STORE_DOWN) {
        return STORE_DOWN;
    }
    return *count ? STORE_OK : STORE_REFUSED;
}

store_status_t admin_throttle_lift(store_t *store, const char *username, const char *address, apr_int64_t *count,
                                   const char **problem)
{
    *problem = "there is nothing to lift";
    if (store_throttle_lift(store, username ? name_fold(store->pool, username) : NULL, address, count) != STORE_OK) {
        return STORE_DOWN;
    }
    return *count ? STORE_OK : STORE_REFUSED;
}

store_status_t admin_registrations_clean_up(store_t *store, apr_int64_t unseen_for, apr_int64_t *count, const char **problem)
{
    apr_array_header_t *ids;

    *count = 0;
    *problem = "there is no app that was not used for so long";
    if (store_registration_unseen(store, store->now - unseen_for, CLEANUP_MAX, &ids) == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < ids->nelts; i++) {
        switch (store_client_remove(store, APR_ARRAY_IDX(ids, i, const char *))) {
        case STORE_OK: (*count)++; break;
        case STORE_DOWN: return STORE_DOWN;
        case STORE_REFUSED:
            if (store->is_spent) {
                return STORE_REFUSED;
            }
        }
    }
    return *count ? STORE_OK : STORE_REFUSED;
}
