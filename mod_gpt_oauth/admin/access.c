/*
 * What is taken back of those who have access or were refused it: sessions, grants, throttles, registered apps. Called by
 * `gptoauth grant`, `gptoauth throttle` and the console.
 */
#include "admin/access.h"

#include <apr_strings.h>

#include "base/fold.h"
#include "store/grant_list.h"
#include "store/sessions.h"
#include "store/throttles.h"

store_status_t admin_session_end(store_t *store, const char *username, const char *public_id, const char **problem)
{
    store_status_t status = store_session_end_of(store, username, public_id);

    if (status == STORE_REFUSED) {
        *problem = apr_psprintf(store->pool, "the user \"%s\" has no session \"%s\"", username, public_id);
    }
    return status;
}

store_status_t admin_grant_revoke(store_t *store, const char *username, const char *grant_id, const char **problem)
{
    store_status_t status = store_grant_revoke(store, username, grant_id);

    if (status == STORE_REFUSED) {
        *problem = apr_psprintf(store->pool, "no living grant has the id \"%s\"", grant_id);
    }
    return status;
}

/* In this very spelling, and then in the others. */
static store_status_t revoke_all(store_t *store, const char *username, const char *client_id, apr_int64_t *count)
{
    apr_array_header_t *names;
    store_status_t status = store_grant_revoke_all(store, username, client_id, count);

    if (status == STORE_DOWN || store->is_spent || !username) {
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
    if (revoke_all(store, username, client_id, count) == STORE_DOWN) {
        return STORE_DOWN;
    }
    if (!*count) {
        *problem = "there is no such living grant";
        return STORE_REFUSED;
    }
    return STORE_OK;
}

store_status_t admin_throttle_lift(store_t *store, const char *username, const char *address, apr_int64_t *count,
                                   const char **problem)
{
    const char *name = username ? name_fold(store->pool, username) : NULL;

    *count = 0;
    if (store_throttle_lift(store, name, address, count) == STORE_DOWN) {
        return STORE_DOWN;
    }
    if (!*count) {
        *problem = "there is nothing to lift";
        return STORE_REFUSED;
    }
    return STORE_OK;
}

store_status_t admin_registrations_clean_up(store_t *store, apr_int64_t unseen_for, apr_int64_t *count, const char **problem)
{
    store_status_t status = store_registration_clean_up(store, unseen_for, CLEANUP_MAX, count);

    if (status == STORE_REFUSED) {
        *problem = "there is no app that nobody used for so long";
    }
    return status;
}
