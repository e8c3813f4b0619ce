/*
 * Consent that is remembered (grant/authorize): whose, what of it, and for how long.
 */
#include "tap.h"
#include "base/array.h"
#include "base/scope.h"
#include "fixture.h"
#include "grant/authorize.h"

#include <apr_strings.h>

#include <string.h>

#define PKCE "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
#define CODE "&response_type=code"
#define CB   "&redirect_uri=https%3A%2F%2Frp.example%2Fcb"

/* Whose consent may be remembered, and who is nobody's friend yet. */
static void test_trust(apr_pool_t *p)
{
    const struct {
        const char *what;
        client_t client;
        int may_remember, is_stranger;
    } rows[] = {
        { "the administrator's", { .source = CLIENT_ADMIN }, 1, 0 },
        { "case 93: a public one", { .source = CLIENT_ADMIN, .is_public = 1 }, 0, 0 },
        { "a pinned GPT", { .source = CLIENT_ADMIN, .is_gpt = 1, .gpt_id = "g-a" }, 1, 0 },
        { "a GPT that is not pinned", { .source = CLIENT_ADMIN, .is_gpt = 1 }, 0, 0 },
        { "a pinned GPT whose pin is open again", { .source = CLIENT_ADMIN, .is_gpt = 1, .gpt_id = "g-a", .gpt_open = 1 }, 0, 0 },
        { "case 93: one that registered itself, with a secret", { .source = CLIENT_REGISTERED, .has_secret = 1 }, 0, 1 },
        { "case 93: a public one that registered itself", { .source = CLIENT_REGISTERED, .is_public = 1 }, 0, 1 },
        { "case 93: a built-in document", { .source = CLIENT_DOCUMENT, .is_public = 1 }, 0, 0 },
        { "case 309: a fetched document", { .source = CLIENT_DOCUMENT, .is_public = 1, .fresh_until = 1 }, 0, 1 },
    };
    (void)p;

    for (int i = 0; i < COUNT(rows); i++) {
        client_t client = rows[i].client;
        const authorization_t request = { .client = &client };

        ok(authorize_may_remember(&request) == rows[i].may_remember, "consent to %s %s", rows[i].what,
           rows[i].may_remember ? "may be remembered" : "is asked for each time");
        ok(authorize_is_stranger(&request) == rows[i].is_stranger, "... who is %s", rows[i].is_stranger ? "a stranger" : "known");
    }
}

static authorization_t *read_request(store_t *store, const policy_t *policy, const char *query)
{
    authorization_t *request = NULL;

    authorize_check(store, policy, params_parse_form(store->pool, query, strlen(query)), NULL, &request);
    return request;
}

/* What is remembered of such a request, or "-". */
static const char *recall(store_t *store, const policy_t *policy, const char *query, const char *username)
{
    const char *given = NULL;

    return authorize_remembered(store, policy, read_request(store, policy, query), username, &given) ? "failure"
           : given                                                                                   ? given
                                                                                                     : "-";
}

/* What a user allowed is allowed for just that. */
static void test_remembered(store_t *store, const policy_t *policy)
{
    const struct {
        const char *what, *query, *username, *wanted;
    } rows[] = {
        { "the same request", "client_id=c&scope=read" CODE PKCE, "alice", "read" },
        { "another user", "client_id=c&scope=read" CODE PKCE, "bob", "-" },
        { "case 94: more scopes", "client_id=c&scope=read+write" CODE PKCE, "alice", "-" },
        { "another resource", "client_id=c&scope=read&resource=https://h.example/api" CODE PKCE, "alice", "-" },
        { "case 34: prompt=consent", "client_id=c&scope=read&prompt=consent" CODE PKCE, "alice", "-" },
        { "case 322: prompt=select_account", "client_id=c&scope=read&prompt=select_account" CODE PKCE, "alice", "-" },
        { "prompt=login, once that is done", "client_id=c&scope=read&prompt=login" CODE PKCE, "alice", "read" },
        { "case 32: prompt=none", "client_id=c&scope=read&prompt=none" CODE PKCE, "alice", "read" },
        { "another client with the same URI", "client_id=two&scope=read" CB CODE PKCE, "alice", "-" },
        { "case 93: a public client, asked to be remembered", "client_id=p&scope=read" CODE PKCE, "alice", "-" },
    };
    static const char *const allowed[] = { "client_id=c&scope=read" CODE PKCE, "client_id=p&scope=read" CODE PKCE };

    for (int i = 0; i < COUNT(allowed); i++) {
        authorization_t *request = read_request(store, policy, allowed[i]);
        const char *code = NULL, *again = "code";
        const char *id = apr_itoa(store->pool, i);

        ok(!authorize_issue(store, policy, request, "alice", id, "read", 1, &code) && code, "alice allows %s",
           request->client->id);
        ok(!authorize_issue(store, policy, request, "alice", id, "read", 1, &again) && !again, "case 265: and presses twice");
    }
    for (int i = 0; i < COUNT(rows); i++) {
        is_str(recall(store, policy, rows[i].query, rows[i].username), rows[i].wanted, "%s is remembered as '%s'", rows[i].what,
               rows[i].wanted);
    }
}

/* What he left out is asked for again only when it is asked for in another way; and all ends after a year. */
static void test_given(store_t *store)
{
    static scope_def_t scopes[] = {
        { .name = "read", .includes = "", .is_default = 1 },
        { .name = "write", .includes = "", .is_optional = 1 },
        { .name = "send", .includes = "", .is_optional = 1 },
    };
    static const char all[] = "client_id=c&scope=read+send+write" CODE PKCE, alone[] = "client_id=c&scope=write" CODE PKCE;
    policy_t *policy = fixture_policy_of(store->pool, scopes, COUNT(scopes));
    const char *code;

    is_str(policy_finish_scopes(store->pool, policy), NULL, "scopes that may be left out");
    ok(!authorize_issue(store, policy, read_request(store, policy, all), "carol", "g1", "read send", 1, &code) && code,
       "carol leaves something out");
    is_str(recall(store, policy, all, "carol"), "read send", "... which is remembered so");
    is_str(recall(store, policy, alone, "carol"), "-", "... and asked for when it is asked for alone");
    ok(!authorize_issue(store, policy, read_request(store, policy, all), "carol", "g2", "read send write", 1, &code) && code,
       "carol gives all of it");
    is_str(recall(store, policy, all, "carol"), "read send write", "... which is remembered in place of that");
    ok(!authorize_issue(store, policy, read_request(store, policy, all), "carol", "g3", "read", 1, &code) && code,
       "carol gives the least");
    APR_ARRAY_IDX(policy->scopes, 1, scope_def_t).is_optional = 0;
    is_str(recall(store, policy, all, "carol"), "-", "case 86: what she left out is not given because it is no choice any more");
    APR_ARRAY_IDX(policy->scopes, 1, scope_def_t).is_optional = 1;
    store->now += CONSENT_LIFETIME - 1;
    is_str(recall(store, policy, all, "carol"), "read", "case 323: consent is remembered for a year");
    store->now += 1;
    is_str(recall(store, policy, all, "carol"), "-", "case 323: and not longer");
    ok(!authorize_issue(store, policy, read_request(store, policy, all), "carol", "g4", "read", 1, &code) && code,
       "carol is asked again");
    is_str(recall(store, policy, all, "carol"), "read", "case 323: ... and remembered again");
    store->now -= CONSENT_LIFETIME;
}

static void add(store_t *store, const char *id, int is_public)
{
    client_t *client = fixture_client(store->pool, id);

    client->is_public = is_public;
    if (is_public) {
        client->auth_method = "none";
    } else {
        fixture_secret(store, client);
    }
    ok(store_client_add(store, client) == STORE_OK, "a client %s", id);
}

void test_consent(apr_pool_t *p)
{
    store_t *store = fixture_store(p, "consent");
    policy_t *policy = fixture_policy(p);

    test_trust(p);
    if (store) {
        add(store, "c", 0);
        add(store, "two", 0);
        add(store, "p", 1);
        test_remembered(store, policy);
        test_given(store);
    }
}
