/*
 * Clients as the administrator makes and changes them, and the look-up of any client by its id. Called by every endpoint that
 * meets a client_id, and by `gptoauth client`; who registers by itself is in registrations.c.
 */
#include <apr_strings.h>

#include "store/client_row.h"

store_status_t store_client_get(store_t *store, const char *id, client_t **client)
{
    static const op_t op = { .sql = "SELECT " CLIENT_COLUMNS
                                    " FROM oauth_client WHERE id = $1 AND (issuer IS NULL OR issuer = $2)" };
    const value_t args[] = { v_text(id), v_text(store->issuer) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *client = read_client(store->pool, cell);
    }
    return status;
}

store_status_t store_client_find(store_t *store, const char *id_or_name, client_t **client)
{
    static const op_t op = {
        .sql = "SELECT " CLIENT_COLUMNS " FROM oauth_client"
               " WHERE id = $1 OR (name = $1 AND source = '" CLIENT_ADMIN
               "' AND NOT EXISTS (SELECT 1 FROM oauth_client WHERE id = $1))",
    };
    const value_t args[] = { v_text(id_or_name) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *client = read_client(store->pool, cell);
    }
    return status;
}

store_status_t store_client_list(store_t *store, const client_t *after, apr_array_header_t **clients)
{
    static const op_t op = {
        .sql = "SELECT " CLIENT_COLUMNS " FROM oauth_client WHERE (source, name, id) > ($1, $2, $3)"
               " ORDER BY source, name, id LIMIT " SQL_NUMBER(LIST_PAGE),
    };
    const value_t args[] = { v_text(after ? after->source : ""), v_text(after ? after->name : ""),
                             v_text(after ? after->id : "") };
    rows_t *rows;
    store_status_t status = db_run(store, &op, args, COUNT(args), &rows);

    if (status == STORE_DOWN) {
        return status;
    }
    *clients = apr_array_make(store->pool, rows->count, sizeof(client_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*clients, client_t *) = read_client(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}

store_status_t store_client_add(store_t *store, const client_t *client)
{
    /* A unique index keeps the names apart that admins give. */
    static const op_t op = {
        .sql = INSERT_CLIENT("", "") " ON CONFLICT DO NOTHING RETURNING 1",
        .done = "SELECT 1 FROM oauth_client WHERE id = $1 AND name = $2",
    };
    value_t args[CLIENT_ARGS];

    bind_client(store, client, args);
    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_set_secret(store_t *store, const char *id, const digest_t *hash, apr_int64_t old_until)
{
    static const op_t op = {
        .sql = "UPDATE oauth_client SET old_secret_hash = secret_hash, old_secret_until = $3, secret_hash = $2,"
               " gpt_open = CASE WHEN gpt_id IS NULL THEN gpt_open ELSE 1 END"
               " WHERE id = $1 AND is_public = 0 AND secret_hash <> $2 RETURNING 1",
        .done = "SELECT 1 FROM oauth_client WHERE id = $1 AND secret_hash = $2",
    };
    const value_t args[] = { v_text(id), v_digest(hash), v_number(old_until) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_end_old_secret(store_t *store, const char *id, const digest_t *current_hash)
{
    static const op_t op = {
        .sql = "UPDATE oauth_client SET old_secret_hash = NULL, old_secret_until = NULL"
               " WHERE id = $1 AND secret_hash = $2 AND old_secret_hash IS NOT NULL RETURNING 1",
        .done = "SELECT 1 FROM oauth_client WHERE id = $1 AND secret_hash = $2 AND old_secret_hash IS NULL",
    };
    const value_t args[] = { v_text(id), v_digest(current_hash) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_set_redirects(store_t *store, const char *id, const apr_array_header_t *uris)
{
    static const op_t op = { .sql = "UPDATE oauth_client SET redirect_uris = $2 WHERE id = $1 RETURNING 1" };
    const value_t args[] = { v_text(id), v_text(apr_array_pstrcat(store->pool, uris, '\n')) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_set_links(store_t *store, const char *id, const char *const links[CLIENT_LINKS])
{
    static const op_t op = {
        .sql = "UPDATE oauth_client SET client_uri = $2, policy_uri = $3, tos_uri = $4 WHERE id = $1 RETURNING 1"
    };
    const value_t args[] = { v_text(id), v_text(links[CLIENT_URI]), v_text(links[POLICY_URI]), v_text(links[TOS_URI]) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_open_pin(store_t *store, const char *id)
{
    static const op_t op = { .sql = "UPDATE oauth_client SET gpt_open = 1 WHERE id = $1 AND is_gpt = 1 RETURNING 1" };
    const value_t args[] = { v_text(id) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_client_set_disabled(store_t *store, const char *id, apr_int64_t disabled_at)
{
    static const op_t op = { .sql = "UPDATE oauth_client SET disabled_at = NULLIF($2, 0) WHERE id = $1 RETURNING 1" };
    const value_t args[] = { v_text(id), v_number(disabled_at) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

/* In the order of an index that begins with the client, written as a range: see grant_list.c. */
#define SOME(row, table, from, order)                                                                                            \
    "SELECT " row " FROM " table " WHERE client_id <= $1 AND " from " ORDER BY " order " LIMIT 1000"
#define DELETE_SOME(table, from, order)                                                                                          \
    {                                                                                                                            \
        .sql = "DELETE FROM " table " WHERE ctid = ANY (ARRAY(" SOME("ctid", table, from, order) " FOR UPDATE)) RETURNING 1",    \
        .steps = {                                                                                                               \
            "DELETE FROM " table " WHERE rowid IN (" SOME("rowid", table, from, order) ") RETURNING 1"                           \
        }                                                                                                                        \
    }

/*
 * At all issuers: clients belong to none. Access tokens and codes without a grant are unknown, and go when they would have
 * expired. A client may have more grants than can be deleted at once; disabled, it gets no more.
 */
store_status_t store_client_remove(store_t *store, const char *id)
{
    static const op_t some[] = {
        DELETE_SOME("oauth_consent", "(client_id, username) >= ($1, '')", "client_id"),
        DELETE_SOME("oauth_grant", "(client_id, created_at) >= ($1, 0)", "client_id, created_at"),
    };
    static const op_t rest = {
        .sql = "WITH grants AS (DELETE FROM oauth_grant WHERE client_id = $1),"
               " consents AS (DELETE FROM oauth_consent WHERE client_id = $1)"
               " DELETE FROM oauth_client WHERE id = $1 RETURNING 1",
        .steps = {
            "DELETE FROM oauth_client WHERE id = $1 RETURNING 1",
            "DELETE FROM oauth_grant WHERE client_id = $1",
            "DELETE FROM oauth_consent WHERE client_id = $1",
        },
        .done = "SELECT 1", /* gone is gone */
    };
    const value_t args[] = { v_text(id) };
    store_status_t status = store_client_set_disabled(store, id, store->now);

    if (status != STORE_OK) {
        return status;
    }
    for (int i = 0; i < COUNT(some); i++) {
        while ((status = db_run(store, &some[i], args, COUNT(args), NULL)) == STORE_OK) {}
        if (status == STORE_DOWN) {
            return STORE_DOWN;
        }
    }
    return db_run(store, &rest, args, COUNT(args), NULL);
}
