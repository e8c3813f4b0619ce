/*
 * The rules for users. Called by cli/user_cmd.c, cli/session_cmd.c and the console.
 */
#include "admin/users.h"

#include <string.h>

#include <apr_strings.h>

#include "base/password.h"
#include "grant/user.h"
#include "store/one_time.h"
#include "store/sessions.h"

static store_status_t taken(const store_t *store, const char *name, const char **problem)
{
    *problem = apr_pstrcat(store->pool, "there is already a user \"", name, "\"", NULL);
    return STORE_REFUSED;
}

static store_status_t unknown(const store_t *store, const char *name, store_status_t status, const char **problem)
{
    *problem = apr_pstrcat(store->pool, "there is no user \"", name, "\" here", NULL);
    return status;
}

store_status_t admin_user_may_add(store_t *store, const char *name, const char **problem)
{
    const char *other;
    user_t *user;
    store_status_t status;

    if ((*problem = user_sign_in_problem(store->pool, name))) {
        return STORE_REFUSED;
    }
    /* A row without a password is left by disabling. */
    status = store_user_get(store, name, &user);
    if (status == STORE_DOWN) {
        return status;
    }
    if (status == STORE_OK && user->password_hash) {
        return taken(store, name, problem);
    }
    status = store_user_other_spelling(store, name, &other);
    if (status == STORE_OK) {
        *problem = apr_pstrcat(store->pool, "there is already a user \"", other,
                               "\", and two spellings of one name are one person", NULL);
        return STORE_REFUSED;
    }
    return status == STORE_DOWN ? STORE_DOWN : STORE_OK;
}

store_status_t admin_user_add(store_t *store, const char *name, const char *hash, const char **problem)
{
    store_status_t status = store_user_add(store, name, hash);

    return status == STORE_REFUSED ? taken(store, name, problem) : status;
}

store_status_t admin_user_may_passwd(store_t *store, const char *name, const char **problem)
{
    user_t *user;
    store_status_t status = store_user_get(store, name, &user);

    if (status == STORE_OK && !user->password_hash) {
        *problem = apr_pstrcat(store->pool, "the user \"", name, "\" signs in elsewhere", NULL);
        return STORE_REFUSED;
    }
    return unknown(store, name, status, problem);
}

store_status_t admin_user_passwd(store_t *store, const char *name, const char *hash, const char **problem)
{
    return unknown(store, name, store_user_set_password(store, name, hash), problem);
}

/* 80 bits as 16 characters, none of which looks like another, in groups that can be read out. */
static const char *new_password(apr_pool_t *p)
{
    static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned char bits[16];
    char *text = apr_palloc(p, 20), *c = text;

    crypto_random(bits, sizeof(bits));
    for (int i = 0; i < 16; i++) {
        if (i && i % 4 == 0) {
            *c++ = '-';
        }
        *c++ = alphabet[bits[i] % 32];
    }
    *c = '\0';
    return text;
}

static store_status_t make(store_t *store, const char *by, const char **password, one_time_t *made, const char **problem)
{
    *password = new_password(store->pool);
    *made =
        (one_time_t){ .password_hash = password_hash(store->pool, *password), .until = store->now + ONE_TIME_LIFETIME, .by = by };
    *problem = "the password could not be hashed";
    return made->password_hash ? STORE_OK : STORE_REFUSED;
}

store_status_t admin_user_add_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem)
{
    const char *text;
    one_time_t made;
    store_status_t status = admin_user_may_add(store, name, problem);

    if (status == STORE_OK && (status = make(store, by, &text, &made, problem)) == STORE_OK &&
        (status = store_user_add_one_time(store, name, &made)) == STORE_REFUSED) {
        status = taken(store, name, problem);
    }
    *password = status == STORE_OK ? text : NULL;
    return status;
}

store_status_t admin_user_set_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem)
{
    const char *text;
    one_time_t made;
    store_status_t status = admin_user_may_passwd(store, name, problem);

    if (status == STORE_OK && (status = make(store, by, &text, &made, problem)) == STORE_OK) {
        status = unknown(store, name, store_user_set_one_time(store, name, &made), problem);
    }
    *password = status == STORE_OK ? text : NULL;
    return status;
}

/* The name itself first: from then on no spelling signs in, so that none is added to those that are looked for. */
static store_status_t set_all_disabled(store_t *store, const char *name, apr_int64_t disabled_at)
{
    apr_array_header_t *names;
    store_status_t status = store_user_set_disabled(store, name, disabled_at);

    if (status == STORE_DOWN || store->is_spent || store_user_spellings(store, name, &names) == STORE_DOWN) {
        return store->is_spent ? STORE_REFUSED : STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        switch (store_user_set_disabled(store, APR_ARRAY_IDX(names, i, const char *), disabled_at)) {
        case STORE_OK: status = STORE_OK; break;
        case STORE_DOWN: return STORE_DOWN;
        case STORE_REFUSED: break;
        }
    }
    return status;
}

store_status_t admin_user_set_disabled(store_t *store, const char *name, int is_disabled, const char **problem)
{
    if ((*problem = user_name_problem(name))) {
        return STORE_REFUSED;
    }
    return unknown(store, name, set_all_disabled(store, name, is_disabled ? store->now : 0), problem);
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
        const char *other = APR_ARRAY_IDX(names, i, const char *);

        found = store_user_get(store, other, &user);
        if (found == STORE_REFUSED || (found == STORE_OK && !user->password_hash)) {
            found = store_user_remove(store, other);
        }
        status = found == STORE_DOWN || status == STORE_REFUSED ? found : status;
    }
    return unknown(store, name, status, problem);
}

store_status_t admin_user_sign_out(store_t *store, const char *name, apr_int64_t *count)
{
    apr_array_header_t *names;

    if (store_session_end_all(store, name, NULL, count) == STORE_DOWN || store->is_spent ||
        store_user_spellings(store, name, &names) == STORE_DOWN) {
        return store->is_spent ? STORE_REFUSED : STORE_DOWN;
    }
    for (int i = 0; i < names->nelts; i++) {
        apr_int64_t more;

        if (store_session_end_all(store, APR_ARRAY_IDX(names, i, const char *), NULL, &more) == STORE_DOWN) {
            return STORE_DOWN;
        }
        *count += more;
    }
    return STORE_OK;
}
