/*
 * The rules a client must keep (grant/client): its scopes (RFC 6749 section 3.3), its redirect URIs, and how it proves itself
 * (section 2.3).
 */
#include "tap.h"
#include "base/array.h"
#include "fixture.h"
#include "base/scope.h"
#include "base/token.h"
#include "grant/client.h"

#include <apr_strings.h>

#include <string.h>

#define OPENID_ALL "openid profile email address phone"

static const scope_def_t with_required[] = {
    { .name = "read", .includes = "", .is_default = 1 },
    { .name = "write", .includes = "" },
    { .name = "basics", .includes = "", .is_required = 1 },
};
static const scope_def_t with_email[] = {
    { .name = "read", .includes = "", .is_default = 1 },
    { .name = "email", .includes = "" },
};
static const scope_def_t without_default[] = { { .name = "read", .includes = "" } };

static policy_t *policy_of(apr_pool_t *p, const scope_def_t *scopes, int count)
{
    policy_t *policy = fixture_policy_of(p, scopes, count);

    policy_finish_scopes(p, policy);
    return policy;
}

static void test_scopes(apr_pool_t *p)
{
    const policy_t *plain = fixture_policy(p), *required = policy_of(p, with_required, COUNT(with_required)),
                   *email = policy_of(p, with_email, COUNT(with_email)),
                   *bare = policy_of(p, without_default, COUNT(without_default)), *none = policy_of(p, NULL, 0);
    const struct {
        const char *what;
        const policy_t *policy;
        const char *allowed; /* of the client */
        const char *asked, *wanted;
    } rows[] = {
        { "case 16: none means the default ones", plain, "", "", "read" },
        { "one that is known", plain, "", "write", "write" },
        { "one includes another, but is granted alone", plain, "", "admin", "admin" },
        { "case 22: order and repeats", plain, "", "write  read,write", "read write" },
        { "case 20: an unknown one beside a known one", plain, "", "nope write", "write" },
        { "case 20: an unknown one alone", plain, "", "nope", NULL },
        { "a scope in another case", plain, "", "READ", NULL },
        { "case 20: OpenID's words alone mean the default ones", plain, "", OPENID_ALL, "read" },
        { "case 20: an OpenID word beside a known scope", plain, "", "openid write", "write" },
        { "case 20: an OpenID word beside an unknown scope", plain, "", "openid nope", NULL },
        { "how long alone means the default ones", plain, "", SCOPE_OFFLINE, SCOPE_OFFLINE " read" },
        { "how long, and an OpenID word", plain, "", "openid " SCOPE_OFFLINE, SCOPE_OFFLINE " read" },
        { "how long, and an unknown scope", plain, "", "nope " SCOPE_OFFLINE, NULL },
        { "case 21: what cannot be read", plain, "", NULL, NULL },
        { "case 21: a quote", plain, "", "\"read\"", NULL },
        { "case 21: a byte that is no ASCII, beside a known scope", plain, "", "read \xc3\xa9", NULL },
        { "an OpenID word that the server knows is named", email, "", "email", "email" },
        { "... and another one beside it adds nothing", email, "", "openid email", "email" },
        { "... and without it the default ones are meant", email, "", "openid profile", "read" },
        { "no default, and none asked for", bare, "", "", NULL },
        { "no default, and how long", bare, "", SCOPE_OFFLINE, NULL },
        { "no default, and an OpenID word", bare, "", "openid", NULL },
        { "no default, and one asked for", bare, "", "read", "read" },
        { "no scopes at all", none, "", "", NULL },
        { "no scopes at all, and how long", none, "", SCOPE_OFFLINE, NULL },
        { "a client's own scopes are its default", plain, "write", "", "write" },
        { "... also for OpenID's words", plain, "write", "openid", "write" },
        { "a client may ask for less", plain, "read write", "write", "write" },
        { "a client may not ask for more", plain, "write", "admin", NULL },
        { "... and gets what it may have of it", plain, "read write", "admin read", "read" },
        { "a client may not have by default what is not its own", plain, "write", "read", NULL },
        { "a client may always ask how long", plain, "write", SCOPE_OFFLINE, SCOPE_OFFLINE " write" },
        { "a client with offline_access of its own does not get it unasked", plain, SCOPE_OFFLINE " write", "", "write" },
        { "a client whose scope is no longer defined", plain, "removed", "", NULL },
        { "... and asks for it", plain, "removed", "removed", NULL },
        { "... and has another one", plain, "removed write", "", "write" },
        { "what is required is added", required, "", "write", "basics write" },
        { "... to the default ones", required, "", "", "basics read" },
        { "... and not to nothing", required, "", "nope", NULL },
        { "... nor to how long", required, "", "nope " SCOPE_OFFLINE, NULL },
        { "... nor for a client that may not have it", required, "write", "write", "write" },
        { "what is required alone", required, "", "basics", "basics" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        client_t *client = fixture_client(p, "c");
        const char *scope = "untouched";
        const failure_t *failure;

        client->scope = rows[i].allowed;
        failure = client_scope(p, rows[i].policy, client, rows[i].asked, &scope);
        if (rows[i].wanted) {
            is_str(failure ? failure->description : scope, rows[i].wanted, "scope: %s", rows[i].what);
        } else {
            is_str(failure ? oauth_error_name(failure->error) : scope, "invalid_scope", "scope: %s", rows[i].what);
        }
    }
}

static void test_many_scopes(apr_pool_t *p)
{
    const char *many = "read", *scope;
    client_t *client = fixture_client(p, "c");
    policy_t *policy = fixture_policy(p);

    for (int i = 1; i < SCOPE_COUNT_MAX; i++) {
        many = apr_pstrcat(p, many, " x", NULL);
    }
    ok(!client_scope(p, policy, client, many, &scope), "case 304: as many scopes as may be asked for");
    ok(client_scope(p, policy, client, apr_pstrcat(p, many, " x", NULL), &scope), "case 304: and one more");
}

#define GPT_A "https://chat.openai.com/aip/g-a/oauth/callback"
#define GPT_B "https://chatgpt.com/aip/g-b/oauth/callback"

static void test_redirects(apr_pool_t *p)
{
    const struct {
        const char *what;
        int is_gpt, is_open;
        const char *pin, *given;
        int wanted;
    } rows[] = {
        { "the registered one", 0, 0, NULL, FIXTURE_CB, 1 },
        { "case 42: a path below it", 0, 0, NULL, FIXTURE_CB "/x", 0 },
        { "nothing", 0, 0, NULL, "", 0 },
        { "the callback of a GPT, of a client that is none", 0, 0, NULL, GPT_A, 0 },
        { "... though it has a pin by some mistake", 0, 1, "g-a", GPT_A, 0 },
        { "the callback of a GPT while nothing is pinned and the pin is shut", 1, 0, NULL, GPT_A, 0 },
        { "... while the pin is open", 1, 1, NULL, GPT_A, 1 },
        { "the pinned GPT", 1, 0, "g-a", GPT_A, 1 },
        { "the pinned GPT, by the other host", 1, 0, "g-b", GPT_B, 1 },
        { "another GPT", 1, 0, "g-a", GPT_B, 0 },
        { "another GPT whose id goes on", 1, 0, "g-", GPT_A, 0 },
        { "another GPT, while the pin is open again", 1, 1, "g-a", GPT_B, 1 },
        { "what is no GPT's callback, while the pin is open", 1, 1, NULL,
          "https://chatgpt.com.evil.example/aip/g-a/oauth/callback", 0 },
        { "a registered one of a GPT's client", 1, 0, "g-a", FIXTURE_CB, 1 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        client_t *client = fixture_client(p, "c");

        client->is_gpt = rows[i].is_gpt;
        client->gpt_open = rows[i].is_open;
        client->gpt_id = rows[i].pin;
        ok(client_allows_redirect(p, client, rows[i].given) == rows[i].wanted, "redirect URI: %s", rows[i].what);
    }
}

static void test_gpt_behind(apr_pool_t *p)
{
    client_t *client = fixture_client(p, "c");

    is_str(client_gpt_behind(p, client, GPT_A), NULL, "no GPT stands behind a client that is none");
    client->is_gpt = 1;
    is_str(client_gpt_behind(p, client, GPT_A), "g-a", "the GPT behind a callback");
    is_str(client_gpt_behind(p, client, FIXTURE_CB), NULL, "none behind another URI");
    fixture_redirects(p, client, GPT_A);
    is_str(client_gpt_behind(p, client, GPT_A), NULL, "a registered callback pins nothing");
    ok(client_allows_grant_type(client, "refresh_token") && !client_allows_grant_type(client, "client_credentials") &&
           !client_allows_grant_type(client, "refresh"),
       "grant types are compared as a whole");
}

/* Adds a client with a secret: of the administrator's, public or bound to a method. */
static const char *add(store_t *store, const char *id, const char *method, int is_disabled)
{
    client_t *client = fixture_client(store->pool, id);
    const char *secret = NULL;

    client->auth_method = method;
    client->is_public = method && strcmp(method, "none") == 0;
    if (!client->is_public) {
        secret = fixture_secret(store, client);
    }
    ok(store_client_add(store, client) == STORE_OK, "%s is added", id);
    if (is_disabled) {
        ok(store_client_set_disabled(store, id, store->now) == STORE_OK, "%s is disabled", id);
    }
    return secret;
}

static void try(store_t *store, const char *what, const credentials_t *credentials, const char *wanted)
{
    client_t *client = NULL;
    const failure_t *failure = client_authenticate(store, credentials, &client);

    is_str(failure ? oauth_error_name(failure->error) : client ? client->id : NULL, wanted, "authentication: %s", what);
    ok(!failure == !!client, "... %s", failure ? "and no client is handed out" : "and it is handed out");
}

static void test_authentication(store_t *store)
{
    const char *c = add(store, "c", NULL, 0), *basic = add(store, "basic", "client_secret_basic", 0),
               *post = add(store, "post", "client_secret_post", 0), *off = add(store, "off", NULL, 1);
    const struct {
        const char *what;
        credentials_t sent;
        const char *wanted;
    } rows[] = {
        { "Basic", { .basic_id = "c", .basic_secret = c }, "c" },
        { "the body", { .body_id = "c", .body_secret = c }, "c" },
        { "Basic, and the same id in the body", { .basic_id = "c", .basic_secret = c, .body_id = "c" }, "c" },
        { "none at all", { 0 }, "invalid_client" },
        { "a secret without an id", { .body_secret = c }, "invalid_client" },
        { "case 120: both at once", { .basic_id = "c", .basic_secret = c, .body_id = "c", .body_secret = c }, "invalid_request" },
        { "two ids", { .basic_id = "c", .basic_secret = c, .body_id = "p" }, "invalid_request" },
        { "no secret", { .body_id = "c" }, "invalid_client" },
        { "an empty secret", { .basic_id = "c", .basic_secret = "" }, "invalid_client" },
        { "another client's secret", { .basic_id = "c", .basic_secret = basic }, "invalid_client" },
        { "a secret that is none", { .basic_id = "c", .basic_secret = "secret" }, "invalid_client" },
        { "an unknown client", { .basic_id = "nobody", .basic_secret = c }, "invalid_client" },
        { "the id in another case", { .basic_id = "C", .basic_secret = c }, "invalid_client" },
        { "a public client", { .body_id = "p" }, "p" },
        { "a public client with an empty secret", { .body_id = "p", .body_secret = "" }, "p" },
        { "a public client with a secret", { .body_id = "p", .body_secret = c }, "invalid_client" },
        { "a public client by Basic, without a secret", { .basic_id = "p", .basic_secret = "" }, "p" },
        { "a disabled client", { .basic_id = "off", .basic_secret = off }, "invalid_client" },
        { "Basic alone, by Basic", { .basic_id = "basic", .basic_secret = basic }, "basic" },
        { "Basic alone, by the body", { .body_id = "basic", .body_secret = basic }, "invalid_client" },
        { "the body alone, by the body", { .body_id = "post", .body_secret = post }, "post" },
        { "the body alone, by Basic", { .basic_id = "post", .basic_secret = post }, "invalid_client" },
        { "an assertion", { .body_id = "c", .has_assertion = 1 }, "invalid_client" },
        { "an assertion of a public client", { .body_id = "p", .has_assertion = 1 }, "invalid_client" },
        { "an assertion and a secret", { .body_id = "c", .body_secret = c, .has_assertion = 1 }, "invalid_request" },
        { "an assertion and Basic", { .basic_id = "c", .basic_secret = c, .has_assertion = 1 }, "invalid_request" },
    };

    add(store, "p", "none", 0);
    for (int i = 0; i < COUNT(rows); i++) {
        try(store, rows[i].what, &rows[i].sent, rows[i].wanted);
    }
}

static void test_new_secret(store_t *store)
{
    const char *old = add(store, "rotated", NULL, 0);
    credentials_t by_old = { .basic_id = "rotated", .basic_secret = old }, by_new = { .basic_id = "rotated" };
    client_t *spare = fixture_client(store->pool, "spare");
    store_t *later = fixture_store_at(store, store->issuer);

    by_new.basic_secret = fixture_secret(store, spare);
    ok(store_client_set_secret(store, "rotated", &spare->secret_hash, store->now + 100) == STORE_OK, "a new secret");
    later->now = store->now + 99;
    try(later, "the old secret, in its last second", &by_old, "rotated");
    later->now = store->now + 100;
    try(later, "the old secret, when its time is over", &by_old, "invalid_client");
    try(store, "the old secret, in time", &by_old, "rotated");
    try(store, "the new secret", &by_new, "rotated");
    try(store, "the old secret, once the new one was used", &by_old, "invalid_client");
    try(store, "the new secret again", &by_new, "rotated");
}

void test_client(apr_pool_t *p)
{
    store_t *store;

    test_scopes(p);
    test_many_scopes(p);
    test_redirects(p);
    test_gpt_behind(p);
    store = fixture_store(p, "client authentication");
    if (store) {
        test_authentication(store);
        test_new_secret(store);
    }
}
