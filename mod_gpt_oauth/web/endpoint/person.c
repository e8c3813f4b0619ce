/*
 * Who the person at the browser is: by httpd's own sign-in, by the session cookie, or by a password that the providers check
 * and the throttles count. The steps of the authorization endpoint call it.
 */
#include "web/endpoint/person.h"

#include <ap_provider.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>

#include "base/fold.h"
#include "base/password.h"
#include "grant/client.h"
#include "grant/user.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/endpoint/given.h"
#include "web/http/hashing.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/http/throttle.h"
#include "web/config/section.h"


int person_is_given(request_rec *r)
{
    return given_user(r) != NULL;
}

const failure_t *person_find(request_rec *r, store_t *store, const char **username, apr_int64_t *since)
{
    const server_conf_t *conf = config_server(r->server);
    const failure_t *failure;
    const char *problem;
    user_session_t *session;

    if (!person_is_given(r)) {
        failure = session_find(store, request_cookie(r, conf->session_cookie), &session);
        *username = session ? session->username : NULL;
        *since = session ? session->created_at : *since;
        return failure;
    }
    problem = user_sign_in_problem(r->pool, r->user);
    if (problem) {
        return failure_make(
            r->pool, OAUTH_ACCESS_DENIED, "Your account's name cannot be used here. Ask the server's administrator.",
            "httpd's sign-in (%s) gives a user name that cannot be used: %s", r->ap_auth_type ? r->ap_auth_type : "?", problem);
    }
    *username = r->user;
    return user_check_enabled(store, r->user);
}

const char *person_display_name(request_rec *r, const char *username)
{
    const server_conf_t *conf = config_server(r->server);
    const char *name = NULL;

    /* Only what httpd's own sign-in says of its user. */
    if (conf->user_name_env && person_is_given(r)) {
        name = apr_table_get(r->subprocess_env, conf->user_name_env);
    } else if (conf->user_name_header && person_is_given(r)) {
        name = apr_table_get(r->headers_in, conf->user_name_header);
    }
    return name && *name ? name : username;
}

static authn_status ask_providers(request_rec *r, const server_conf_t *conf, const char *username, const char *password)
{
    static const login_provider_t own = { OWN_PROVIDER, NULL };
    int count = conf->login_providers ? conf->login_providers->nelts : 1;
    authn_status status = AUTH_USER_NOT_FOUND;

    for (int i = 0; i < count && status == AUTH_USER_NOT_FOUND; i++) {
        const login_provider_t *entry = conf->login_providers ? &APR_ARRAY_IDX(conf->login_providers, i, login_provider_t) : &own;
        const authn_provider *provider =
            entry->provider ? entry->provider : ap_lookup_provider(AUTHN_PROVIDER_GROUP, entry->name, AUTHN_PROVIDER_VERSION);

        /* Aliases (<AuthnProviderAlias>) find themselves by this note. */
        apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, entry->name);
        status = provider ? provider->check_password(r, username, password) : AUTH_GENERAL_ERROR;
        apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
        if (status == AUTH_GENERAL_ERROR) {
            log_request(r, LOG_PROVIDER_DOWN,
                        "sign-in impossible: the provider %s cannot answer; its own line above says why, and its directives must "
                        "be in the <Location> of the authorization endpoint",
                        entry->name);
        }
    }
    return status;
}

/* What is counted of an attempt, and for whom. */
typedef struct attempt_t {
    throttle_t kinds[3];
    const char *who[3];
    int is_counted;
} attempt_t;

/* What cannot be right is no guess: it is refused like one, and gets nobody nearer to a limit. */
static int can_be_right(apr_pool_t *p, const server_conf_t *conf, const char *username, const char *password)
{
    int own_alone = 1;

    for (int i = 0; conf->login_providers && i < conf->login_providers->nelts; i++) {
        own_alone &= strcmp(APR_ARRAY_IDX(conf->login_providers, i, login_provider_t).name, OWN_PROVIDER) == 0;
    }
    return !user_sign_in_problem(p, username) && (!own_alone || strlen(password) <= PASSWORD_MAX);
}

/*
 * Strangers who try one user from everywhere are to lock out themselves and not him: a browser in which he has signed in before
 * is counted by itself in place of being counted with all others.
 */
static attempt_t describe(request_rec *r, const char *username, const char *password)
{
    const server_conf_t *conf = config_server(r->server);
    const char *name = name_fold(r->pool, username), *cookie = request_cookie(r, conf->browser_cookie);
    store_t store = db_store(r);
    attempt_t attempt = { { THROTTLE_PASSWORD, THROTTLE_ADDRESS, THROTTLE_USER },
                          { name, NULL, name },
                          can_be_right(r->pool, conf, username, password) };

    if (attempt.is_counted && cookie && store.source && browser_is_known(&store, cookie, username)) {
        attempt.kinds[2] = THROTTLE_BROWSER;
        attempt.who[2] = apr_pstrcat(r->pool, cookie, " ", name, NULL);
    }
    return attempt;
}

/*
 * What one counter refuses is no attempt to the others: one address alone locks nobody out everywhere, nor does it fill the
 * places of the counters with names. In *is_about_name whether it was this name that was tried too often.
 */
static int count_attempt(request_rec *r, const attempt_t *attempt, int *is_about_name)
{
    for (int i = 0; i < 3 && attempt->is_counted; i++) {
        int wait = throttle_count(r, attempt->kinds[i], attempt->who[i]);

        *is_about_name = attempt->who[i] != NULL;
        if (wait) {
            while (i-- > 0) {
                throttle_forgive(r, attempt->kinds[i], attempt->who[i]);
            }
            return wait;
        }
    }
    return 0;
}

static void forgive_attempt(const request_rec *r, const attempt_t *attempt)
{
    for (int i = 0; i < 3 && attempt->is_counted; i++) {
        throttle_forgive(r, attempt->kinds[i], attempt->who[i]);
    }
}

/* A name that nobody has is not logged: people type their password into the wrong field. */
static void log_denied(request_rec *r, const char *known, const char *why)
{
    log_request(r, LOG_SIGN_IN_FAILED, "sign-in of %s from %s failed: %s", known ? log_quote(r->pool, known, 64) : "somebody",
                request_address(r), why);
    audit(r, .event = AUDIT_SIGN_IN, .result = AUDIT_REFUSED, .code = log_code_name(LOG_SIGN_IN_FAILED), .user = known);
}

/* In *username what the provider calls the user. Every refusal costs one hash of our own, and takes the time that this says. */
static authn_status check(request_rec *r, const char **username, const char *password, const char **problem)
{
    authn_status status = AUTH_USER_NOT_FOUND;

    *problem = user_sign_in_problem(r->pool, *username);
    if (!*problem) {
        r->user = apr_pstrdup(r->pool, *username);
        status = ask_providers(r, config_server(r->server), *username, password);
        *username = r->user ? r->user : *username;
        r->user = NULL;
        *problem = status == AUTH_GRANTED ? user_sign_in_problem(r->pool, *username) : NULL;
    }
    if (status == AUTH_GRANTED && *problem) {
        status = AUTH_DENIED;
    }
    if (status != AUTH_GRANTED && status != AUTH_GENERAL_ERROR && !hashing_was_done(r)) {
        hashing_verify(r, NULL, password);
    }
    return status;
}

sign_in_t person_sign_in(request_rec *r, const char **username, const char *password, int takes_one_time, int *wait)
{
    request_t *record = request_record(r);
    const char *typed = *username, *problem;
    attempt_t attempt = describe(r, typed, password);
    int is_about_name = 0;
    authn_status status;

    *wait = count_attempt(r, &attempt, &is_about_name);
    if (*wait) {
        log_request(r, LOG_SIGN_IN_DELAYED,
                    "sign-in of %s from %s delayed for %d s: too many wrong passwords; `gptoauth throttle clear` lifts what "
                    "`gptoauth throttle list` shows, and the rest ends by itself",
                    is_about_name && throttle_is_known(r, attempt.who[0]) ? log_quote(r->pool, attempt.who[0], 64) : "somebody",
                    request_address(r), *wait);
        return SIGN_IN_DELAYED;
    }
    if (!hashing_enter(r)) {
        forgive_attempt(r, &attempt);
        return SIGN_IN_BUSY;
    }
    record->is_sign_in = 1;
    record->takes_one_time = takes_one_time;
    status = check(r, username, password, &problem);
    hashing_leave(r);
    if (status == AUTH_GRANTED || status == AUTH_GENERAL_ERROR) {
        forgive_attempt(r, &attempt);
        hashing_forgive(r);
        return status != AUTH_GRANTED ? SIGN_IN_DOWN : record->one_time ? SIGN_IN_ONE_TIME : SIGN_IN_GRANTED;
    }
    if (status != AUTH_USER_NOT_FOUND && attempt.is_counted) {
        throttle_know(r, attempt.who[0]);
    }
    log_denied(r, status == AUTH_USER_NOT_FOUND ? NULL : typed,
               problem                         ? problem
               : record->password_refused      ? record->password_refused
               : status == AUTH_USER_NOT_FOUND ? "there is no such user"
                                               : "wrong password, or the user is disabled");
    hashing_even_out(r);
    return SIGN_IN_DENIED;
}

const failure_t *person_remember_browser(request_rec *r, store_t *store, const char *typed)
{
    const char *name = config_server(r->server)->browser_cookie, *cookie = request_cookie(r, name);
    const failure_t *failure = browser_remember(store, typed, &cookie);

    if (!failure) {
        person_set_cookie(r, name, cookie, BROWSER_LIFETIME);
    }
    return failure;
}

/* Why a one-time password that fits does not count. NULL: it does, or it is the user's own. */
static const char *one_time_problem(const request_t *record, const user_t *user, apr_int64_t now)
{
    if (!user->one_time_until) {
        return NULL;
    }
    if (user->one_time_until <= now) {
        return "the one-time password is too old; `gptoauth user passwd --one-time` makes another";
    }
    return record->takes_one_time ? NULL : "it is a one-time password, which is good for the sign-in page alone";
}

/* By a password that fits: whether it counts is asked only now, so that no time tells anything of it. */
static authn_status judge_own(request_rec *r, const user_t *user, apr_int64_t now)
{
    request_t *record = request_record(r);

    record->password_refused = user->disabled_at ? NULL : one_time_problem(record, user, now);
    if (record->password_refused && !record->is_sign_in) {
        log_request(r, LOG_SIGN_IN_FAILED, "sign-in of %s from %s failed: %s", log_quote(r->pool, user->name, 64),
                    request_address(r), record->password_refused);
    }
    if (user->disabled_at || record->password_refused) {
        return AUTH_DENIED;
    }
    record->password_hash = user->password_hash;
    record->one_time = user->one_time_until ? user : NULL;
    return AUTH_GRANTED;
}

static authn_status check_own_password(request_rec *r, const char *username, const char *password)
{
    request_t *record = request_record(r);
    const failure_t *failure;
    store_t store = db_store(r);
    const char *hash;
    user_t *user;
    int fits;

    record->password_hash = record->password_refused = NULL;
    record->one_time = NULL;
    if (!store.source) {
        return AUTH_GENERAL_ERROR;
    }
    failure = user_find(&store, username, &user);
    if (failure) {
        log_failure(r, "password not checked", NULL, NULL, failure);
        return AUTH_GENERAL_ERROR;
    }
    hash = user ? user->password_hash : NULL;
    fits = hashing_verify(r, hash, password);
    if (fits < 0) {
        return AUTH_GENERAL_ERROR;
    }
    return fits ? judge_own(r, user, store.now) : hash ? AUTH_DENIED : AUTH_USER_NOT_FOUND;
}

static const authn_provider own_provider = { check_own_password, NULL };

void person_register(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHN_PROVIDER_GROUP, OWN_PROVIDER, AUTHN_PROVIDER_VERSION, &own_provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}

/* Every page of the module needs its cookies: those under GPTOAuthPath, and those that SetHandler puts anywhere. */
static const char *cookie_path(const request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    return !conf->is_secure && path_is_within(r->uri, conf->path) ? conf->path : "/"; /* __Host- forbids any other */
}

/* ap_cookie_write would write the value to the log at level debug. */
static void add_cookie(request_rec *r, const char *name, const char *value, const char *path, const char *life)
{
    apr_table_addn(r->err_headers_out, "Set-Cookie",
                   apr_psprintf(r->pool, "%s=%s; Path=%s; HttpOnly; SameSite=Lax%s%s", name, value, path,
                                config_server(r->server)->is_secure ? "; Secure" : "", life));
}

void person_set_cookie(request_rec *r, const char *name, const char *value, apr_int64_t max_age)
{
    const char *path = cookie_path(r);

    /* A page elsewhere has set it too, and of two neither counts. */
    if (path[1] && request_cookie_count(r, name) > 1) {
        add_cookie(r, name, "", "/", "; Max-Age=0");
    }
    add_cookie(r, name, value, path, max_age ? apr_psprintf(r->pool, "; Max-Age=%" APR_INT64_T_FMT, max_age) : "");
}
