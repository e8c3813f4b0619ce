/*
 * Sessions of people who have signed in, one for each browser. Called by grant/user.c.
 */
#include "base/fold.h"
#include "store/db.h"

store_status_t store_session_add(store_t *store, const digest_t *hash, const char *username, const char *password_hash,
                                 apr_int64_t expires_at)
{
    static const op_t op = {
        .sql =
            "INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at)"
            " SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM oauth_user WHERE (name = $3 OR name = $7 OR folded = $7)"
            " AND disabled_at IS NOT NULL)"
            " AND ($6 IS NULL OR EXISTS (SELECT 1 FROM oauth_user WHERE name = $3 AND password_hash = $6))"
            " ON CONFLICT DO NOTHING RETURNING 1",
        .done = "SELECT 1 FROM oauth_session WHERE session_hash = $1 AND issuer = $2",
    };
    const value_t args[] = {
        v_digest(hash),
        v_text(store->issuer),
        v_text(username),
        v_number(store->now),
        v_number(expires_at),
        v_text(password_hash),
        v_text(name_fold(store->pool, username)),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_session_get(store_t *store, const digest_t *hash, const char **username, apr_int64_t *created_at)
{
    static const op_t op = {
        .sql = "SELECT s.username, s.created_at FROM oauth_session s LEFT JOIN oauth_user u ON u.name = s.username"
               " WHERE s.session_hash = $1 AND s.issuer = $2 AND s.expires_at > $3 AND u.disabled_at IS NULL",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer), v_number(store->now) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *username = next_text(&cell);
        *created_at = next_number(&cell);
    }
    return status;
}

store_status_t store_session_end(store_t *store, const digest_t *hash)
{
    static const op_t op = {
        .sql = "DELETE FROM oauth_session WHERE session_hash = $1 AND issuer = $2 RETURNING 1",
        .done = "SELECT 1", /* gone is gone */
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
