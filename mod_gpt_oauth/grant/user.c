/*
 * Which names a person may have, who is disabled, and the cookies of sessions and of browsers that are known. Called by
 * web/endpoint/person.c, by verify.c and authorize.c, and by the command.
 */
#include "grant/user.h"

#include <apr_strings.h>
#include <string.h>

#include "base/browser.h"
#include "base/fold.h"
#include "base/text.h"
#include "grant/client.h"
#include "grant/transaction.h"
#include "store/one_time.h"
#include "store/throttles.h"

const char *user_name_problem(const char *name)
{
    apr_size_t size = name ? strlen(name) : 0;

    if (size == 0) {
        return "the user name is empty";
    }
    if (size > USER_NAME_MAX) {
        return "the user name is longer than 255 bytes";
    }
    if (strncmp(name, PRINCIPAL_CLIENT, strlen(PRINCIPAL_CLIENT)) == 0 ||
        strncmp(name, PRINCIPAL_SERVICE_KEY, strlen(PRINCIPAL_SERVICE_KEY)) == 0) {
        return "the user name begins with client: or service:, which are the server's own principals";
    }
    if (name[0] == ' ' || name[size - 1] == ' ') {
        return "the user name begins or ends with a space";
    }
    if (text_has_control(name, size)) {
        return "the user name contains a control character";
    }
    if (!utf8_valid(name, size)) {
        return "the user name is not UTF-8";
    }
    return NULL;
}

const char *user_sign_in_problem(apr_pool_t *p, const char *name)
{
    const char *problem = user_name_problem(name);

    return problem ? problem : name_spelling_problem(p, name);
}

const failure_t *user_find(store_t *store, const char *name, user_t **user)
{
    *user = NULL;
    return store_user_get(store, name, user) == STORE_DOWN ? store_failure(store) : NULL;
}

const failure_t *user_check_enabled(store_t *store, const char *name)
{
    switch (store_user_is_disabled(store, name)) {
    case STORE_OK:
        return failure_make(store->pool, OAUTH_ACCESS_DENIED, "The account is disabled. Ask the server's administrator.",
                            "the user is disabled, in this spelling or another; `gptoauth user enable` lets the user in again");
    case STORE_REFUSED: return NULL;
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const failure_t *session_begin(store_t *store, const policy_t *policy, const char *username, const char *password_hash,
                               const char *user_agent, const char **cookie)
{
    const user_session_t session = { .public_id = crypto_random_id(store->pool),
                                     .username = username,
                                     .browser = browser_family(user_agent),
                                     .expires_at = store->now + policy->session_lifetime };
    digest_t hash;

    *cookie = crypto_random_key(store->pool);
    crypto_sha256(*cookie, strlen(*cookie), &hash);
    switch (store_session_add(store, &hash, &session, password_hash)) {
    case STORE_OK: return NULL;
    case STORE_REFUSED:
        return failure_make(store->pool, OAUTH_ACCESS_DENIED, "The account has changed in the meantime. Sign in again.", NULL);
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

/* 0 when it cannot be the value of a cookie of ours. */
static int hash_cookie(const char *cookie, digest_t *hash)
{
    if (!crypto_is_key(cookie)) {
        return 0;
    }
    crypto_sha256(cookie, CRYPTO_KEY_SIZE, hash);
    return 1;
}

int browser_is_known(store_t *store, const char *cookie, const char *name)
{
    digest_t hash;

    return hash_cookie(cookie, &hash) && store_browser_get(store, &hash, name_fold(store->pool, name)) == STORE_OK;
}

const failure_t *browser_remember(store_t *store, const char *name, const char **cookie)
{
    digest_t hash;

    if (!browser_is_known(store, *cookie, name)) {
        *cookie = crypto_random_key(store->pool);
    }
    (void)hash_cookie(*cookie, &hash);
    return store_browser_add(store, &hash, name_fold(store->pool, name), store->now + BROWSER_LIFETIME) == STORE_DOWN
               ? store_failure(store)
               : NULL;
}

static void hash_choice(const store_t *store, const user_t *user, const char *form_id, digest_t *hash)
{
    const char *text = apr_pstrcat(store->pool, "choice ", form_id, " ", user->password_hash, NULL);

    crypto_sha256(text, strlen(text), hash);
}

/* With the browsers of the user, as these end with a new password. */
const failure_t *choice_begin(store_t *store, const user_t *user, const char *form_id)
{
    apr_int64_t until = store->now + TRANSACTION_LIFETIME;
    digest_t hash;

    hash_choice(store, user, form_id, &hash);
    until = until < user->one_time_until ? until : user->one_time_until;
    return store_browser_add(store, &hash, name_fold(store->pool, user->name), until) == STORE_DOWN ? store_failure(store) : NULL;
}

static const failure_t *choice_is_over(store_t *store, const char *reason)
{
    return failure_make(store->pool, OAUTH_ACCESS_DENIED, "", "%s", reason);
}

const failure_t *choice_find(store_t *store, const char *username, const char *form_id, user_t **user)
{
    const failure_t *failure = user_find(store, username, user);
    digest_t hash;

    if (failure) {
        return failure;
    }
    if (!*user || !(*user)->password_hash || (*user)->disabled_at) {
        return choice_is_over(store, "the user is disabled, or has no password here any more");
    }
    if ((*user)->one_time_until <= store->now) {
        return choice_is_over(store, "the user has no one-time password any more, or it is too old");
    }
    hash_choice(store, *user, form_id, &hash);
    switch (store_browser_get(store, &hash, name_fold(store->pool, (*user)->name))) {
    case STORE_OK: return NULL;
    case STORE_REFUSED: return choice_is_over(store, "the form did not follow the user's present one-time password");
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const failure_t *choice_end(store_t *store, const user_t *user, const char *password_hash)
{
    switch (store_user_choose_password(store, user->name, user->password_hash, password_hash)) {
    case STORE_OK: return NULL;
    case STORE_REFUSED: return choice_is_over(store, "the account has changed in the meantime");
    case STORE_DOWN:
    default: return store_failure(store);
    }
}

const failure_t *session_find(store_t *store, const char *cookie, user_session_t **session)
{
    digest_t hash;

    *session = NULL;
    if (!hash_cookie(cookie, &hash)) {
        return NULL;
    }
    if (store_session_get(store, &hash, session) == STORE_DOWN) {
        return store_failure(store);
    }
    if (*session && (*session)->seen_at < store->now - TOUCH_INTERVAL) {
        /* A database that cannot be written to just now (a standby, a lock) knows the session all the same. */
        (void)store_session_touch(store, &hash);
    }
    return NULL;
}

const failure_t *session_end(store_t *store, const char *cookie)
{
    digest_t hash;

    return hash_cookie(cookie, &hash) && store_session_end(store, &hash) == STORE_DOWN ? store_failure(store) : NULL;
}
