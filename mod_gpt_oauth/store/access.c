#include "store/db.h"

store_status_t store_access_get(store_t *store, const digest_t *hash, access_t **out)
{
    static const op_t op = {
        .sql = "SELECT t.grant_id, g.client_id, g.username, t.scope, t.resource, t.created_at, t.expires_at, g.revoked_at,"
               " g.used_at, CASE WHEN c.id IS NOT NULL AND c.disabled_at IS NULL THEN 0 ELSE 1 END,"
               " CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END"
               " FROM oauth_access_token t JOIN oauth_grant g ON g.id = t.grant_id AND g.issuer = t.issuer"
               " LEFT JOIN oauth_client c ON c.id = g.client_id LEFT JOIN oauth_user u ON u.name = g.username"
               " WHERE t.token_hash = $1 AND t.issuer = $2",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer) };
    const cell_t *cell;
    access_t *access;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status != STORE_OK) {
        return status;
    }
    access = apr_pcalloc(store->pool, sizeof(*access));
    access->grant_id = next_text(&cell);
    access->client_id = next_text(&cell);
    access->username = next_text(&cell);
    access->scope = next_text(&cell);
    access->resource = next_text(&cell);
    access->issued_at = next_number(&cell);
    access->expires_at = next_number(&cell);
    access->revoked_at = next_number(&cell);
    access->used_at = next_number(&cell);
    access->client_disabled = next_flag(&cell);
    access->user_disabled = next_flag(&cell);
    *out = access;
    return STORE_OK;
}

/* Without `done`: where a second try finds nothing, the token is gone, and that is all that matters. */
store_status_t store_access_delete(store_t *store, const digest_t *hash, const char *client_id, const char **grant_id)
{
    static const op_t op = {
        .sql = "DELETE FROM oauth_access_token WHERE token_hash = $1 AND issuer = $2 AND EXISTS"
               " (SELECT 1 FROM oauth_grant g WHERE g.id = grant_id AND g.issuer = $2 AND g.client_id = $3) RETURNING grant_id",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer), v_text(client_id) };

    return db_text(store, &op, args, COUNT(args), grant_id);
}

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
