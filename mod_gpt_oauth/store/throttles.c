/*
 * Throttles of sign-ins that have begun to refuse, so that `gptoauth throttle` can list and lift them, and the browsers that
 * users know. Called by web/http/throttle.c, grant/user.c and the command.
 */
#include "store/throttles.h"

#include <apr_strings.h>

#include "base/crypto.h"
#include "store/db.h"

/* What stands in place of a name that nobody has. NULL: the database does not say. */
static const char *hide_name(store_t *store, const char *name)
{
    digest_t key;

    if (!*name) {
        return name;
    }
    if (store_tag_key(store, &key) != STORE_OK) {
        return NULL;
    }
    return apr_psprintf(store->pool, THROTTLED_HIDDEN "%04x)",
                        (unsigned)(crypto_keyed_bits(&key, apr_pstrcat(store->pool, "throttle ", name, NULL)) & 0xffff));
}

#define NOTE(column, value, change)                                                                                              \
    "INSERT INTO oauth_throttle AS t (issuer, kind, name, address, began_at, until_at" column ")"                                \
    " VALUES ($1, $2, $3, $4, $5, $6" value ")"                                                                                  \
    " ON CONFLICT (issuer, kind, name, address) DO UPDATE SET " change "until_at = $6,"                                          \
    " began_at = CASE WHEN t.lifted_at >= $5 THEN t.lifted_at + 1 ELSE $5 END RETURNING 1"

store_status_t store_throttle_note(store_t *store, const throttled_t *throttled)
{
    static const op_t before = { .sql = NOTE("", "", "") };
    static const op_t op = { .sql = NOTE(", host", ", $7", "host = $7, "), .since = 9, .before = &before };
    const char *name = throttled->is_known ? throttled->name : hide_name(store, throttled->name);
    const value_t args[] = {
        v_text(store->issuer),         v_text(throttled->kind), v_text(name), v_text(throttled->address), v_number(store->now),
        v_number(throttled->until_at), v_text(throttled->host),
    };

    return name ? db_run(store, &op, args, COUNT(args), NULL) : STORE_DOWN;
}

store_status_t store_throttle_lifted(store_t *store, const throttled_t *throttled, apr_int64_t since, apr_int64_t *lifted_at)
{
    static const op_t op = {
        .sql = "SELECT lifted_at FROM oauth_throttle"
               " WHERE issuer = $1 AND kind = $2 AND name IN ($3, $6) AND address = $4 AND lifted_at > $5"
               " ORDER BY lifted_at DESC LIMIT 1",
    };
    const char *hidden = hide_name(store, throttled->name);
    const value_t args[] = {
        v_text(store->issuer),      v_text(throttled->kind), v_text(throttled->name),
        v_text(throttled->address), v_number(since),         v_text(hidden),
    };

    return hidden ? db_number(store, &op, args, COUNT(args), lifted_at) : STORE_DOWN;
}

#define IN_FORCE "until_at > $1 AND (lifted_at IS NULL OR lifted_at < began_at)"

/* One statement for each choice of issuer, as one for both would have no index that it could rely on. */
enum { OF_ISSUER, OF_ALL };

#define LIST(host, these, key, after, page)                                                                                      \
    "SELECT issuer, kind, name, address, until_at, " host " FROM oauth_throttle WHERE " these IN_FORCE " AND (" key              \
    ") > (" after ") ORDER BY " key " LIMIT " SQL_NUMBER(page)
#define LIST_OF_ISSUER(host) LIST(host, "issuer = $2 AND ", "kind, name, address", "$4, $5, $6", LISTING_PAGE)
#define LIST_OF_ALL(host)    LIST(host, "", "issuer, kind, name, address", "$3, $4, $5, $6", LIST_PAGE)

store_status_t store_throttle_list(store_t *store, const throttled_t *after, apr_array_header_t **throttles)
{
    static const op_t issuer_before = { .sql = LIST_OF_ISSUER("''") };
    static const op_t all_before = { .sql = LIST_OF_ALL("''") };
    static const op_t ops[] = {
        [OF_ISSUER] = { .sql = LIST_OF_ISSUER("host"), .since = 9, .before = &issuer_before },
        [OF_ALL] = { .sql = LIST_OF_ALL("host"), .since = 9, .before = &all_before },
    };
    const value_t args[] = {
        v_number(store->now),
        v_text(store->issuer),
        v_text(after ? after->issuer : ""),
        v_text(after ? after->kind : ""),
        v_text(after ? after->name : ""),
        v_text(after ? after->address : ""),
    };
    rows_t *rows;

    if (db_run(store, &ops[store->issuer ? OF_ISSUER : OF_ALL], args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *throttles = apr_array_make(store->pool, rows->count, sizeof(throttled_t *));
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        throttled_t *throttled = apr_palloc(store->pool, sizeof(*throttled));

        throttled->issuer = next_text(&cell);
        throttled->kind = next_text(&cell);
        throttled->name = next_text(&cell);
        throttled->address = next_text(&cell);
        throttled->until_at = next_number(&cell);
        throttled->host = next_text(&cell);
        APR_ARRAY_PUSH(*throttles, throttled_t *) = throttled;
    }
    return STORE_OK;
}

store_status_t store_throttle_count(store_t *store, apr_int64_t *count)
{
    static const op_t op = { .sql = "SELECT count(*) FROM (SELECT 1 FROM oauth_throttle WHERE issuer = $2 AND " IN_FORCE
                                    " ORDER BY kind, name, address LIMIT " SQL_NUMBER(LIST_PAGE) ") AS counted" };
    const value_t args[] = { v_number(store->now), v_text(store->issuer) };

    return db_number(store, &op, args, COUNT(args), count);
}

#define LIFT                                                                                                                     \
    "UPDATE oauth_throttle SET lifted_at = $1 WHERE " IN_FORCE                                                                   \
    " AND ($2 IS NULL OR issuer = $2) AND ($3 IS NULL OR name IN ($3, $5)) AND ($4 IS NULL OR address = $4)"

store_status_t store_throttle_lift(store_t *store, const char *name, const char *address, apr_int64_t *count)
{
    static const op_t op = {
        .sql = "WITH lifted AS (" LIFT " RETURNING 1) SELECT count(*) FROM lifted",
        .steps = { LIFT, "SELECT changes()" },
    };
    const char *hidden = name ? hide_name(store, name) : NULL;
    const value_t args[] = { v_number(store->now), v_text(store->issuer), v_text(name), v_text(address), v_text(hidden) };

    *count = 0;
    return name && !hidden ? STORE_DOWN : db_number(store, &op, args, COUNT(args), count);
}

store_status_t store_browser_add(store_t *store, const digest_t *hash, const char *name, apr_int64_t expires_at)
{
    static const op_t op = {
        .sql = "INSERT INTO oauth_browser (browser_hash, issuer, username, expires_at) VALUES ($1, $2, $3, $4)"
               " ON CONFLICT (browser_hash) DO UPDATE SET expires_at = $4 RETURNING 1",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer), v_text(name), v_number(expires_at) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_browser_get(store_t *store, const digest_t *hash, const char *name)
{
    static const op_t op = {
        .sql = "SELECT 1 FROM oauth_browser WHERE browser_hash = $1 AND issuer = $2 AND username = $3 AND expires_at > $4",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer), v_text(name), v_number(store->now) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
