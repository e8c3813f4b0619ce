/*
 * Clients that registered themselves (RFC 7591) and those that publish a metadata document: how they come, and how those that
 * nobody uses go again. Called by grant/registration.c, grant/client_document.c and, for the removal, by purge.c.
 */
#include <apr_strings.h>

#include "store/client_row.h"
#include "store/purge.h"

#define BY_METADATA "metadata_hash = $1 AND issuer = $3 AND source = '" CLIENT_REGISTERED "'"
/* That is exact enough: most who register again do so for each connection that they make. */
#define SEEN_AGAIN "UPDATE oauth_client SET seen_at = $2 WHERE " BY_METADATA " AND seen_at < $2 - " SQL_NUMBER(TOUCH_INTERVAL)

store_status_t store_registration_get(store_t *store, const digest_t *metadata_hash, client_t **client)
{
    static const op_t op = {
        .sql = "WITH seen AS (" SEEN_AGAIN ") SELECT " CLIENT_COLUMNS " FROM oauth_client WHERE " BY_METADATA,
        .steps = { SEEN_AGAIN, "SELECT " CLIENT_COLUMNS " FROM oauth_client WHERE " BY_METADATA },
    };
    const value_t args[] = { v_digest(metadata_hash), v_number(store->now), v_text(store->issuer) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *client = read_client(store->pool, cell);
    }
    return status;
}

store_status_t store_registration_add(store_t *store, const client_t *client, const digest_t *metadata_hash)
{
    static const op_t op = {
        .sql = INSERT_CLIENT(", seen_at, metadata_hash, issuer, application_type",
                             ", $14, $18, $19, $20") " ON CONFLICT DO NOTHING RETURNING 1",
        .done = "SELECT 1 FROM oauth_client WHERE id = $1",
    };
    value_t args[CLIENT_ARGS + 3];

    bind_client(store, client, args);
    args[CLIENT_ARGS] = v_digest(metadata_hash);
    args[CLIENT_ARGS + 1] = v_text(store->issuer);
    args[CLIENT_ARGS + 2] = v_text(client->application_type);
    return db_run(store, &op, args, COUNT(args), NULL);
}

/* A row of a built-in document, which is not fetched, is there for who lets it in. */
#define LET_IN_AT "CASE WHEN $18 = 0 THEN $14 END"
#define RENEW_DOCUMENT                                                                                                           \
    " ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris,"                              \
    " grant_types = excluded.grant_types, client_uri = excluded.client_uri, policy_uri = excluded.policy_uri,"                   \
    " tos_uri = excluded.tos_uri, seen_at = excluded.seen_at,"                                                                   \
    " let_in_at = coalesce(excluded.let_in_at, oauth_client.let_in_at), fresh_until = excluded.fresh_until"                      \
    " WHERE oauth_client.source = excluded.source RETURNING 1"

store_status_t store_document_put(store_t *store, const client_t *client)
{
    static const op_t op = {
        .sql = INSERT_CLIENT(", seen_at, let_in_at, fresh_until", ", $14, " LET_IN_AT ", NULLIF($18, 0)") RENEW_DOCUMENT,
    };
    value_t args[CLIENT_ARGS + 1];

    bind_client(store, client, args);
    args[CLIENT_ARGS] = v_number(client->fresh_until);
    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_registration_touch(store_t *store, const char *id)
{
    static const op_t op = {
        .sql = "UPDATE oauth_client SET seen_at = $2, let_in_at = $2 WHERE id = $1 AND seen_at IS NOT NULL RETURNING 1",
    };
    const value_t args[] = { v_text(id), v_number(store->now) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

#define HAS_LIVING_GRANT                                                                                                         \
    "EXISTS (SELECT 1 FROM oauth_grant g WHERE g.client_id = oauth_client.id"                                                    \
    " AND g.revoked_at IS NULL AND g.expires_at > $1 AND g.ends_at > $1)"

/*
 * Where a user lets the client in at this moment, PostgreSQL waits for that row and looks at the conditions again. His grant
 * comes after store_registration_touch, so one of the two stops this. Who removes at the same time locks in the same order.
 *
 * Who is disabled stays, or the next request would bring him back enabled. Who stays counts as seen: nobody is looked at again
 * before long.
 */
#define OLD             "seen_at < $1 - $2"
#define OLDEST          "SELECT id FROM oauth_client WHERE " OLD " ORDER BY seen_at LIMIT $3"
#define STAYS           "(disabled_at IS NOT NULL OR " HAS_LIVING_GRANT ")"
#define KEEP(these)     "UPDATE oauth_client SET seen_at = $1 WHERE " OLD " AND " STAYS " AND id IN (" these ")"
#define REMOVED(these)  "FROM oauth_client WHERE " OLD " AND NOT " STAYS " AND id IN (" these ")"
#define FORGET(clients) "DELETE FROM oauth_consent WHERE client_id " clients
#define OF_OLD          "SELECT id FROM old"
#define AT_ONCE                                                                                                                  \
    "WITH old AS (" OLDEST " FOR UPDATE), kept AS (" KEEP(OF_OLD) "), gone AS (DELETE " REMOVED(                                 \
        OF_OLD) " RETURNING id)"                                                                                                 \
                ", forgotten AS (" FORGET("= ANY (ARRAY(SELECT id FROM gone))") ")"
#define IN_STEPS                                                                                                                 \
    "SELECT 1 FROM oauth_client WHERE " OLD " LIMIT 1", FORGET("IN (SELECT id " REMOVED(OLDEST) ")"), KEEP(OLDEST),              \
        "DELETE " REMOVED(OLDEST)

store_status_t store_registration_purge(store_t *store, int limit, apr_int64_t *count)
{
    static const op_t op = {
        .sql = AT_ONCE " SELECT (SELECT count(*) FROM gone) FROM old LIMIT 1",
        .steps = { IN_STEPS, "SELECT changes()" },
        .patient = 1,
    };
    const value_t args[] = { v_number(store->now), v_number(REGISTRATION_UNUSED), v_number(limit) };

    *count = 0;
    return db_number(store, &op, args, COUNT(args), count);
}

/*
 * Since when nobody has used it. For one that a user let in once, seen_at would not do: the purge sets it, too. Not by EXISTS,
 * for which PostgreSQL may read all grants at once.
 */
#define UNUSED                                                                                                                   \
    "seen_at <= $1 AND COALESCE(let_in_at, seen_at) < $1 - $2 AND disabled_at IS NULL"                                           \
    " AND ($4 IS NULL OR issuer IS NULL OR issuer = $4) AND (SELECT 1 FROM oauth_grant g"                                        \
    " WHERE g.client_id = oauth_client.id AND COALESCE(g.used_at, g.created_at) >= $1 - $2 LIMIT 1) IS NULL"
#define UNUSED_ONES              "SELECT id FROM oauth_client WHERE " UNUSED " ORDER BY seen_at LIMIT $3"
#define REMOVE(table, key, they) "DELETE FROM " table " WHERE " key " " they
#define OF_UNUSED                "= ANY (ARRAY(SELECT id FROM unused))"
#define IN_UNUSED                "IN (" UNUSED_ONES ")"

/* On SQLite the grants may go before: none that is left keeps the client. */
store_status_t store_registration_clean_up(store_t *store, apr_int64_t unused_for, int limit, apr_int64_t *count)
{
    static const op_t op = {
        .sql = "WITH unused AS (" UNUSED_ONES " FOR UPDATE), consents AS (" REMOVE("oauth_consent", "client_id", OF_UNUSED) "),"
               " grants AS (" REMOVE("oauth_grant", "client_id", OF_UNUSED) "),"
               " gone AS (" REMOVE("oauth_client", "id", OF_UNUSED) " RETURNING 1)"
               " SELECT (SELECT count(*) FROM gone) FROM unused LIMIT 1",
        .steps = {
            "SELECT 1 FROM oauth_client WHERE " UNUSED " LIMIT 1",
            REMOVE("oauth_consent", "client_id", IN_UNUSED),
            REMOVE("oauth_grant", "client_id", IN_UNUSED),
            REMOVE("oauth_client", "id", IN_UNUSED),
            "SELECT changes()",
        },
    };
    const value_t args[] = { v_number(store->now), v_number(unused_for), v_number(limit), v_text(store->issuer) };

    *count = 0;
    return db_number(store, &op, args, COUNT(args), count);
}

/* An index holds these alone. Documents belong to no issuer. */
#define NOT_LET_IN "let_in_at IS NULL AND disabled_at IS NULL AND seen_at IS NOT NULL AND "
#define REGISTERED NOT_LET_IN "source = '" CLIENT_REGISTERED "' AND issuer = $4"
#define DOCUMENTS  NOT_LET_IN "source = '" CLIENT_DOCUMENT "' AND issuer IS NULL"
#define EXCESS(these)                                                                                                            \
    "(SELECT CASE WHEN count(*) > $2 THEN count(*) - $2 ELSE 0 END FROM"                                                         \
    " (SELECT 1 FROM oauth_client WHERE " these " ORDER BY seen_at LIMIT $2 + $3) AS counted)"
#define LONGEST(these) "SELECT id FROM oauth_client WHERE " these " ORDER BY seen_at LIMIT " EXCESS(these)
/*
 * The grant is asked for since modules older than let_in_at may be at work, too. By the array PostgreSQL finds out once who they
 * are, whatever its plan, and locks in the order of their ids.
 */
#define TRIM(they) "DELETE FROM oauth_client WHERE let_in_at IS NULL AND NOT " HAS_LIVING_GRANT " AND id " they
#define TRIM_OP(these)                                                                                                           \
    {                                                                                                                            \
        .sql = TRIM("= ANY (ARRAY(" LONGEST(these) "))"), .steps = { TRIM("IN (" LONGEST(these) ")") }                           \
    }

store_status_t store_registration_trim(store_t *store, int limit)
{
    static const op_t op = TRIM_OP(REGISTERED);
    const value_t args[] = { v_number(store->now), v_number(REGISTRATION_UNUSED_MAX), v_number(limit), v_text(store->issuer) };

    return db_run(store, &op, args, COUNT(args), NULL) == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

store_status_t store_document_trim(store_t *store, int limit)
{
    static const op_t op = TRIM_OP(DOCUMENTS);
    const value_t args[] = { v_number(store->now), v_number(REGISTRATION_UNUSED_MAX), v_number(limit) };

    return db_run(store, &op, args, COUNT(args), NULL) == STORE_DOWN ? STORE_DOWN : STORE_OK;
}
