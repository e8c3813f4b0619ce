/*
 * Pages of clients, users and service keys. Called by the console.
 */
#include "store/listing.h"

#include <apr_strings.h>

#include "base/fold.h"
#include "store/key_row.h"
#include "store/user_row.h"

/*
 * A page begins after ($2, $3), a name as it is listed and a key, which on the first one is where the prefix begins, and ends
 * with the prefix at $4; by the last use it begins after ($5, $2, $3), where $5 is less the later that use was. An index has the
 * same order. PostgreSQL compares by expressions, byte by byte; SQLite by columns made of them.
 *
 * By the last use, and with a prefix, no index has both: what begins with the prefix ($6) is found in the order of names and
 * sorted then, up to LISTING_SORTED, as a name of one letter may be that of all.
 *
 * from() is the table, with the index for SQLite, which would prefer others; low() makes of an argument what the index has of a
 * name.
 */
#define LIMITED(order) " ORDER BY " order " LIMIT " SQL_NUMBER(LISTING_PAGE)
#define BY_NAME(from, where, use, name, key, low)                                                                                \
    from("_name") " WHERE " where " AND (" name ", " key ") > (" low("$2") ", $3) AND " name " < " low("$4")                     \
        LIMITED(name ", " key)
#define AFTER(use, name, key, low) "(" use ", " name ", " key ") > ($5, " low("$2") ", $3)" LIMITED(use ", " name ", " key)

#define BY_USE(from, where, use, name, key, low) from("_use") " WHERE " where " AND " AFTER(use, name, key, low)
#define BY_BOTH(from, where, use, name, key, low)                                                                                \
    "(SELECT * FROM " from("_name") " WHERE " where " AND " name " >= " low("$6") " AND " name " < " low(                        \
        "$4") " ORDER BY " name ", " key " LIMIT " SQL_NUMBER(LISTING_SORTED) ") AS found WHERE " AFTER(use, name, key, low)

#define LOWER(arg)     "lower(" arg ")"
#define AS_IT_IS(arg)  arg
#define BYTEWISE(name) name " COLLATE \"C\""

/* An op_t for each: by name, by use, and by use with a prefix. */
enum { ORDER_NAME, ORDER_USE, ORDER_BOTH, ORDERS };
#define LISTING(order, columns, table, indexed, where, use, name, key, low)                                                      \
    {                                                                                                                            \
        .sql = "SELECT " columns " FROM " order(table, where, "(-COALESCE(" use ", 0))", BYTEWISE(name), BYTEWISE(key), low),    \
        .steps = { "SELECT " columns " FROM " order(indexed, where, "unused", "listed_name", key, low) }, .since = 9,            \
    }
#define LISTINGS(...) LISTING(BY_NAME, __VA_ARGS__), LISTING(BY_USE, __VA_ARGS__), LISTING(BY_BOTH, __VA_ARGS__)

/* Greater than each character of a name: Unicode has promised never to use it. */
#define LAST "\xF4\x8F\xBF\xBF"

static const char *end_of(const store_t *store, const char *prefix)
{
    return apr_pstrcat(store->pool, prefix, LAST, NULL);
}

static int order_of(const listing_t *listing)
{
    return !listing->is_by_use ? ORDER_NAME : *listing->prefix ? ORDER_BOTH : ORDER_USE;
}

/* By use the first page begins with whom was used last of all, whatever the name. */
static const char *name_before(const listing_t *listing)
{
    return listing->after ? listing->after_name : listing->is_by_use ? "" : listing->prefix;
}

static apr_int64_t use_before(const listing_t *listing)
{
    return listing->after ? -listing->after_used : -APR_INT64_MAX;
}

#define CLIENT_COLUMNS                                                                                                           \
    "id, name, source, is_public, is_gpt, is_resource_server, grant_types, created_at,"                                          \
    " COALESCE(let_in_at, seen_at), disabled_at"
#define CLIENTS(order)     "oauth_client"
#define ADMIN_INDEX(order) "oauth_client INDEXED BY oauth_client_admin" order
#define OTHER_INDEX(order) "oauth_client INDEXED BY oauth_client_other" order
#define CLIENTS_OF(source, index)                                                                                                \
    LISTINGS(CLIENT_COLUMNS, CLIENTS, index, "source " source " AND ($1 IS NULL OR issuer IS NULL OR issuer = $1)",              \
             "let_in_at, seen_at", "lower(name)", "id", LOWER)

store_status_t store_listing_clients(store_t *store, const listing_t *listing, int are_admins, apr_array_header_t **clients)
{
    static const op_t ops[] = {
        CLIENTS_OF("<> '" CLIENT_ADMIN "'", OTHER_INDEX),
        CLIENTS_OF("= '" CLIENT_ADMIN "'", ADMIN_INDEX),
    };
    const value_t args[] = {
        v_text(store->issuer),
        v_text(name_before(listing)),
        v_text(listing->after ? listing->after : ""),
        v_text(end_of(store, listing->prefix)),
        v_number(use_before(listing)),
        v_text(listing->prefix),
    };
    rows_t *rows;

    if (db_run(store, &ops[(are_admins ? ORDERS : 0) + order_of(listing)], args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *clients = apr_array_make(store->pool, rows->count, sizeof(listed_client_t *));
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        listed_client_t *client = apr_palloc(store->pool, sizeof(*client));

        client->id = next_text(&cell);
        client->name = next_text(&cell);
        client->source = next_text(&cell);
        client->is_public = next_flag(&cell);
        client->is_gpt = next_flag(&cell);
        client->is_resource_server = next_flag(&cell);
        client->grant_types = next_text(&cell);
        client->created_at = next_number(&cell);
        client->used_at = next_number(&cell);
        client->disabled_at = next_number(&cell);
        APR_ARRAY_PUSH(*clients, listed_client_t *) = client;
    }
    return STORE_OK;
}

#define USERS(order)      "oauth_user"
#define USER_INDEX(order) "oauth_user INDEXED BY oauth_user_by" order
#define USER_COLUMNS      "name, password_hash, created_at, used_at, disabled_at, one_time_until"

store_status_t store_listing_users(store_t *store, const listing_t *listing, apr_array_header_t **users)
{
    static const op_t ops[] = {
        LISTINGS(USER_COLUMNS, USERS, USER_INDEX, "1 = 1", "used_at", "COALESCE(folded, name)", "name", AS_IT_IS),
    };
    const char *prefix = name_fold(store->pool, listing->prefix);
    const value_t args[] = {
        v_text(store->issuer),
        v_text(name_fold(store->pool, name_before(listing))),
        v_text(listing->after ? listing->after : ""),
        v_text(end_of(store, prefix)),
        v_number(use_before(listing)),
        v_text(prefix),
    };
    rows_t *rows;

    if (db_run(store, &ops[order_of(listing)], args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *users = apr_array_make(store->pool, rows->count, sizeof(listed_user_t *));
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        listed_user_t *user = apr_palloc(store->pool, sizeof(*user));
        int is_one_time;

        user->name = next_text(&cell);
        user->has_password = password_kept(next_text(&cell), &is_one_time) != NULL;
        user->created_at = next_number(&cell);
        user->used_at = next_number(&cell);
        user->disabled_at = next_number(&cell);
        user->one_time_until = is_one_time ? next_number(&cell) : 0;
        APR_ARRAY_PUSH(*users, listed_user_t *) = user;
    }
    return STORE_OK;
}

#define KEYS(order)      "oauth_service_key"
#define KEY_INDEX(order) "oauth_service_key INDEXED BY oauth_service_key_by" order

store_status_t store_listing_keys(store_t *store, const listing_t *listing, apr_array_header_t **keys)
{
    static const op_t ops[] = {
        LISTINGS(KEY_COLUMNS, KEYS, KEY_INDEX, "($1 IS NULL OR issuer = $1 OR issuer = '')", "used_at", "lower(name)", "name",
                 LOWER),
    };
    const value_t args[] = {
        v_text(store->issuer),
        v_text(name_before(listing)),
        v_text(listing->after ? listing->after : ""),
        v_text(end_of(store, listing->prefix)),
        v_number(use_before(listing)),
        v_text(listing->prefix),
    };

    return read_keys(store, &ops[order_of(listing)], args, COUNT(args), keys);
}
