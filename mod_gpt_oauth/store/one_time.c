/*
 * One-time passwords. Called by admin/users.c and by the page on which a user chooses another one.
 */
#include "store/one_time.h"

#include <apr_strings.h>

#include "base/fold.h"
#include "store/user_row.h"

static password_t kept(const store_t *store, const one_time_t *password)
{
    return (password_t){ apr_pstrcat(store->pool, ONE_TIME, password->password_hash, NULL), password->until, password->by };
}

store_status_t store_user_add_one_time(store_t *store, const char *name, const one_time_t *password)
{
    const password_t stored = kept(store, password);

    return store_user_insert(store, name, &stored);
}

store_status_t store_user_set_one_time(store_t *store, const char *name, const one_time_t *password)
{
    const password_t stored = kept(store, password);

    return store_user_reset(store, name, &stored);
}

#define CHOOSE                                                                                                                   \
    "UPDATE oauth_user SET password_hash = $2, one_time_until = NULL, one_time_at = NULL, one_time_by = NULL"                    \
    " WHERE name = $1 AND password_hash = $3 AND one_time_until > $4"                                                            \
    " AND NOT EXISTS (SELECT 1 FROM oauth_user WHERE (name = $1 OR name = $5 OR folded = $5) AND disabled_at IS NOT NULL)"       \
    " RETURNING name"

store_status_t store_user_choose_password(store_t *store, const char *name, const char *one_time_hash, const char *password_hash)
{
    static const op_t op = {
        .sql = "WITH changed AS (" CHOOSE "),"
               " sessions AS (DELETE FROM oauth_session WHERE username IN (SELECT name FROM changed))"
               " SELECT 1 FROM changed",
        .steps = { CHOOSE, "DELETE FROM oauth_session WHERE username = $1" },
        .done = "SELECT 1 FROM oauth_user WHERE name = $1 AND password_hash = $2",
        .since = 9,
    };
    const value_t args[] = {
        v_text(name),
        v_text(password_hash),
        v_text(apr_pstrcat(store->pool, ONE_TIME, one_time_hash, NULL)),
        v_number(store->now),
        v_text(name_fold(store->pool, name)),
    };

    return db_run(store, &op, args, COUNT(args), NULL);
}
