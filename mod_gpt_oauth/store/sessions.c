/*
 * Sessions of people who have signed in, one for each browser. Called by grant/user.c, grant/apps.c and `gptoauth user`.
 */
#include "store/sessions.h"

#include "base/fold.h"
#include "store/db.h"

#define ADD                                                                                                                      \
    "INSERT INTO oauth_session (session_hash, issuer, username, created_at, expires_at, public_id, browser)"                     \
    " SELECT $1, $2, $3, $4, $5, $8, $9 WHERE NOT EXISTS (SELECT 1 FROM oauth_user"                                              \
    " WHERE (name = $3 OR name = $7 OR folded = $7) AND disabled_at IS NOT NULL)"                                                \
    " AND ($6 IS NULL OR EXISTS (SELECT 1 FROM oauth_user WHERE name = $3 AND password_hash = $6))"                              \
    " ON CONFLICT DO NOTHING RETURNING 1"
#define ADDED    "SELECT 1 FROM oauth_session WHERE session_hash = $1 AND issuer = $2"
#define USED     "UPDATE oauth_user SET used_at = $4 WHERE "
#define NOT_USED "name = $3 AND $6 IS NOT NULL AND (used_at IS NULL OR used_at < $4 - " SQL_NUMBER(TOUCH_INTERVAL) ")"

/*
 * $6 is none that was made for one time: something stands before that (user_row.h). Of several sign-ins at once none waits for
 * the others to note the use.
 */
store_status_t store_session_add(store_t *store, const digest_t *hash, const user_session_t *session, const char *password_hash)
{
    static const op_t before = { .sql = ADD, .done = ADDED };
    static const op_t op = {
        .sql = "WITH added AS (" ADD "), used AS (" USED "name = (SELECT name FROM oauth_user WHERE " NOT_USED
               " AND EXISTS (SELECT 1 FROM added) FOR UPDATE SKIP LOCKED)) SELECT 1 FROM added",
        .steps = { ADD, USED NOT_USED },
        .done = ADDED,
        .since = 9,
        .before = &before,
    };
    const value_t args[] = {
        v_digest(hash),
        v_text(store->issuer),
        v_text(session->username),
        v_number(store->now),
        v_number(session->expires_at),
        v_text(password_hash),
        v_text(name_fold(store->pool, session->username)),
        v_text(session->public_id),
        v_text(session->browser),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}

#define COLUMNS "s.public_id, s.issuer, s.username, s.browser, s.created_at, COALESCE(s.seen_at, s.created_at), s.expires_at"

static user_session_t *read_session(apr_pool_t *p, const cell_t *cell)
{
    user_session_t *session = apr_palloc(p, sizeof(*session));

    session->public_id = next_text(&cell);
    session->issuer = next_text(&cell);
    session->username = next_text(&cell);
    session->browser = next_text(&cell);
    session->created_at = next_number(&cell);
    session->seen_at = next_number(&cell);
    session->expires_at = next_number(&cell);
    return session;
}

store_status_t store_session_get(store_t *store, const digest_t *hash, user_session_t **session)
{
    static const op_t op = {
        .sql = "SELECT " COLUMNS " FROM oauth_session s LEFT JOIN oauth_user u ON u.name = s.username"
               " WHERE s.session_hash = $1 AND s.issuer = $2 AND s.expires_at > $3 AND u.disabled_at IS NULL",
    };
    const value_t args[] = { v_digest(hash), v_text(store->issuer), v_number(store->now) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *session = read_session(store->pool, cell);
    }
    return status;
}

#define IDLE_SESSION "session_hash = $2 AND issuer = $3 AND COALESCE(seen_at, created_at) < $1 - " SQL_NUMBER(TOUCH_INTERVAL)

store_status_t store_session_touch(store_t *store, const digest_t *hash)
{
    static const op_t op = {
        .sql = "UPDATE oauth_session SET seen_at = $1 WHERE session_hash = (SELECT session_hash FROM oauth_session"
               " WHERE " IDLE_SESSION " FOR UPDATE SKIP LOCKED) RETURNING 1",
        .steps = { "UPDATE oauth_session SET seen_at = $1 WHERE " IDLE_SESSION " RETURNING 1" },
    };
    const value_t args[] = { v_number(store->now), v_digest(hash), v_text(store->issuer) };

    return db_run(store, &op, args, COUNT(args), NULL) == STORE_DOWN ? STORE_DOWN : STORE_OK;
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

/* One statement for each choice of issuer, as one for both would have no index that it could rely on. */
enum { OF_ISSUER, OF_ALL };

#define LIST_OP(these, page)                                                                                                     \
    {                                                                                                                            \
        .sql = "SELECT " COLUMNS " FROM oauth_session s WHERE " these " expires_at > $3 AND (created_at, public_id) < ($4, $5)"  \
               " ORDER BY created_at DESC, public_id DESC LIMIT " SQL_NUMBER(page)                                               \
    }

store_status_t store_session_list(store_t *store, const char *username, const user_session_t *after,
                                  apr_array_header_t **sessions)
{
    static const op_t ops[] = {
        [OF_ISSUER] = LIST_OP("username = $1 AND issuer = $2 AND", LISTING_PAGE),
        [OF_ALL] = LIST_OP("username = $1 AND", LIST_PAGE),
    };
    const value_t args[] = {
        v_text(username),
        v_text(store->issuer),
        v_number(store->now),
        v_number(after ? after->created_at : APR_INT64_MAX),
        v_text(after ? after->public_id : ""),
    };
    rows_t *rows;

    if (db_run(store, &ops[store->issuer ? OF_ISSUER : OF_ALL], args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *sessions = apr_array_make(store->pool, rows->count, sizeof(user_session_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*sessions, user_session_t *) = read_session(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}

store_status_t store_session_end_of(store_t *store, const char *username, const char *public_id)
{
    static const op_t op = {
        .sql = "DELETE FROM oauth_session WHERE username = $1 AND ($2 IS NULL OR issuer = $2) AND public_id = $3 RETURNING 1",
        .done = "SELECT 1", /* gone is gone */
    };
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(public_id) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_session_end_all(store_t *store, const char *username, const char *but, apr_int64_t *count)
{
    static const op_t op = {
        .sql = "WITH gone AS (DELETE FROM oauth_session WHERE username = $1 AND ($2 IS NULL OR issuer = $2)"
               " AND ($3 IS NULL OR public_id <> $3) RETURNING 1) SELECT count(*) FROM gone",
        .steps = {
            "DELETE FROM oauth_session WHERE username = $1 AND ($2 IS NULL OR issuer = $2) AND ($3 IS NULL OR public_id <> $3)",
            "SELECT changes()",
        },
    };
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(but) };

    return db_number(store, &op, args, COUNT(args), count);
}
