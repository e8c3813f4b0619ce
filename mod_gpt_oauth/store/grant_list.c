/*
 * Grants as the administrator sees them: all of a user, of a client, or of both, to be listed or revoked, however many there
 * are. Called by `gptoauth grant`.
 */
#include "store/grant_list.h"

#include "store/db.h"

/*
 * One statement for each choice of user and client, as one for all of them would have no index that it could rely on. A client,
 * which may have a large part of all grants, is written as a range of which each bound is compared by itself: for an equal client
 * PostgreSQL would take the order of time from the index of all grants and look for the client there, and what it guesses of
 * `client_id >= $4 AND client_id <= $4` without knowing $4 is so little that it would sort it.
 */
enum { OF_ALL, OF_USER, OF_CLIENT, OF_BOTH, OF_USER_HERE };
#define USER "username = $3"
#define BOTH USER " AND client_id = $4"

static int choice_of(const char *username, const char *client_id)
{
    return (username ? OF_USER : OF_ALL) + (client_id ? OF_CLIENT : OF_ALL);
}

/*
 * Each locks those that it chooses, so that one that is being rotated is waited for and killed like the others; the oldest first,
 * so that the next one need not go over those that are dead already.
 */
#define THESE(chosen, since, order)                                                                                              \
    "SELECT id FROM oauth_grant WHERE " chosen " AND " since " AND revoked_at IS NULL AND ($2 IS NULL OR issuer = $2)"           \
    " ORDER BY " order " LIMIT 1000"
#define KILL(they) "UPDATE oauth_grant SET revoked_at = $1 WHERE revoked_at IS NULL AND id " they " RETURNING created_at"
#define KILL_OP(these)                                                                                                           \
    {                                                                                                                            \
        .sql = KILL("= ANY (ARRAY(" these " FOR UPDATE))"), .steps = { KILL("IN (" these ")") }                                  \
    }

static store_status_t kill_some(store_t *store, const char *username, const char *client_id, apr_int64_t *since, int *count)
{
    static const op_t ops[] = {
        [OF_USER] = KILL_OP(THESE(USER, "created_at >= $5", "created_at")),
        [OF_CLIENT] = KILL_OP(THESE("client_id <= $4", "(client_id, created_at) >= ($4, $5)", "client_id, created_at")),
        [OF_BOTH] = KILL_OP(THESE(BOTH, "created_at >= $5", "created_at")),
    };
    const value_t args[] = { v_number(store->now), v_text(store->issuer), v_text(username), v_text(client_id), v_number(*since) };
    rows_t *rows;
    store_status_t status = db_run(store, &ops[choice_of(username, client_id)], args, COUNT(args), &rows);

    *count = status == STORE_OK ? rows->count : 0;
    for (int i = 0; i < *count; i++) {
        const cell_t *cell = db_row(rows, i);
        apr_int64_t created_at = next_number(&cell);

        *since = created_at > *since ? created_at : *since;
    }
    return status;
}

#define ASKED(row, chosen, order)                                                                                                \
    "SELECT " row " FROM oauth_consent WHERE " chosen " AND ($2 IS NULL OR issuer = $2) ORDER BY " order " LIMIT 1000"
#define FORGET_OP(chosen, order)                                                                                                 \
    {                                                                                                                            \
        .sql = "DELETE FROM oauth_consent WHERE ctid = ANY (ARRAY(" ASKED("ctid", chosen, order) " FOR UPDATE)) RETURNING 1",    \
        .steps = {                                                                                                               \
            "DELETE FROM oauth_consent WHERE rowid IN (" ASKED("rowid", chosen, order) ") RETURNING 1"                           \
        }                                                                                                                        \
    }

static store_status_t forget_some(store_t *store, const char *username, const char *client_id)
{
    static const op_t ops[] = {
        [OF_USER] = FORGET_OP(USER, "username, client_id"),
        [OF_CLIENT] = FORGET_OP("client_id <= $4 AND (client_id, username) >= ($4, '')", "client_id"),
        [OF_BOTH] = FORGET_OP(BOTH, "username, client_id"),
    };
    const value_t args[] = { v_number(store->now), v_text(store->issuer), v_text(username), v_text(client_id) };

    return db_run(store, &ops[choice_of(username, client_id)], args, COUNT(args), NULL);
}

/* Consents first: whoever is let in after that was let in anew. */
store_status_t store_grant_revoke_all(store_t *store, const char *username, const char *client_id, apr_int64_t *count)
{
    apr_int64_t since = 0;
    store_status_t status;
    int some;

    *count = 0;
    if (!username && !client_id) {
        return STORE_REFUSED;
    }
    while ((status = forget_some(store, username, client_id)) == STORE_OK) {}
    while (status != STORE_DOWN && !store->is_spent &&
           (status = kill_some(store, username, client_id, &since, &some)) == STORE_OK) {
        *count += some;
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

/*
 * Sub-SELECT: no plan goes over all clients for their names. One comparison with the time: by two PostgreSQL would guess that
 * so few grants live that it may as well sort them.
 */
#define END_OF_IT "CASE WHEN expires_at < ends_at THEN expires_at ELSE ends_at END"
#define LIST_OP(before, order, page)                                                                                             \
    {                                                                                                                            \
        .sql = "SELECT id, client_id, (SELECT name FROM oauth_client WHERE oauth_client.id = client_id), username, scope,"       \
               " resource, created_at, expires_at, used_at, refresh_expires_at FROM oauth_grant WHERE " before                   \
               " AND revoked_at IS NULL AND " END_OF_IT " > $1 AND ($2 IS NULL OR issuer = $2)"                                  \
               " ORDER BY " order "created_at DESC, id DESC LIMIT " SQL_NUMBER(page)                                             \
    }
#define BEFORE "(created_at, id) < ($5, $6)"

static listed_grant_t *read_listed(apr_pool_t *p, const cell_t *cell)
{
    listed_grant_t *grant = apr_palloc(p, sizeof(*grant));

    grant->id = next_text(&cell);
    grant->client_id = next_text(&cell);
    grant->client_name = next_text(&cell);
    grant->username = next_text(&cell);
    grant->scope = next_text(&cell);
    grant->resource = next_text(&cell);
    grant->created_at = next_number(&cell);
    grant->expires_at = next_number(&cell);
    grant->used_at = next_number(&cell);
    grant->refresh_expires_at = next_number(&cell);
    return grant;
}

store_status_t store_grant_list(store_t *store, const char *username, const char *client_id, const listed_grant_t *after,
                                apr_array_header_t **grants)
{
    static const op_t ops[] = {
        [OF_ALL] = LIST_OP(BEFORE, "", LIST_PAGE),
        [OF_USER] = LIST_OP(USER " AND " BEFORE, "", LIST_PAGE),
        [OF_CLIENT] = LIST_OP("client_id >= $4 AND (client_id, created_at, id) < ($4, $5, $6)", "client_id DESC, ", LIST_PAGE),
        [OF_BOTH] = LIST_OP(BOTH " AND " BEFORE, "", LIST_PAGE),
        [OF_USER_HERE] = LIST_OP(USER " AND " BEFORE, "", LISTING_PAGE),
    };
    const value_t args[] = {
        v_number(store->now),
        v_text(store->issuer),
        v_text(username),
        v_text(client_id),
        v_number(after ? after->created_at : APR_INT64_MAX),
        v_text(after ? after->id : ""),
    };
    int choice = store->issuer && username && !client_id ? OF_USER_HERE : choice_of(username, client_id);
    rows_t *rows;

    if (db_run(store, &ops[choice], args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *grants = apr_array_make(store->pool, rows->count, sizeof(listed_grant_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*grants, listed_grant_t *) = read_listed(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}
