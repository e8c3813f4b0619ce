#include "tap.h"
#include "fixture.h"
#include "base/array.h"
#include "base/browser.h"
#include "grant/apps.h"
#include "grant/authorize.h"
#include "grant/user.h"
#include "store/apps.h"

#include <apr_strings.h>

#include <string.h>

#define REQUEST                                                                                                                  \
    "&scope=read&response_type=code&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static void test_browsers(void)
{
    static const char *const rows[][2] = {
        { "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox" },
        { "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0",
          "Edge" },
        { "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", "Chrome" },
        { "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari" },
        { "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "Firefox" },
        { "<script>alert(1)</script>", "" },
        { NULL, "" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(browser_family(rows[i][0]), rows[i][1], "browser: %s", rows[i][0] ? rows[i][0] : "nothing said");
    }
}

static const char *allow(store_t *store, const policy_t *policy, const char *username, const char *query)
{
    authorization_t *request = NULL;
    const char *code = NULL, *id = crypto_random_id(store->pool);
    const char *whole = apr_pstrcat(store->pool, query, REQUEST, NULL);

    authorize_check(store, policy, params_parse_form(store->pool, whole, strlen(whole)), NULL, &request);
    return request && !authorize_issue(store, policy, request, username, id, request->scope, 1, &code) ? code : NULL;
}

/* The names of a user's apps, or of those which are not connected and need not ask. */
static const char *names(store_t *store, const char *username, int are_consents)
{
    apr_array_header_t *apps, *consents;
    const char *names = "";

    if (store_app_list(store, username, "", "", &apps, &consents) != STORE_OK) {
        return "down";
    }
    apps = are_consents ? consents : apps;
    for (int i = 0; i < apps->nelts; i++) {
        const app_t *app = APR_ARRAY_IDX(apps, i, const app_t *);

        names = apr_psprintf(store->pool, "%s%s%s (%s%s)", names, *names ? ", " : "", app->name, app->scope,
                             app->not_asked ? ", not asked" : "");
    }
    return names;
}

static void test_apps(store_t *store, const policy_t *policy)
{
    store_t other = *fixture_store_at(store, "https://other.example");
    int is_known = -1;

    ok(allow(store, policy, "alice", "client_id=c1") && allow(store, policy, "alice", "client_id=c2") &&
           allow(store, policy, "bob", "client_id=c1"),
       "apps: alice lets in two, bob one");
    is_str(names(store, "alice", 0), "App c1 (read, not asked), App c2 (read, not asked)", "apps of alice");
    is_str(names(store, "alice", 1), "", "what she consented to is said there, and not again");
    is_str(names(&other, "alice", 0), "", "and at another issuer");
    ok(!app_take_away(store, "mallory", "c1", &is_known) && !is_known, "case 298: what is not one's own");
    ok(!app_take_away(&other, "alice", "c1", &is_known) && !is_known, "case 298: or of another issuer");
    ok(!app_take_away(store, "alice", "nobody", &is_known) && !is_known, "case 298: is as unknown as what there is not");
    is_str(names(store, "alice", 0), "App c1 (read, not asked), App c2 (read, not asked)", "case 298: and nothing has changed");
    ok(!app_take_away(store, "alice", "c1", &is_known) && is_known, "case 297: she takes one away");
    is_str(names(store, "alice", 0), "App c2 (read, not asked)", "case 297: it is gone");
    is_str(names(store, "alice", 1), "", "case 297: with what she consented to");
    is_str(names(store, "bob", 0), "App c1 (read, not asked)", "case 297: bob's is his own");
    ok(!app_take_away(store, "alice", "c1", &is_known) && !is_known, "case 297: and there is nothing left to take away");
    store->now += 364 * 86400;
    is_str(names(store, "alice", 0), "", "grants end by themselves");
    is_str(names(store, "alice", 1), "App c2 (read, not asked)", "and she need not be asked for new ones");
    store->now += 86400;
    is_str(names(store, "alice", 1), "", "consent is remembered for a year");
    store->now -= 365 * 86400;
}

/* Pages of apps, and more grants of one kind than may be. */
static void test_many(store_t *store, const policy_t *policy)
{
    apr_array_header_t *apps, *consents;
    const app_t *app;
    digest_t hash;
    code_t *code;
    const char *first = allow(store, policy, "carol", "client_id=c0");

    for (int i = 1; i <= APPS_PAGE; i++) {
        allow(store, policy, "carol", apr_psprintf(store->pool, "client_id=c%d", i));
    }
    ok(store_app_list(store, "carol", "", "", &apps, &consents) == STORE_OK && apps->nelts == APPS_PAGE, "a page of apps");
    app = APR_ARRAY_IDX(apps, APPS_PAGE - 1, const app_t *);
    ok(store_app_list(store, "carol", app->client_id, "", &apps, &consents) == STORE_OK && apps->nelts == 1, "and the rest");

    store->now++;
    for (int i = 1; i < GRANTS_MAX; i++) {
        allow(store, policy, "carol", "client_id=c0");
    }
    crypto_sha256(first, strlen(first), &hash);
    ok(store_code_get(store, &hash, &code) == STORE_OK && !code->revoked_at, "twenty grants of one user to one client");
    allow(store, policy, "dave", "client_id=c0");
    ok(store_code_get(store, &hash, &code) == STORE_OK && !code->revoked_at, "another user's makes no difference");
    allow(store, policy, "carol", "client_id=c0");
    ok(store_code_get(store, &hash, &code) == STORE_OK && code->revoked_at, "the next one ends the one longest unused");
    store->now--;
}

static int count_sessions(store_t *store, const char *username)
{
    apr_array_header_t *sessions;

    return store_session_list(store, username, NULL, &sessions) == STORE_OK ? sessions->nelts : -1;
}

static void test_sessions(store_t *store, const policy_t *policy)
{
    const char *cookie, *second, *id;
    user_session_t *session;
    apr_int64_t began = store->now;
    int is_known = -1;

    ok(!session_begin(store, policy, "alice", NULL, "Mozilla/5.0 Firefox/128.0", &cookie) &&
           !session_begin(store, policy, "alice", NULL, NULL, &second) &&
           !session_begin(store, policy, "bob", NULL, NULL, &second),
       "sessions begin");
    ok(!session_find(store, cookie, &session) && session && session->created_at == began && session->seen_at == began,
       "a session knows when its password was typed");
    is_str(session->browser, "Firefox", "and by what browser");
    id = session->public_id;
    ok(!strstr(cookie, id), "its id is nothing of the cookie");
    store->now += TOUCH_INTERVAL;
    ok(!session_find(store, cookie, &session) && !session_find(store, cookie, &session) && session->seen_at == began,
       "within the hour it is not written");
    store->now++;
    ok(!session_find(store, cookie, &session) && !session_find(store, cookie, &session) && session->seen_at == store->now,
       "and then it is");
    ok(session->created_at == began, "which is no sign-in");
    ok(count_sessions(store, "alice") == 2, "she has two");
    ok(!session_sign_out(store, "bob", id, &is_known) && !is_known, "case 298: another user's session");
    ok(!session_sign_out(store, "alice", "unknown", &is_known) && !is_known, "case 298: is as unknown as what there is not");
    ok(!session_find(store, cookie, &session) && session, "case 298: and goes on");
    ok(!session_sign_out_all(store, "alice", id) && count_sessions(store, "alice") == 1, "all but this one end");
    ok(!session_sign_out(store, "alice", id, &is_known) && is_known, "and this one");
    ok(!session_find(store, cookie, &session) && !session, "which nobody is signed in by any more");
    ok(count_sessions(store, "bob") == 1, "bob's goes on");
}

static void test_new_password(store_t *store, const policy_t *policy)
{
    const char *cookie;
    user_session_t *session;

    ok(store_user_add(store, "erin", "old") == STORE_OK && allow(store, policy, "erin", "client_id=c1") &&
           !session_begin(store, policy, "erin", "old", NULL, &cookie),
       "erin has a password");
    ok(user_change_password(store, "erin", "other", "new", 1, &(apr_int64_t){ 0 }) != NULL,
       "whose password has changed meanwhile, changes nothing");
    ok(!session_find(store, cookie, &session) && session, "her session goes on");
    ok(!user_change_password(store, "erin", "old", "new", 0, &(apr_int64_t){ 0 }), "she changes it");
    ok(!session_find(store, cookie, &session) && !session, "which ends her sessions");
    is_str(names(store, "erin", 0), "App c1 (read, not asked)", "and not her apps");
    ok(!user_change_password(store, "erin", "new", "newer", 1, &(apr_int64_t){ 0 }), "unless she says so");
    is_str(names(store, "erin", 0), "", "apps");
    is_str(names(store, "erin", 1), "", "and what she consented to");
}

void test_apps_of_users(apr_pool_t *p)
{
    store_t *store = fixture_store(p, "apps");
    policy_t *policy = fixture_policy(p);

    test_browsers();
    if (!store) {
        return;
    }
    policy->session_lifetime = 86400;
    for (int i = 0; i <= APPS_PAGE; i++) {
        client_t *client = fixture_client(p, apr_psprintf(p, "c%d", i));

        client->name = apr_psprintf(p, "App c%d", i);
        store_client_add(store, client);
    }
    test_apps(store, policy);
    test_many(store, policy);
    test_sessions(store, policy);
    test_new_password(store, policy);
}
