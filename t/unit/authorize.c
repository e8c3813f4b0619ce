/*
 * The authorization endpoint's rules (grant/authorize): which requests are sound, and where the error of one that is not goes: to
 * a page of ours, or back to the app (RFC 6749 section 4.1.2.1).
 */
#include "tap.h"
#include "base/array.h"
#include "fixture.h"
#include "grant/authorize.h"
#include "grant/tokens.h"

#include <apr_strings.h>

#include <string.h>

#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define PKCE      "&code_challenge=" CHALLENGE "&code_challenge_method=S256"
#define CODE      "&response_type=code"
#define CB        "&redirect_uri=https%3A%2F%2Frp.example%2Fcb"
#define EVIL      "&redirect_uri=https%3A%2F%2Fevil.example%2Fcb"
#define GPT_A     "https://chat.openai.com/aip/g-a/oauth/callback"
#define GPT_B     "https://chat.openai.com/aip/g-b/oauth/callback"
#define CHATGPT   "client_id=https%3A%2F%2Fchatgpt.com%2Foauth%2Fx-1%2Fclient.json"

typedef struct row_t {
    const char *what, *query;
    /* "page ERROR"; "back ERROR URI STATE"; "ok URI SCOPE RESOURCE STATE CHALLENGE PROMPT", of which "-" is none. */
    const char *wanted;
} row_t;

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

static const char *judge(store_t *store, const policy_t *policy, const char *query)
{
    apr_pool_t *p = store->pool;
    authorization_t *request = NULL;
    const failure_t *failure = authorize_check(store, policy, params_parse_form(p, query, strlen(query)), NULL, &request);

    if (failure && !request) {
        return apr_pstrcat(p, "page ", oauth_error_name(failure->error), NULL);
    }
    if (failure) {
        return apr_pstrcat(p, "back ", oauth_error_name(failure->error), " ", request->redirect_uri, " ", or_dash(request->state),
                           NULL);
    }
    if (!request->redirect_uri) {
        return apr_pstrcat(p, "fetch ", request->client->id, NULL);
    }
    return apr_pstrcat(
        p, "ok ", request->redirect_uri, " ", or_dash(request->scope), " ", or_dash(request->resource), " ",
        or_dash(request->state), " ", *request->challenge ? "pkce" : "-", " ",
        or_dash(apr_pstrcat(p, request->prompt.is_none ? "none" : "", request->prompt.asks_consent ? "consent" : "",
                            request->prompt.asks_account ? "account" : "",
                            request->prompt.max_age == 0   ? "login"
                            : request->prompt.max_age >= 0 ? "age"
                                                           : "",
                            NULL)),
        NULL);
}

static void try_rows(store_t *store, const policy_t *policy, const row_t *rows, int count)
{
    for (int i = 0; i < count; i++) {
        is_str(judge(store, policy, rows[i].query), rows[i].wanted, "authorize: %s", rows[i].what);
    }
}

static client_t *add(store_t *store, const char *id, const char *redirects, client_t with)
{
    client_t *client = fixture_client(store->pool, id);

    with.id = client->id;
    with.name = client->name;
    with.resource = client->resource;
    with.scope = with.scope ? with.scope : "";
    with.grant_types = with.grant_types ? with.grant_types : client->grant_types;
    with.source = CLIENT_ADMIN;
    *client = with;
    fixture_redirects(store->pool, client, redirects);
    if (!client->is_public) {
        fixture_secret(store, client);
    }
    ok(store_client_add(store, client) == STORE_OK, "a client %s", id);
    return client;
}

static void add_clients(store_t *store)
{
    add(store, "c", FIXTURE_CB, (client_t){ 0 });
    add(store, "two", FIXTURE_CB " https://rp.example/other", (client_t){ 0 });
    add(store, "none", "", (client_t){ 0 });
    add(store, "p", FIXTURE_CB, (client_t){ .is_public = 1, .auth_method = "none" });
    add(store, "app", "http://127.0.0.1/cb", (client_t){ .is_public = 1, .auth_method = "none" });
    add(store, "g", FIXTURE_CB, (client_t){ .is_gpt = 1 });
    add(store, "service", FIXTURE_CB, (client_t){ .grant_types = "client_credentials" });
    add(store, "narrow", FIXTURE_CB, (client_t){ .scope = "write" });
    add(store, "off", FIXTURE_CB, (client_t){ 0 });
    ok(store_client_set_disabled(store, "off", store->now) == STORE_OK, "... is disabled");
}

/* Nothing is ever sent to a URI that is not the client's. */
static void test_pages(store_t *store, const policy_t *policy)
{
    static const row_t rows[] = {
        { "case 281: nothing", "", "page invalid_request" },
        { "case 281: separators", "&&=&", "page invalid_request" },
        { "case 1: an unknown client", "client_id=nobody" EVIL CODE PKCE, "page invalid_client" },
        { "case 2: no client", "redirect_uri=x" CODE PKCE, "page invalid_request" },
        { "case 17: an empty client", "client_id=" CB CODE PKCE, "page invalid_request" },
        { "the client's id in another case", "client_id=C" CB CODE PKCE, "page invalid_client" },
        { "case 270: a NUL behind the client's id", "client_id=c%00x" CB CODE PKCE, "page invalid_request" },
        { "a client's id that is no UTF-8", "client_id=c%ff" CB CODE PKCE, "page invalid_request" },
        { "case 13: two clients", "client_id=c&client_id=p" CB CODE PKCE, "page invalid_request" },
        { "case 13: the same client twice", "client_id=c&client_id=c" CB CODE PKCE, "page invalid_request" },
        { "a disabled client", "client_id=off" CB CODE PKCE, "page unauthorized_client" },
        { "a URI that is not registered", "client_id=c" EVIL CODE PKCE, "page invalid_request" },
        { "case 5: ... and a bad response_type", "client_id=c" EVIL "&response_type=bogus" PKCE, "page invalid_request" },
        { "case 6: ... and a bad scope", "client_id=c" EVIL CODE PKCE "&scope=nope", "page invalid_request" },
        { "... and prompt=none", "client_id=c" EVIL CODE PKCE "&prompt=none", "page invalid_request" },
        { "case 12: a good URI and a bad one", "client_id=c" CB EVIL CODE PKCE, "page invalid_request" },
        { "case 12: a bad URI and a good one", "client_id=c" EVIL CB CODE PKCE, "page invalid_request" },
        { "case 12: the good URI twice", "client_id=c" CB CB CODE PKCE, "page invalid_request" },
        { "case 12: a good URI and an empty one", "client_id=c" CB "&redirect_uri=" CODE PKCE, "page invalid_request" },
        { "case 270: a NUL behind the URI", "client_id=c" CB "%00.evil.example" CODE PKCE, "page invalid_request" },
        { "case 272: a URI that cannot be decoded", "client_id=c" CB "%z" CODE PKCE, "page invalid_request" },
        { "case 42: a path below", "client_id=c" CB "%2Fx" CODE PKCE, "page invalid_request" },
        { "case 44: a query added", "client_id=c" CB "%3Fx%3D1" CODE PKCE, "page invalid_request" },
        { "case 52: a fragment", "client_id=c" CB "%23" CODE PKCE, "page invalid_request" },
        { "another client's URI", "client_id=none" CB CODE PKCE, "page invalid_request" },
        { "case 4: no URI where two are registered", "client_id=two" CODE PKCE, "page invalid_request" },
        { "no URI where none is registered", "client_id=none" CODE PKCE, "page invalid_request" },
        { "a name that cannot be decoded", "client_id=c" CB CODE PKCE "&%z=1", "page invalid_request" },
        { "case 317: a request object, and no URI", "client_id=two&request=x", "page request_not_supported" },
        { "a GPT's callback, of a client that is none", "client_id=c&redirect_uri=" GPT_A CODE PKCE, "page invalid_request" },
        { "a URL of http as client", "client_id=http%3A%2F%2Fapp.example%2Fx" CB CODE PKCE, "page invalid_client" },
        { "a document, while there are none", CHATGPT CB CODE PKCE, "page invalid_client" },
    };

    try_rows(store, policy, rows, COUNT(rows));
}

/* Client and URI are certain, and the app is told. */
static void test_errors(store_t *store, const policy_t *policy)
{
#define BACK(error) "back " error " " FIXTURE_CB " s"
    static const row_t rows[] = {
        { "case 8: no response_type", "client_id=c&state=s" CB PKCE, BACK("invalid_request") },
        { "case 9: response_type=token", "client_id=c&state=s" CB "&response_type=token" PKCE,
          BACK("unsupported_response_type") },
        { "case 10: two response types", "client_id=c&state=s" CB "&response_type=code+token" PKCE,
          BACK("unsupported_response_type") },
        { "response_type=CODE", "client_id=c&state=s" CB "&response_type=CODE" PKCE, BACK("unsupported_response_type") },
        { "case 14: scope twice", "client_id=c&state=s" CB CODE PKCE "&scope=read&scope=read", BACK("invalid_request") },
        { "case 14: a challenge twice", "client_id=c&state=s" CB CODE PKCE PKCE, BACK("invalid_request") },
        { "case 14: state twice, and none goes back", "client_id=c&state=s&state=s" CB CODE PKCE,
          "back invalid_request " FIXTURE_CB " -" },
        { "case 270: a NUL in state, and none goes back", "client_id=c&state=s%00" CB CODE PKCE,
          "back invalid_request " FIXTURE_CB " -" },
        { "case 18: an unknown parameter, but twice", "client_id=c&state=s" CB CODE PKCE "&x=1&x=1", BACK("invalid_request") },
        { "case 20: an unknown scope alone", "client_id=c&state=s" CB CODE PKCE "&scope=nope", BACK("invalid_scope") },
        { "case 21: a quote in scope", "client_id=c&state=s" CB CODE PKCE "&scope=%22", BACK("invalid_scope") },
        { "case 21: a NUL in scope", "client_id=c&state=s" CB CODE PKCE "&scope=%00", BACK("invalid_scope") },
        { "a scope that the client may not have", "client_id=narrow&state=s" CB CODE PKCE "&scope=admin", BACK("invalid_scope") },
        { "case 36: response_mode=fragment", "client_id=c&state=s" CB CODE PKCE "&response_mode=fragment",
          BACK("invalid_request") },
        { "case 317: request", "client_id=c&state=s" CB CODE PKCE "&request=x", BACK("request_not_supported") },
        { "case 317: request_uri", "client_id=c&state=s" CB CODE PKCE "&request_uri=https://h",
          BACK("request_uri_not_supported") },
        { "a client that may ask no user", "client_id=service&state=s" CB CODE PKCE, BACK("unauthorized_client") },
        { "case 33: none and login", "client_id=c&state=s" CB CODE PKCE "&prompt=none+login", BACK("invalid_request") },
        { "case 33: login and none", "client_id=c&state=s" CB CODE PKCE "&prompt=login+none", BACK("invalid_request") },
        { "case 33: none and consent", "client_id=c&state=s" CB CODE PKCE "&prompt=consent+none", BACK("invalid_request") },
        { "case 33: none and an unknown one", "client_id=c&state=s" CB CODE PKCE "&prompt=none+create", BACK("invalid_request") },
        { "case 322: a negative max_age", "client_id=c&state=s" CB CODE PKCE "&max_age=-1", BACK("invalid_request") },
        { "case 322: a max_age with a sign", "client_id=c&state=s" CB CODE PKCE "&max_age=%2B1", BACK("invalid_request") },
        { "case 322: a max_age with a blank", "client_id=c&state=s" CB CODE PKCE "&max_age=%201", BACK("invalid_request") },
        { "case 322: a max_age in words", "client_id=c&state=s" CB CODE PKCE "&max_age=1h", BACK("invalid_request") },
        { "case 322: a max_age with a point", "client_id=c&state=s" CB CODE PKCE "&max_age=1.5", BACK("invalid_request") },
        { "case 322: max_age twice", "client_id=c&state=s" CB CODE PKCE "&max_age=1&max_age=1", BACK("invalid_request") },
        { "prompt with a quote", "client_id=c&state=s" CB CODE PKCE "&prompt=%22", BACK("invalid_request") },
        { "case 254: an unknown resource", "client_id=c&state=s" CB CODE PKCE "&resource=https://h.example/x",
          BACK("invalid_target") },
        { "case 254: a known and an unknown resource",
          "client_id=c&state=s" CB CODE PKCE "&resource=https://h.example/api&resource=foo", BACK("invalid_target") },
        { "no URI is given, and one registered", "client_id=c&state=s", BACK("invalid_request") },
        /* PKCE */
        { "case 68: none, of a confidential client", "client_id=c&state=s" CB CODE, BACK("invalid_request") },
        { "none, of a public client", "client_id=p&state=s" CB CODE, BACK("invalid_request") },
        { "case 70: plain", "client_id=p&state=s" CB CODE "&code_challenge=" CHALLENGE "&code_challenge_method=plain",
          BACK("invalid_request") },
        { "case 70: no method, which means plain", "client_id=p&state=s" CB CODE "&code_challenge=" CHALLENGE,
          BACK("invalid_request") },
        { "case 72: s256", "client_id=p&state=s" CB CODE "&code_challenge=" CHALLENGE "&code_challenge_method=s256",
          BACK("invalid_request") },
        { "case 73: 42 characters",
          "client_id=p&state=s" CB CODE "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c&code_challenge_method=S256",
          BACK("invalid_request") },
        { "case 73: 44 characters", "client_id=p&state=s" CB CODE "&code_challenge_method=S256&code_challenge=" CHALLENGE "A",
          BACK("invalid_request") },
        { "case 74: an empty challenge", "client_id=p&state=s" CB CODE "&code_challenge=&code_challenge_method=S256",
          BACK("invalid_request") },
        { "a method without a challenge, of a GPT", "client_id=g&state=s" CB CODE "&code_challenge_method=S256",
          BACK("invalid_request") },
        { "case 70: plain, of a GPT", "client_id=g&state=s" CB CODE "&code_challenge=x&code_challenge_method=plain",
          BACK("invalid_request") },
    };

    try_rows(store, policy, rows, COUNT(rows));
}

static void test_sound(store_t *store, const policy_t *policy)
{
    static const row_t rows[] = {
        { "the least", "client_id=c" CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
        { "with its URI", "client_id=c" CB CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
        { "one of two URIs", "client_id=two&redirect_uri=https://rp.example/other" CODE PKCE,
          "ok https://rp.example/other read - - pkce -" },
        { "case 24: state as it comes", "client_id=c" CODE PKCE "&state=%2B%26%3D%C3%A9",
          "ok " FIXTURE_CB " read - +&=\xc3\xa9 pkce -" },
        { "case 16: empty ones are absent", "client_id=c&scope=&state=&prompt=&resource=&request=&response_mode=" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce -" },
        { "case 18: unknown ones", "client_id=c&foo=bar&nonce=x&audience=y&display=page" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce -" },
        { "case 20: a known scope and an unknown one", "client_id=c&scope=write+nope" CODE PKCE,
          "ok " FIXTURE_CB " write - - pkce -" },
        { "case 253: two resources", "client_id=c&resource=https://h.example/mcp&resource=https://h.example/api/" CODE PKCE,
          "ok " FIXTURE_CB " read https://h.example/api https://h.example/mcp - pkce -" },
        { "response_mode=query", "client_id=c&response_mode=query" CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
        { "case 60: another port of a loopback URI", "client_id=app&redirect_uri=http://127.0.0.1:33418/cb" CODE PKCE,
          "ok http://127.0.0.1:33418/cb read - - pkce -" },
        { "case 69: a GPT without PKCE", "client_id=g" CB CODE, "ok " FIXTURE_CB " read - - - -" },
        { "a GPT with PKCE", "client_id=g" CB CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
        { "a client's own scopes", "client_id=narrow" CODE PKCE, "ok " FIXTURE_CB " write - - pkce -" },
        { "case 32: prompt=none", "client_id=c&prompt=none" CODE PKCE, "ok " FIXTURE_CB " read - - pkce none" },
        { "case 34: prompt=consent", "client_id=c&prompt=consent" CODE PKCE, "ok " FIXTURE_CB " read - - pkce consent" },
        { "case 322: prompt=login", "client_id=c&prompt=login" CODE PKCE, "ok " FIXTURE_CB " read - - pkce login" },
        { "case 322: an unknown prompt and select_account", "client_id=c&prompt=x+select_account" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce account" },
        { "case 322: all prompts but none", "client_id=c&prompt=login+consent+select_account" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce consentaccountlogin" },
        { "case 322: max_age", "client_id=c&max_age=60" CODE PKCE, "ok " FIXTURE_CB " read - - pkce age" },
        { "case 322: max_age=0", "client_id=c&max_age=0" CODE PKCE, "ok " FIXTURE_CB " read - - pkce login" },
        { "case 322: max_age and login", "client_id=c&max_age=60&prompt=login" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce login" },
        { "case 322: none and max_age", "client_id=c&max_age=60&prompt=none" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce noneage" },
        { "a max_age of many digits", "client_id=c&max_age=99999999999999999999" CODE PKCE,
          "ok " FIXTURE_CB " read - - pkce age" },
        { "an empty max_age", "client_id=c&max_age=" CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
        { "an unknown prompt", "client_id=c&prompt=create" CODE PKCE, "ok " FIXTURE_CB " read - - pkce -" },
    };

    try_rows(store, policy, rows, COUNT(rows));
}

/* The first code that a GPT redeems with the present secret pins the client to it. */
static void test_pin(store_t *store, const policy_t *policy)
{
    static const char a[] = "client_id=open&redirect_uri=" GPT_A CODE, b[] = "client_id=open&redirect_uri=" GPT_B CODE;
    static const row_t before[] = { { "a GPT, while the pin is open", a, "ok " GPT_A " read - - - -" },
                                    { "another one, while the pin is open", b, "ok " GPT_B " read - - - -" } };
    static const row_t after[] = { { "the pinned GPT", a, "ok " GPT_A " read - - - -" },
                                   { "another GPT", b, "page invalid_request" },
                                   { "another GPT, beside an error", "client_id=open&redirect_uri=" GPT_B,
                                     "page invalid_request" } };
    client_t *client = add(store, "open", "", (client_t){ .is_gpt = 1, .gpt_open = 1 });
    redeem_t redeem = { .redirect_uri = GPT_A };
    authorization_t *request = NULL;
    tokens_t tokens;

    try_rows(store, policy, before, COUNT(before));
    client->proven_hash = client->secret_hash;
    authorize_check(store, policy, params_parse_form(store->pool, a, strlen(a)), NULL, &request);
    ok(!authorize_issue(store, policy, request, "alice", "pin", request->scope, 0, &redeem.code) &&
           !redeem_code(store, policy, client, &redeem, &tokens) && tokens.note,
       "the GPT redeems its code, and is pinned");
    try_rows(store, policy, after, COUNT(after));
    ok(store_client_open_pin(store, "open") == STORE_OK, "the pin is opened again");
    try_rows(store, policy, before, COUNT(before));
}

/* Clients by the URL of their document: what is built in, and what would have to be fetched. */
static void test_documents(store_t *store, policy_t *policy)
{
    static const row_t pinned[] = {
        { "case 319: the callback of a built-in document",
          CHATGPT "&redirect_uri=https://chatgpt.com/connector/oauth/x-1" CODE PKCE,
          "ok https://chatgpt.com/connector/oauth/x-1 read - - pkce -" },
        { "case 319: another app's callback", CHATGPT "&redirect_uri=https://chatgpt.com/connector/oauth/x-2" CODE PKCE,
          "page invalid_request" },
        { "case 319: another app's callback, beside an error",
          CHATGPT "&redirect_uri=https://chatgpt.com/connector/oauth/x-2&response_type=token", "page invalid_request" },
        { "a document that is not built in", "client_id=https://app.example/c.json" CODE PKCE, "page invalid_client" },
    };
    static const row_t fetched[] = {
        { "case 309: a document that is not fetched yet", "client_id=https://app.example/c.json" EVIL "&response_type=bogus",
          "fetch https://app.example/c.json" },
        { "a document of a host that is not listed", "client_id=https://other.example/c.json" CODE PKCE, "page invalid_client" },
    };

    policy->documents = CLIENT_DOCUMENTS_PINNED;
    try_rows(store, policy, pinned, COUNT(pinned));
    policy->documents = CLIENT_DOCUMENTS_FETCH;
    policy->document_hosts = apr_array_make(store->pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(policy->document_hosts, const char *) = "app.example";
    try_rows(store, policy, fetched, COUNT(fetched));
    policy->documents = CLIENT_DOCUMENTS_OFF;
}

void test_authorize(apr_pool_t *p)
{
    store_t *store = fixture_store(p, "authorize");
    policy_t *policy = fixture_policy(p);

    if (store) {
        add_clients(store);
        test_pages(store, policy);
        test_errors(store, policy);
        test_sound(store, policy);
        test_pin(store, policy);
        test_documents(store, policy);
    }
}
