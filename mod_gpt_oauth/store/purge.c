/*
 * Deletes what is long dead, one table after the other and so many rows at a time. Called by `gptoauth purge`.
 */
#include "store/purge.h"

#include "store/db.h"
#include "store/lease.h"

/*
 * One who purges at a time: of two hosts the second gets -1 and has done nothing. Rows are taken by the oldest, as then an index
 * is used whatever the statistics say, and rows that somebody has locked are left for the next time, and so are those that come
 * to life meanwhile (the grant of a service account).
 */
#define TURN                          "WITH turn AS (SELECT pg_try_advisory_xact_lock(6749, 6751) AS is_ours)"
#define OLDEST(row, table, dead, age) "SELECT " row " FROM " table " WHERE " dead " ORDER BY " age " LIMIT $2"
#define PURGE(table, dead, age, ...)                                                                                             \
    {                                                                                                                            \
        .sql = TURN ", gone AS (DELETE FROM " table " WHERE ctid = ANY (ARRAY(" OLDEST(                                          \
            "ctid", table, "(SELECT is_ours FROM turn) AND " dead,                                                               \
            age) " FOR UPDATE SKIP LOCKED)) RETURNING 1)"                                                                        \
                 " SELECT CASE WHEN is_ours THEN (SELECT count(*) FROM gone) ELSE -1 END FROM turn",                             \
        .steps = { "DELETE FROM " table " WHERE rowid IN (" OLDEST("rowid", table, dead, age) ")", "SELECT changes()" },         \
        .patient = 1, __VA_ARGS__                                                                                                \
    }

/* In place of what deletes from a table that is not there yet. */
static const op_t nothing = { .sql = "SELECT 0" };

/*
 * The dead are kept for a while: tokens an hour, so that "expired" can be told from "unknown"; codes and grants a day, so that a
 * spent code or refresh token that comes back is recognised. At all issuers, those included that are configured no more.
 */
static const op_t aged[] = {
    PURGE("oauth_access_token", "expires_at < $1 - 3600", "expires_at"),
    PURGE("oauth_session", "expires_at < $1", "expires_at"),
    PURGE("oauth_browser", "expires_at < $1", "expires_at"),
    PURGE("oauth_throttle", "until_at < $1 - 86400", "until_at"),
    PURGE("oauth_code", "expires_at < $1 - 86400", "expires_at"),
    PURGE("oauth_action", "spent_at < $1 - 86400", "spent_at", .since = 9, .before = &nothing),
    PURGE("oauth_consent", "COALESCE(ends_at, created_at + 31536000) < $1", "COALESCE(ends_at, created_at + 31536000)"),
};

enum { GRANTS = COUNT(aged), REGISTRATIONS, END };

/* Grants among which one step looks for dead ones, for each that it may delete. */
#define LOOKS 10

/*
 * No index can know which grants are dead, since each rotation would have to write there, too. So all are looked at, from the
 * oldest on, some at a time.
 */
static store_status_t purge_grants(store_t *store, int limit, apr_int64_t *count)
{
    static const op_t ahead = {
        .sql = "SELECT created_at FROM oauth_grant WHERE created_at >= $1 ORDER BY created_at LIMIT 1 OFFSET $2", .patient = 1
    };
    static const op_t op = PURGE("oauth_grant",
                                 "created_at >= $3 AND created_at <= $4"
                                 " AND (revoked_at < $1 - 86400 OR expires_at < $1 - 86400 OR ends_at < $1 - 86400)",
                                 "created_at");
    purge_t *purge = &store->source->purge;
    apr_int64_t last = APR_INT64_MAX;
    const value_t from[] = { v_number(purge->created_at), v_number((apr_int64_t)limit * LOOKS) };
    store_status_t status = db_number(store, &ahead, from, COUNT(from), &last);

    if (status != STORE_DOWN) {
        const value_t args[] = { v_number(store->now), v_number(limit), v_number(purge->created_at), v_number(last) };

        status = db_number(store, &op, args, COUNT(args), count);
    }
    if (status == STORE_OK && *count >= 0 && *count < limit) {
        purge->created_at = last + (last < APR_INT64_MAX);
        return last < APR_INT64_MAX ? STORE_OK : STORE_REFUSED;
    }
    return status;
}

/* STORE_REFUSED: nothing more is to be done with this table. *count is -1 when it is another's turn. */
static store_status_t purge_table(store_t *store, int table, int limit, apr_int64_t *count)
{
    const value_t args[] = { v_number(store->now), v_number(limit) };
    store_status_t status;

    switch (table) {
    case GRANTS: return purge_grants(store, limit, count);
    case REGISTRATIONS: return store_registration_purge(store, limit, count);
    default:
        status = db_number(store, &aged[table], args, COUNT(args), count);
        return status == STORE_OK && *count >= 0 && *count < limit ? STORE_REFUSED : status;
    }
}

store_status_t store_purge(store_t *store, int limit, apr_int64_t *count)
{
    purge_t *purge = &store->source->purge;
    store_status_t status;

    *count = 0;
    status = purge_table(store, purge->table, limit, count);
    *count = *count > 0 ? *count : 0;
    if (status == STORE_OK) {
        return STORE_OK;
    }
    /* A table that cannot be purged must not keep the others from it. */
    purge->created_at = 0;
    if (++purge->table == END) {
        purge->table = 0;
        return status;
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_OK;
}
