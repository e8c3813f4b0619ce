/*
 * Grants: rotation of refresh tokens and retries (RFC 6749 section 6), tokens of service accounts (section 4.4), revocation and
 * lists. Called by grant/ and by `gptoauth grant`.
 */
#include "store/token_row.h"

#define LIVES "revoked_at IS NULL AND expires_at > $5 AND " CLIENT_AND_USER_LIVE
#define COLUMNS                                                                                                                  \
    "g.id, g.client_id, g.username, g.scope, g.resource, g.created_at, g.expires_at, g.revoked_at, g.used_at,"                   \
    " g.refresh_expires_at, g.rotated_at, g.generation, g.secret_hash, g.previous_hash, g.salt, g.repeats,"                      \
    " CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END"
#define FROM "oauth_grant g LEFT JOIN oauth_user u ON u.name = g.username"

static grant_t *read_grant(apr_pool_t *p, const cell_t *cell)
{
    grant_t *grant = apr_pcalloc(p, sizeof(*grant));

    grant->id = next_text(&cell);
    grant->client_id = next_text(&cell);
    grant->username = next_text(&cell);
    grant->scope = next_text(&cell);
    grant->resource = next_text(&cell);
    grant->created_at = next_number(&cell);
    grant->expires_at = next_number(&cell);
    grant->revoked_at = next_number(&cell);
    grant->used_at = next_number(&cell);
    grant->refresh_expires_at = next_number(&cell);
    grant->rotated_at = next_number(&cell);
    grant->generation = (apr_uint32_t)next_number(&cell);
    (void)next_digest(&cell, &grant->secret_hash);
    grant->has_previous = next_digest(&cell, &grant->previous_hash);
    (void)next_digest(&cell, &grant->salt);
    grant->repeats = (int)next_number(&cell);
    grant->user_disabled = next_flag(&cell);
    return grant;
}

store_status_t store_grant_by_selector(store_t *store, const digest_t *selector_hash, grant_t **grant)
{
    static const op_t op = { .sql = "SELECT " COLUMNS " FROM " FROM " WHERE g.selector_hash = $1 AND g.issuer = $2" };
    const value_t args[] = { v_digest(selector_hash), v_text(store->issuer) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *grant = read_grant(store->pool, cell);
    }
    return status;
}

#define ROTATE                                                                                                                   \
    "UPDATE oauth_grant SET generation = $9, secret_hash = $10, previous_hash = secret_hash, salt = $11,"                        \
    " refresh_expires_at = $12, rotated_at = $5, used_at = $5, ends_at = $13, repeats = 0"                                       \
    " WHERE id = $7 AND issuer = $2 AND generation = $8 AND secret_hash = $14 AND refresh_expires_at > $5 AND " LIVES            \
    " RETURNING id"

store_status_t store_grant_rotate(store_t *store, const grant_t *grant, const refresh_t *next, const access_token_t *token)
{
    static const op_t op = {
        .sql = "WITH live AS (" ROTATE ") " INSERT_TOKEN("$7") " FROM live RETURNING 1",
        .steps = { ROTATE, INSERT_TOKEN("$7") },
        .done = SELECT_TOKEN("1"),
    };
    const value_t args[] = {
        TOKEN_ARGS(store, token),      v_text(grant->id),
        v_number(grant->generation),   v_number(next->generation),
        v_digest(&next->secret_hash),  v_digest(&next->salt),
        v_number(next->expires_at),    v_number(next->expires_at > token->expires_at ? next->expires_at : token->expires_at),
        v_digest(&grant->secret_hash),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}

/* ends_at stays: this token outlives the rotation's by no more than the grace. */
#define REPEAT                                                                                                                   \
    "UPDATE oauth_grant SET repeats = repeats + 1"                                                                               \
    " WHERE id = $7 AND issuer = $2 AND generation = $8 AND repeats < $9 AND refresh_expires_at > $5 AND " LIVES " RETURNING id"

store_status_t store_grant_reissue(store_t *store, const grant_t *grant, int limit, const access_token_t *token)
{
    static const op_t op = {
        .sql = "WITH live AS (" REPEAT ") " INSERT_TOKEN("$7") " FROM live ON CONFLICT DO NOTHING RETURNING 1",
        .steps = { REPEAT, INSERT_TOKEN("$7") },
        .done = SELECT_TOKEN("1"),
    };
    const value_t args[] = {
        TOKEN_ARGS(store, token),
        v_text(grant->id),
        v_number(grant->generation),
        v_number(limit),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}

#define LATER(column) " " column " = CASE WHEN g." column " > excluded." column " THEN g." column " ELSE excluded." column " END"
/* An index keeps it the only one; who made it first, this one goes on with it. */
#define OWN_GRANT                                                                                                                \
    "INSERT INTO oauth_grant AS g (id, issuer, client_id, scope, resource, created_at, expires_at, ends_at, used_at)"            \
    " SELECT $7, $2, client_id, $3, $4, $5, $6, $6, $5 FROM (SELECT $8 AS client_id, NULL AS username) AS asked"                 \
    " WHERE " CLIENT_AND_USER_LIVE " ON CONFLICT (issuer, client_id) WHERE username IS NULL AND revoked_at IS NULL"              \
    " DO UPDATE SET scope = $3, resource = $4, used_at = $5," LATER("expires_at") "," LATER("ends_at") " RETURNING id"

store_status_t store_grant_issue_own(store_t *store, const char *new_id, const char *client_id, const access_token_t *token,
                                     const char **grant_id)
{
    static const op_t op = {
        .sql = "WITH own AS (" OWN_GRANT ") " INSERT_TOKEN("own.id") " FROM own ON CONFLICT DO NOTHING RETURNING grant_id",
        .steps = {
            OWN_GRANT,
            INSERT_TOKEN("id") " FROM oauth_grant"
            " WHERE issuer = $2 AND client_id = $8 AND username IS NULL AND revoked_at IS NULL RETURNING grant_id",
        },
        .done = SELECT_TOKEN("grant_id"),
    };
    const value_t args[] = { TOKEN_ARGS(store, token), v_text(new_id), v_text(client_id) };

    return db_text(store, &op, args, COUNT(args), grant_id);
}

store_status_t store_grant_revoke(store_t *store, const char *username, const char *grant_id)
{
    static const op_t op = {
        .sql =
            "UPDATE oauth_grant SET revoked_at = $1"
            " WHERE id = $2 AND ($3 IS NULL OR issuer = $3) AND ($4 IS NULL OR username = $4) AND revoked_at IS NULL RETURNING 1",
        .done = "SELECT 1 FROM oauth_grant WHERE id = $2 AND ($3 IS NULL OR issuer = $3) AND ($4 IS NULL OR username = $4)"
                " AND revoked_at = $1",
    };
    const value_t args[] = { v_number(store->now), v_text(grant_id), v_text(store->issuer), v_text(username) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_grant_touch(store_t *store, const char *grant_id)
{
    static const op_t op = TOUCH("oauth_grant", "id");
    const value_t args[] = { v_number(store->now), v_text(grant_id), v_text(store->issuer) };

    return db_run(store, &op, args, COUNT(args), NULL) == STORE_DOWN ? STORE_DOWN : STORE_OK;
}
