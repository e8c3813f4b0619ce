/*
 * Service keys, which belong to no person and no client. Called by grant/key.c for a request and by `gptoauth key`.
 */
#include "store/key_row.h"

static service_key_t *read_key(apr_pool_t *p, const cell_t *cell)
{
    service_key_t *key = apr_pcalloc(p, sizeof(*key));

    key->name = next_text(&cell);
    key->issuer = next_text(&cell);
    key->scope = next_text(&cell);
    key->may_introspect = next_flag(&cell);
    key->may_register = next_flag(&cell);
    key->created_at = next_number(&cell);
    key->expires_at = next_number(&cell);
    key->revoked_at = next_number(&cell);
    key->used_at = next_number(&cell);
    return key;
}

store_status_t store_key_get(store_t *store, const digest_t *hash, service_key_t **key)
{
    static const op_t op = {
        .sql = "SELECT " KEY_COLUMNS " FROM oauth_service_key WHERE key_hash = $1 AND (issuer = $2 OR issuer = '')",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *key = read_key(store->pool, cell);
        (*key)->hash = *hash;
    }
    return status;
}

store_status_t read_keys(store_t *store, const op_t *op, const value_t *args, int nargs, apr_array_header_t **keys)
{
    rows_t *rows;

    if (db_run(store, op, args, nargs, &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *keys = apr_array_make(store->pool, rows->count, sizeof(service_key_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*keys, service_key_t *) = read_key(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}

#define OF_ISSUER "($1 IS NULL OR issuer = $1 OR issuer = '')"

store_status_t store_key_find(store_t *store, const char *name, apr_array_header_t **keys)
{
    static const op_t op = {
        .sql = "SELECT " KEY_COLUMNS " FROM oauth_service_key WHERE name = $2 AND " OF_ISSUER " ORDER BY issuer",
    };
    const value_t args[] = { v_text(store->issuer), v_text(name) };

    return read_keys(store, &op, args, COUNT(args), keys);
}

store_status_t store_key_list(store_t *store, const service_key_t *after, apr_array_header_t **keys)
{
    static const op_t op = {
        .sql = "SELECT " KEY_COLUMNS " FROM oauth_service_key WHERE (name, issuer) > ($2, $3) AND " OF_ISSUER
               " ORDER BY name, issuer LIMIT " SQL_NUMBER(LIST_PAGE),
    };
    const value_t args[] = { v_text(store->issuer), v_text(after ? after->name : ""), v_text(after ? after->issuer : "") };

    return read_keys(store, &op, args, COUNT(args), keys);
}

store_status_t store_key_add(store_t *store, const service_key_t *key)
{
    static const op_t op = {
        .sql = "INSERT INTO oauth_service_key (key_hash, name, issuer, scope, introspect, register, created_at, expires_at)"
               " SELECT $1, $2, $3, $4, $5, $6, $7, NULLIF($8, 0) WHERE NOT EXISTS"
               " (SELECT 1 FROM oauth_service_key WHERE name = $2 AND (issuer = $3 OR issuer = '' OR $3 = ''))"
               " ON CONFLICT DO NOTHING RETURNING 1",
        .done = "SELECT 1 FROM oauth_service_key WHERE key_hash = $1 AND issuer = $3",
    };
    const value_t args[] = {
        v_digest(&key->hash),
        v_text(key->name),
        v_text(key->issuer),
        v_text(key->scope),
        v_number(key->may_introspect != 0),
        v_number(key->may_register != 0),
        v_number(store->now),
        v_number(key->expires_at),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_key_revoke(store_t *store, const char *name, const char *issuer)
{
    static const op_t op = {
        .sql = "UPDATE oauth_service_key SET revoked_at = $1 WHERE name = $2 AND issuer = $3 AND revoked_at IS NULL RETURNING 1",
        .done = "SELECT 1 FROM oauth_service_key WHERE name = $2 AND issuer = $3 AND revoked_at = $1",
    };
    const value_t args[] = { v_number(store->now), v_text(name), v_text(issuer) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_key_touch(store_t *store, const service_key_t *key)
{
    static const op_t op = TOUCH("oauth_service_key", "key_hash");
    const value_t args[] = { v_number(store->now), v_digest(&key->hash), v_text(key->issuer) };

    return db_run(store, &op, args, COUNT(args), NULL) == STORE_DOWN ? STORE_DOWN : STORE_OK;
}
