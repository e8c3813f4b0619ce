/*
 * Access tokens as guards, introspection and revocation look them up: one indexed SELECT for each request to a guarded path
 * (RFC 6750). Called by grant/verify.c and grant/revoke.c.
 */
#include "store/db.h"

store_status_t store_access_get(store_t *store, const digest_t *hash, access_t **out)
{
    static const op_t op = {
        .sql = "SELECT t.grant_id, g.client_id, g.username, t.scope, t.resource, t.created_at, t.expires_at, g.revoked_at,"
               " g.used_at, CASE WHEN EXISTS (SELECT 1 FROM oauth_client c WHERE c.id = g.client_id AND c.disabled_at IS NULL)"
               " THEN 0 ELSE 1 END, CASE WHEN EXISTS"
               " (SELECT 1 FROM oauth_user u WHERE u.name = g.username AND u.disabled_at IS NOT NULL) THEN 1 ELSE 0 END"
               " FROM oauth_access_token t JOIN oauth_grant g ON g.id = t.grant_id AND g.issuer = t.issuer"
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
