/*
 * Finds a token of any kind with its grant, client and user. Called by `gptoauth token`.
 */
#include "store/token_find.h"

#include "store/db.h"

#define GRANT "g.issuer, g.id, g.client_id, (SELECT name FROM oauth_client WHERE oauth_client.id = g.client_id), g.username, "
#define STATE                                                                                                                    \
    ", CASE WHEN EXISTS (SELECT 1 FROM oauth_client c WHERE c.id = g.client_id AND c.disabled_at IS NULL) THEN 0 ELSE 1 END,"    \
    " CASE WHEN EXISTS (SELECT 1 FROM oauth_user u WHERE u.name = g.username AND u.disabled_at IS NOT NULL) THEN 1 ELSE 0 END,"  \
    " g.generation, g.secret_hash"

store_status_t store_token_find(store_t *store, token_kind_t kind, const digest_t *hash, found_token_t **found)
{
    static const op_t ops[] = {
        [TOKEN_ACCESS] = { .sql =
                               "SELECT " GRANT "t.scope, t.resource, NULL, t.created_at, t.expires_at, g.revoked_at, NULL" STATE
                               " FROM oauth_access_token t JOIN oauth_grant g ON g.id = t.grant_id WHERE t.token_hash = $1" },
        [TOKEN_REFRESH] = { .sql =
                                "SELECT " GRANT "g.scope, g.resource, NULL, COALESCE(g.rotated_at, g.created_at),"
                                " CASE WHEN g.expires_at < g.refresh_expires_at THEN g.expires_at ELSE g.refresh_expires_at END,"
                                " g.revoked_at, NULL" STATE " FROM oauth_grant g WHERE g.selector_hash = $1" },
        [TOKEN_CODE] = { .sql = "SELECT " GRANT
                                "t.scope, t.resource, NULL, t.created_at, t.expires_at, g.revoked_at, t.spent_at" STATE
                                " FROM oauth_code t JOIN oauth_grant g ON g.id = t.grant_id WHERE t.code_hash = $1" },
        [TOKEN_SERVICE_KEY] = { .sql =
                                    "SELECT NULLIF(issuer, ''), NULL, NULL, NULL, NULL, scope, '', name, created_at, expires_at,"
                                    " revoked_at, NULL, 0, 0, 0, NULL FROM oauth_service_key WHERE key_hash = $1" },
    };
    const value_t args[] = { v_digest(hash) };
    const cell_t *cell;
    store_status_t status = ops[kind].sql ? db_first(store, &ops[kind], args, COUNT(args), &cell) : STORE_REFUSED;

    if (status != STORE_OK) {
        return status;
    }
    *found = apr_pcalloc(store->pool, sizeof(**found));
    (*found)->issuer = next_text(&cell);
    (*found)->grant_id = next_text(&cell);
    (*found)->client_id = next_text(&cell);
    (*found)->client_name = next_text(&cell);
    (*found)->username = next_text(&cell);
    (*found)->scope = next_text(&cell);
    (*found)->resource = next_text(&cell);
    (*found)->name = next_text(&cell);
    (*found)->created_at = next_number(&cell);
    (*found)->ends_at = next_number(&cell);
    (*found)->revoked_at = next_number(&cell);
    (*found)->spent_at = next_number(&cell);
    (*found)->client_disabled = next_flag(&cell);
    (*found)->user_disabled = next_flag(&cell);
    (*found)->generation = (apr_uint32_t)next_number(&cell);
    (void)next_digest(&cell, &(*found)->secret_hash);
    return STORE_OK;
}
