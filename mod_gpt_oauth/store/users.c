/*
 * People with a password, and those of another sign-in who are disabled here; names in all their spellings (base/fold.h). Called
 * by grant/user.c and by `gptoauth user`.
 */
#include <apr_hash.h>

#include "base/fold.h"
#include "store/user_row.h"

#define EVER           "name, password_hash, created_at, disabled_at"
#define COLUMNS_BEFORE EVER ", NULL, NULL, NULL"
#define COLUMNS        EVER ", one_time_until, one_time_at, one_time_by"

static user_t *read_user(apr_pool_t *p, const cell_t *cell)
{
    user_t *user = apr_pcalloc(p, sizeof(*user));
    int is_one_time;

    user->name = next_text(&cell);
    user->password_hash = next_text(&cell);
    user->created_at = next_number(&cell);
    user->disabled_at = next_number(&cell);
    user->password_hash = password_kept(user->password_hash, &is_one_time);
    if (is_one_time) {
        user->one_time_until = next_number(&cell);
        user->one_time_until = user->one_time_until > 0 ? user->one_time_until : 1;
        user->one_time_at = next_number(&cell);
        user->one_time_by = next_text(&cell);
    }
    return user;
}

store_status_t store_user_get(store_t *store, const char *name, user_t **user)
{
    static const op_t before = { .sql = "SELECT " COLUMNS_BEFORE " FROM oauth_user WHERE name = $1" };
    static const op_t op = { .sql = "SELECT " COLUMNS " FROM oauth_user WHERE name = $1", .since = 9, .before = &before };
    const value_t args[] = { v_text(name) };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, args, COUNT(args), &cell);

    if (status == STORE_OK) {
        *user = read_user(store->pool, cell);
    }
    return status;
}

store_status_t store_user_twins(store_t *store, const char **one, const char **other)
{
    static const op_t op = { .sql = "SELECT DISTINCT username FROM oauth_grant WHERE username IS NOT NULL AND revoked_at IS NULL",
                             .patient = 1 };
    apr_hash_t *seen = apr_hash_make(store->pool);
    rows_t *rows;
    store_status_t status = db_run(store, &op, NULL, 0, &rows);

    for (int i = 0; status == STORE_OK && i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        const char *name = next_text(&cell), *folded = name_fold(store->pool, name);

        *one = apr_hash_get(seen, folded, APR_HASH_KEY_STRING);
        if (*one) {
            *other = name;
            return STORE_OK;
        }
        apr_hash_set(seen, folded, APR_HASH_KEY_STRING, name);
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_REFUSED;
}

store_status_t store_user_spellings(store_t *store, const char *name, apr_array_header_t **names)
{
    static const op_t op = {
        .sql = "SELECT name FROM oauth_user UNION SELECT username FROM oauth_session"
               " UNION SELECT username FROM oauth_grant WHERE username IS NOT NULL",
        .patient = 1,
    };
    const char *folded = name_fold(store->pool, name);
    apr_pool_t *p;
    rows_t *rows;
    store_status_t status = db_run(store, &op, NULL, 0, &rows);

    if (status == STORE_DOWN) {
        return status;
    }
    *names = apr_array_make(store->pool, 4, sizeof(const char *));
    apr_pool_create(&p, store->pool);
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        const char *other = next_text(&cell);

        if (strcmp(other, name) != 0 && strcmp(name_fold(p, other), folded) == 0) {
            APR_ARRAY_PUSH(*names, const char *) = other;
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return STORE_OK;
}

store_status_t store_user_fold_all(store_t *store)
{
    static const op_t unfolded = { .sql = "SELECT name FROM oauth_user WHERE folded IS NULL", .patient = 1 };
    static const op_t fold = { .sql = "UPDATE oauth_user SET folded = $2 WHERE name = $1 RETURNING 1" };
    rows_t *rows;
    store_status_t status = db_run(store, &unfolded, NULL, 0, &rows);

    for (int i = 0; status == STORE_OK && i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        const char *name = next_text(&cell);
        const value_t args[] = { v_text(name), v_text(name_fold(store->pool, name)) };

        if (strcmp(args[1].text, name) != 0 && db_run(store, &fold, args, COUNT(args), NULL) == STORE_DOWN) {
            return STORE_DOWN;
        }
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

store_status_t store_user_is_disabled(store_t *store, const char *name)
{
    static const op_t op = { .sql = "SELECT 1 FROM oauth_user WHERE (name = $1 OR name = $2 OR folded = $2)"
                                    " AND disabled_at IS NOT NULL LIMIT 1" };
    const value_t args[] = { v_text(name), v_text(name_fold(store->pool, name)) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_user_other_spelling(store_t *store, const char *name, const char **other)
{
    static const op_t op = { .sql = "SELECT name FROM oauth_user WHERE name <> $1 AND (name = $2 OR folded = $2)"
                                    " AND password_hash IS NOT NULL LIMIT 1" };
    const value_t args[] = { v_text(name), v_text(name_fold(store->pool, name)) };

    return db_text(store, &op, args, COUNT(args), other);
}

#define LIST(columns) "SELECT " columns " FROM oauth_user WHERE name > $1 ORDER BY name LIMIT " SQL_NUMBER(LIST_PAGE)

store_status_t store_user_list(store_t *store, const user_t *after, apr_array_header_t **users)
{
    static const op_t before = { .sql = LIST(COLUMNS_BEFORE) };
    static const op_t op = { .sql = LIST(COLUMNS), .since = 9, .before = &before };
    const value_t args[] = { v_text(after ? after->name : "") };
    rows_t *rows;
    store_status_t status = db_run(store, &op, args, COUNT(args), &rows);

    if (status == STORE_DOWN) {
        return status;
    }
    *users = apr_array_make(store->pool, rows->count, sizeof(user_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*users, user_t *) = read_user(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}

/* Whose the password is: what was noted of a one-time one is not read once there is another. */
enum { OWN, ONCE };

#define INSERT(columns, values, change)                                                                                          \
    .sql = "INSERT INTO oauth_user (name, password_hash, created_at, folded" columns ")"                                         \
           " VALUES ($1, $2, $3, NULLIF($4, $1)" values ")"                                                                      \
           " ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash" change                                     \
           " WHERE oauth_user.password_hash IS NULL RETURNING 1",                                                                \
    .done = "SELECT 1 FROM oauth_user WHERE name = $1 AND password_hash = $2"

store_status_t store_user_insert(store_t *store, const char *name, const password_t *password)
{
    static const op_t ops[] = {
        [OWN] = { INSERT("", "", "") },
        [ONCE] = { INSERT(", one_time_until, one_time_at, one_time_by", ", $5, $3, $6",
                          ", one_time_until = excluded.one_time_until, one_time_at = excluded.one_time_at,"
                          " one_time_by = excluded.one_time_by"),
                   .since = 9 },
    };
    const value_t args[] = {
        v_text(name),
        v_text(password->stored),
        v_number(store->now),
        v_text(name_fold(store->pool, name)),
        v_number(password->until),
        v_text(password->by),
    };

    return db_run(store, &ops[password->until ? ONCE : OWN], args, COUNT(args), NULL);
}

store_status_t store_user_add(store_t *store, const char *name, const char *password_hash)
{
    return store_user_insert(store, name, &(password_t){ .stored = password_hash });
}

#define SET_PASSWORD(more) "UPDATE oauth_user SET password_hash = $2" more " WHERE name = $1 RETURNING "
#define RESET(more)                                                                                                              \
    .sql = "WITH changed AS (" SET_PASSWORD(                                                                                     \
        more) "name),"                                                                                                           \
              " sessions AS (DELETE FROM oauth_session WHERE username IN (SELECT name FROM changed)),"                           \
              " browsers AS (DELETE FROM oauth_browser WHERE username = $4 AND EXISTS (SELECT 1 FROM changed)),"                 \
              " killed AS (UPDATE oauth_grant SET revoked_at = $3 WHERE revoked_at IS NULL AND username = $1"                    \
              " AND EXISTS (SELECT 1 FROM changed))"                                                                             \
              " SELECT 1 FROM changed",                                                                                          \
    .steps = {                                                                                                                   \
        SET_PASSWORD(more) "1",                                                                                                  \
        "DELETE FROM oauth_session WHERE username = $1",                                                                         \
        "DELETE FROM oauth_browser WHERE username = $4",                                                                         \
        "UPDATE oauth_grant SET revoked_at = $3 WHERE revoked_at IS NULL AND username = $1",                                     \
    }

/* Users belong to no issuer: all of theirs end. */
store_status_t store_user_reset(store_t *store, const char *name, const password_t *password)
{
    static const op_t ops[] = {
        [OWN] = { RESET("") },
        [ONCE] = { RESET(", one_time_until = $5, one_time_at = $3, one_time_by = $6"), .since = 9 },
    };
    const value_t args[] = {
        v_text(name),
        v_text(password->stored),
        v_number(store->now),
        v_text(name_fold(store->pool, name)),
        v_number(password->until),
        v_text(password->by),
    };

    return db_run(store, &ops[password->until ? ONCE : OWN], args, COUNT(args), NULL);
}

store_status_t store_user_set_password(store_t *store, const char *name, const char *password_hash)
{
    return store_user_reset(store, name, &(password_t){ .stored = password_hash });
}

#define CHANGE(returned)                                                                                                         \
    "UPDATE oauth_user SET password_hash = $2"                                                                                   \
    " WHERE name = $1 AND password_hash = $5 AND disabled_at IS NULL RETURNING " returned

/* The user's own doing, to whose grants it makes no difference unless he says so. */
store_status_t store_user_change_password(store_t *store, const char *name, const char *old_hash, const char *password_hash,
                                          int ends_apps, apr_int64_t *revoked)
{
    static const op_t op = {
        .sql = "WITH changed AS (" CHANGE("name") "),"
               " sessions AS (DELETE FROM oauth_session WHERE username IN (SELECT name FROM changed)),"
               " browsers AS (DELETE FROM oauth_browser WHERE username = $4 AND EXISTS (SELECT 1 FROM changed)),"
               " consents AS (DELETE FROM oauth_consent WHERE username = $1 AND $6 = 1 AND EXISTS (SELECT 1 FROM changed)),"
               " killed AS (UPDATE oauth_grant SET revoked_at = $3 WHERE revoked_at IS NULL AND username = $1 AND $6 = 1"
               " AND EXISTS (SELECT 1 FROM changed) RETURNING 1)"
               " SELECT (SELECT count(*) FROM killed) FROM changed",
        .steps = {
            (CHANGE("1")), /* clang-tidy takes it for two, with a comma missing */
            "DELETE FROM oauth_session WHERE username = $1",
            "DELETE FROM oauth_browser WHERE username = $4",
            "DELETE FROM oauth_consent WHERE username = $1 AND $6 = 1",
            "UPDATE oauth_grant SET revoked_at = $3 WHERE revoked_at IS NULL AND username = $1 AND $6 = 1",
            "SELECT changes()",
        },
        .done = "SELECT (SELECT count(*) FROM oauth_grant WHERE username = $1 AND revoked_at = $3 AND $6 = 1)"
                " FROM oauth_user WHERE name = $1 AND password_hash = $2",
    };
    const value_t args[] = {
        v_text(name),     v_text(password_hash),    v_number(store->now), v_text(name_fold(store->pool, name)),
        v_text(old_hash), v_number(ends_apps != 0),
    };

    return db_number(store, &op, args, COUNT(args), revoked);
}

static store_status_t disable(store_t *store, const char *name, apr_int64_t disabled_at)
{
    static const op_t op = {
        .sql = "WITH sessions AS (DELETE FROM oauth_session WHERE username = $1)"
               " INSERT INTO oauth_user (name, created_at, disabled_at, folded) VALUES ($1, $3, $2, NULLIF($4, $1))"
               " ON CONFLICT (name) DO UPDATE SET disabled_at = excluded.disabled_at, folded = excluded.folded RETURNING 1",
        .steps = {
            "INSERT INTO oauth_user (name, created_at, disabled_at, folded) VALUES ($1, $3, $2, NULLIF($4, $1))"
            " ON CONFLICT (name) DO UPDATE SET disabled_at = excluded.disabled_at, folded = excluded.folded RETURNING 1",
            "DELETE FROM oauth_session WHERE username = $1",
        },
    };
    const value_t args[] = { v_text(name), v_number(disabled_at), v_number(store->now), v_text(name_fold(store->pool, name)) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

static store_status_t enable(store_t *store, const char *name)
{
    static const op_t op = { .sql = "UPDATE oauth_user SET disabled_at = NULL WHERE name = $1 RETURNING 1" };
    const value_t args[] = { v_text(name) };

    return db_run(store, &op, args, COUNT(args), NULL);
}

store_status_t store_user_set_disabled(store_t *store, const char *name, apr_int64_t disabled_at)
{
    return disabled_at ? disable(store, name, disabled_at) : enable(store, name);
}

store_status_t store_user_remove(store_t *store, const char *name)
{
    static const op_t op = {
        .sql = "WITH users AS (DELETE FROM oauth_user WHERE name = $1 RETURNING 1),"
               " grants AS (DELETE FROM oauth_grant WHERE username = $1 RETURNING 1),"
               " sessions AS (DELETE FROM oauth_session WHERE username = $1),"
               " browsers AS (DELETE FROM oauth_browser WHERE username = $2),"
               " consents AS (DELETE FROM oauth_consent WHERE username = $1)"
               " SELECT 1 FROM users UNION SELECT 1 FROM grants",
        .steps = {
            "SELECT 1 FROM oauth_user WHERE name = $1 UNION SELECT 1 FROM oauth_grant WHERE username = $1",
            "DELETE FROM oauth_user WHERE name = $1",
            "DELETE FROM oauth_grant WHERE username = $1",
            "DELETE FROM oauth_session WHERE username = $1",
            "DELETE FROM oauth_browser WHERE username = $2",
            "DELETE FROM oauth_consent WHERE username = $1",
        },
        .done = "SELECT 1", /* gone is gone */
    };
    const value_t args[] = { v_text(name), v_text(name_fold(store->pool, name)) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
