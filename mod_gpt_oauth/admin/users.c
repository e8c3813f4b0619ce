/*
 * Users: who may be added and get a password, and what is done to all spellings of a name. Called by `gptoauth user` and the
 * console.
 */
#include "admin/users.h"

#include <apr_strings.h>

#include "base/password.h"
#include "grant/user.h"
#include "store/one_time.h"
#include "store/sessions.h"

/* A sentence with the name in it. */
static store_status_t refuse(store_t *store, const char *before, const char *name, const char *behind, const char **problem)
{
    *problem = apr_pstrcat(store->pool, before, " \"", name, "\"", behind, NULL);
    return STORE_REFUSED;
}

static store_status_t refuse_unknown(store_t *store, const char *name, const char **problem)
{
    return refuse(store, "there is no user", name, " here", problem);
}

static store_status_t refuse_taken(store_t *store, const char *name, const char **problem)
{
    return refuse(store, "there is already a user", name, "", problem);
}

store_status_t admin_user_may_add(store_t *store, const char *name, const char **problem)
{
    user_t *user;
    const char *other;
    store_status_t status;

    *problem = user_sign_in_problem(store->pool, name);
    if (*problem) {
        return STORE_REFUSED;
    }
    /* A row without a password is left by disabling somebody of another sign-in. */
    status = store_user_get(store, name, &user);
    if (status == STORE_OK && user->password_hash) {
        return refuse_taken(store, name, problem);
    }
    if (status == STORE_DOWN) {
        return STORE_DOWN;
    }
    switch (store_user_other_spelling(store, name, &other)) {
    case STORE_OK:
        return refuse(store, "there is already a user", other, ", and two spellings of one name are one person", problem);
    case STORE_DOWN: return STORE_DOWN;
    case STORE_REFUSED: break;
    }
    return STORE_OK;
}

store_status_t admin_user_add(store_t *store, const char *name, const char *hash, const char **problem)
{
    store_status_t status = admin_user_may_add(store, name, problem);

    if (status == STORE_OK && (status = store_user_add(store, name, hash)) == STORE_REFUSED) {
        return refuse_taken(store, name, problem);
    }
    return status;
}

store_status_t admin_user_get(store_t *store, const char *name, user_t **user, const char **problem)
{
    store_status_t status = store_user_get(store, name, user);

    return status == STORE_REFUSED ? refuse_unknown(store, name, problem) : status;
}

store_status_t admin_user_may_passwd(store_t *store, const char *name, const char **problem)
{
    user_t *user;
    store_status_t status = admin_user_get(store, name, &user, problem);

    if (status == STORE_OK && !user->password_hash) {
        return refuse(store, "the user", name, " signs in elsewhere", problem);
    }
    return status;
}

store_status_t admin_user_passwd(store_t *store, const char *name, const char *hash, const char **problem)
{
    store_status_t status = admin_user_may_passwd(store, name, problem);

    if (status == STORE_OK && (status = store_user_set_password(store, name, hash)) == STORE_REFUSED) {
        return refuse_unknown(store, name, problem);
    }
    return status;
}

/* 80 bits in groups that can be read out, of letters and digits that look like no others (Crockford's). */
static const char *make_password(apr_pool_t *p)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char random[16];
    char *text = apr_palloc(p, 20), *end = text;

    crypto_random(random, sizeof(random));
    for (int i = 0; i < 16; i++) {
        if (i && i % 4 == 0) {
            *end++ = '-';
        }
        *end++ = alphabet[random[i] % 32];
    }
    *end = '\0';
    return text;
}

/* STORE_DOWN when there is no memory to hash with. */
static store_status_t make_one_time(store_t *store, const char *by, const char **text, one_time_t *made)
{
    *text = make_password(store->pool);
    made->password_hash = password_hash(store->pool, *text);
    made->until = store->now + ONE_TIME_LIFETIME;
    made->by = by;
    if (!made->password_hash) {
        store->problem = "the one-time password could not be hashed";
        return STORE_DOWN;
    }
    return STORE_OK;
}

store_status_t admin_user_add_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem)
{
    const char *text;
    one_time_t made;
    store_status_t status = admin_user_may_add(store, name, problem);

    if (status != STORE_OK || (status = make_one_time(store, by, &text, &made)) != STORE_OK) {
        return status;
    }
    status = store_user_add_one_time(store, name, &made);
    if (status == STORE_REFUSED) {
        return refuse_taken(store, name, problem);
    }
    *password = status == STORE_OK ? text : *password;
    return status;
}

store_status_t admin_user_set_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem)
{
    const char *text;
    one_time_t made;
    store_status_t status = admin_user_may_passwd(store, name, problem);

    if (status != STORE_OK || (status = make_one_time(store, by, &text, &made)) != STORE_OK) {
        return status;
    }
    status = store_user_set_one_time(store, name, &made);
    if (status == STORE_REFUSED) {
        return refuse_unknown(store, name, problem);
    }
    *password = status == STORE_OK ? text : *password;
    return status;
}

int admin_user_is_disabled(store_t *store, const char *name)
{
    return store_user_is_disabled(store, name) == STORE_OK;
}

/* The name itself first: from then on no spelling signs in, so that none is added to those that are looked for. */
store_status_t admin_user_set_disabled(store_t *store, const char *name, int is_disabled, const char **problem)
{
    apr_int64_t disabled_at = is_disabled ? store->now : 0;
    apr_array_header_t *names;
    store_status_t status;

    *problem = user_name_problem(name);
    if (*problem) {
        return STORE_REFUSED;
    }
    status = store_user_set_disabled(store, name, disabled_at);
    if (store->is_spent) {
        return status;
    }
    if (status == STORE_DOWN || store_user_spellings(store, name, &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        switch (store_user_set_disabled(store, APR_ARRAY_IDX(names, i, const char *), disabled_at)) {
        case STORE_OK: status = STORE_OK; break;
        case STORE_DOWN: return STORE_DOWN;
        case STORE_REFUSED: break;
        }
    }
    return status == STORE_OK ? STORE_OK : refuse_unknown(store, name, problem);
}

/* With what other spellings were granted, and that they are disabled; but a user who has a password of his own is another one. */
store_status_t admin_user_remove(store_t *store, const char *name, const char **problem)
{
    apr_array_header_t *names;
    user_t *user;
    store_status_t status, found;

    if (store_user_spellings(store, name, &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    status = store_user_remove(store, name);
    for (int i = 0; status != STORE_DOWN && !store->is_spent && i < names->nelts; i++) {
        const char *spelling = APR_ARRAY_IDX(names, i, const char *);

        found = store_user_get(store, spelling, &user);
        if (found == STORE_REFUSED || (found == STORE_OK && !user->password_hash)) {
            found = store_user_remove(store, spelling);
        }
        status = found == STORE_DOWN || status == STORE_REFUSED ? found : status;
    }
    return status == STORE_REFUSED ? refuse_unknown(store, name, problem) : status;
}

store_status_t admin_user_sign_out(store_t *store, const char *name, apr_int64_t *count)
{
    apr_array_header_t *names;
    store_status_t status;

    *count = 0;
    status = store_session_end_all(store, name, NULL, count);
    if (store->is_spent) {
        return status;
    }
    if (status == STORE_DOWN || store_user_spellings(store, name, &names) == STORE_DOWN) {
        return STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        apr_int64_t more = 0;

        if (store_session_end_all(store, APR_ARRAY_IDX(names, i, const char *), NULL, &more) == STORE_DOWN) {
            return STORE_DOWN;
        }
        *count += more;
    }
    return STORE_OK;
}
