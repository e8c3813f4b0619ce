/*
 * Deletes what is long dead, table by table and so many rows at a time. Called by `gptoauth purge`.
 */
#include "store/db.h"

/*
 * The dead are kept for a while: tokens an hour, so that "expired" can be told from "unknown"; codes and grants a day, so that a
 * spent code or refresh token that comes back is recognised. At all issuers, those included that are configured no more. What
 * comes to life while the statement waits for its lock (the grant of a service account) is left alone.
 */
#define PURGE(table, key, dead)                                                                                                  \
    {                                                                                                                            \
        .sql = "WITH gone AS (DELETE FROM " table " WHERE " key " IN"                                               \
               " (SELECT " key " FROM " table " WHERE " dead " LIMIT $2) AND " dead                                 \
               " RETURNING 1) SELECT count(*) FROM gone",                                                           \
        .steps = {                                                                             \
            "DELETE FROM " table " WHERE " key " IN (SELECT " key " FROM " table " WHERE " dead " LIMIT $2)",       \
            "SELECT changes()",                                                                                     \
        },                                                                                                          \
        .patient = 1,            \
    }

store_status_t store_purge(store_t *store, int limit, apr_int64_t *count)
{
    static const op_t ops[] = {
        PURGE("oauth_access_token", "token_hash", "expires_at < $1 - 3600"),
        PURGE("oauth_session", "session_hash", "expires_at < $1"),
        PURGE("oauth_browser", "browser_hash", "expires_at < $1"),
        PURGE("oauth_throttle", "until_at", "until_at < $1 - 86400"),
        PURGE("oauth_code", "code_hash", "expires_at < $1 - 86400"),
        PURGE("oauth_grant", "id", "(revoked_at < $1 - 86400 OR expires_at < $1 - 86400 OR ends_at < $1 - 86400)"),
    };
    const value_t args[] = { v_number(store->now), v_number(limit) };
    store_status_t status;
    apr_int64_t removed;

    *count = 0;
    while ((status = store_registration_purge(store, limit, &removed)) == STORE_OK) {
        *count += removed;
    }
    if (status == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < COUNT(ops); i++) {
        if (db_number(store, &ops[i], args, COUNT(args), &removed) != STORE_OK) {
            return STORE_DOWN;
        }
        *count += removed;
    }
    return STORE_OK;
}
