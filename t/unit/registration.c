/*
 * Dynamic client registration (grant/registration, RFC 7591): what comes of the metadata, and which two clients are one.
 */
#include "tap.h"
#include "base/array.h"
#include "fixture.h"
#include "base/json.h"
#include "grant/client.h"
#include "grant/client_document.h"
#include "grant/registration.h"

#include <apr_strings.h>

#include <string.h>

#define CB     "\"redirect_uris\":[\"https://rp.example/cb\"]"
#define PUBLIC "\"token_endpoint_auth_method\":\"none\""

static const failure_t *judge(apr_pool_t *p, const char *text, registration_t *registration)
{
    return registration_read(p, fixture_policy(p), json_parse_object(p, text, strlen(text)), registration);
}

static void test_members(apr_pool_t *p)
{
    const struct {
        const char *what, *text;
        const char *wanted; /* "PUBLIC METHOD CLIENT'S-METHOD SCOPE TYPE", or the error */
    } rows[] = {
        { "the least", "{" CB "}", "0 client_secret_basic - - -" },
        { "none", "{" CB "," PUBLIC "}", "1 none none - -" },
        { "client_secret_post", "{" CB ",\"token_endpoint_auth_method\":\"client_secret_post\"}",
          "0 client_secret_post client_secret_post - -" },
        { "client_secret_basic", "{" CB ",\"token_endpoint_auth_method\":\"client_secret_basic\"}",
          "0 client_secret_basic client_secret_basic - -" },
        { "a method that is null", "{" CB ",\"token_endpoint_auth_method\":null}", "0 client_secret_basic - - -" },
        { "private_key_jwt", "{" CB ",\"token_endpoint_auth_method\":\"private_key_jwt\"}", "invalid_client_metadata" },
        { "None", "{" CB ",\"token_endpoint_auth_method\":\"None\"}", "invalid_client_metadata" },
        { "case 282: a method as list", "{" CB ",\"token_endpoint_auth_method\":[\"none\"]}", "invalid_client_metadata" },
        { "known scopes", "{" CB "," PUBLIC ",\"scope\":\"write nope read\"}", "1 none none read write -" },
        { "unknown scopes", "{" CB "," PUBLIC ",\"scope\":\"nope\"}", "1 none none - -" },
        { "case 21: a quote in scope", "{" CB ",\"scope\":\"a\\\"\"}", "invalid_client_metadata" },
        { "case 282: scope as list", "{" CB ",\"scope\":[\"read\"]}", "invalid_client_metadata" },
        { "native", "{" CB "," PUBLIC ",\"application_type\":\"native\"}", "1 none none - native" },
        { "an unknown type", "{" CB "," PUBLIC ",\"application_type\":\"Native\"}", "1 none none - -" },
        { "case 282: a type as number", "{" CB ",\"application_type\":1}", "invalid_client_metadata" },
        { "no redirect_uris", "{" PUBLIC "}", "invalid_redirect_uri" },
        { "case 282: a list", "[]", "invalid_client_metadata" },
        { "case 282: redirect_uris twice", "{" CB "," CB "}", "invalid_client_metadata" },
        { "nothing", "", "invalid_client_metadata" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        registration_t made;
        const failure_t *failure = judge(p, rows[i].text, &made);
        const client_t *client = made.client;
        const char *got = failure
                              ? oauth_error_name(failure->error)
                              : apr_pstrcat(p, client->is_public ? "1 " : "0 ", made.auth_method, " ",
                                            client->auth_method ? client->auth_method : "-", " ", made.scope ? made.scope : "-",
                                            " ", client->application_type ? client->application_type : "-", NULL);

        is_str(got, rows[i].wanted, "registration: %s", rows[i].what);
        ok(failure || (!*client->scope && !strcmp(client->source, CLIENT_REGISTERED) && !client->is_gpt &&
                       !client->is_resource_server && !client->id),
           "... and nobody makes himself more than that");
    }
}

static void test_equal(apr_pool_t *p)
{
    static const char plain[] = "{" CB "," PUBLIC ",\"client_name\":\"n\"}";
    const struct {
        const char *what, *one, *other;
        int wanted;
    } rows[] = {
        { "twice the same", plain, plain, 1 },
        { "members in another order, and unknown ones", plain,
          "{\"client_name\":\"n\",\"software_version\":\"2\"," PUBLIC "," CB "}", 1 },
        { "another scope, which limits nothing", plain, "{" CB "," PUBLIC ",\"client_name\":\"n\",\"scope\":\"write\"}", 1 },
        { "another order of URIs", "{\"redirect_uris\":[\"https://a.example/\",\"https://b.example/\"]}",
          "{\"redirect_uris\":[\"https://b.example/\",\"https://a.example/\"]}", 1 },
        { "other ports of loopback URIs", "{\"redirect_uris\":[\"http://127.0.0.1:1/cb\"]}",
          "{\"redirect_uris\":[\"http://127.0.0.1:2/cb\"]}", 1 },
        { "another loopback host", "{\"redirect_uris\":[\"http://127.0.0.1:1/cb\"]}",
          "{\"redirect_uris\":[\"http://localhost:1/cb\"]}", 0 },
        { "another port of https", "{\"redirect_uris\":[\"https://a.example:1/\"]}",
          "{\"redirect_uris\":[\"https://a.example:2/\"]}", 0 },
        { "another name", plain, "{" CB "," PUBLIC ",\"client_name\":\"N\"}", 0 },
        { "another URI", plain, "{\"redirect_uris\":[\"https://rp.example/cb2\"]," PUBLIC ",\"client_name\":\"n\"}", 0 },
        { "one URI more", plain,
          "{\"redirect_uris\":[\"https://rp.example/cb\",\"https://rp.example/d\"]," PUBLIC ",\"client_name\":\"n\"}", 0 },
        { "other grant types", plain, "{" CB "," PUBLIC ",\"client_name\":\"n\",\"grant_types\":[\"authorization_code\"]}", 0 },
        { "a type", plain, "{" CB "," PUBLIC ",\"client_name\":\"n\",\"application_type\":\"native\"}", 0 },
        { "another type", "{" CB ",\"application_type\":\"web\"}", "{" CB ",\"application_type\":\"native\"}", 0 },
        { "a name that looks like a URI of another one",
          "{\"redirect_uris\":[\"https://a.example/\",\"https://b.example/\"],\"client_name\":\"n\"}",
          "{\"redirect_uris\":[\"https://a.example/\"],\"client_name\":\"https://b.example/ n\"}", 0 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        registration_t one, other;
        const failure_t *failure = judge(p, rows[i].one, &one);

        failure = failure ? failure : judge(p, rows[i].other, &other);
        ok(!failure && crypto_equal(&one.metadata_hash, &other.metadata_hash, sizeof(digest_t)) == rows[i].wanted,
           "%s: %s client", rows[i].what, rows[i].wanted ? "the same" : "another");
    }
}

/* As the endpoint does it: read, find, and add what is not found. *id is the client's. */
static const char *enter(store_t *store, const char *text, registration_t *made)
{
    const failure_t *failure = judge(store->pool, text, made);
    int found = 0;

    if (!failure) {
        failure = registration_find(store, made, &found);
    }
    if (!failure && !found) {
        failure = registration_add(store, made);
    }
    return failure ? failure->reason : NULL;
}

static void test_store(store_t *store)
{
    static const char public[] = "{" CB "," PUBLIC ",\"client_name\":\"n\"}", secret[] = "{" CB ",\"client_name\":\"n\"}";
    store_t *elsewhere = fixture_store_at(store, "https://other.example");
    registration_t one, same, other, confidential, again;
    client_t *client = NULL;

    is_str(enter(store, public, &one), NULL, "a public client registers");
    is_str(enter(store, public, &same), NULL, "... and once more");
    is_str(same.client->id, one.client->id, "case 202: ... and is the same");
    ok(!one.secret && !one.client->has_secret, "... and has no secret");
    is_str(enter(elsewhere, public, &other), NULL, "it registers at another issuer");
    ok(strcmp(other.client->id, one.client->id) != 0, "... and is another one there");
    ok(store_client_get(elsewhere, one.client->id, &client) == STORE_REFUSED, "... who does not know the first one");

    is_str(enter(store, secret, &confidential), NULL, "a confidential client registers");
    is_str(enter(store, secret, &again), NULL, "... and once more");
    ok(strcmp(confidential.client->id, again.client->id) != 0, "... and is another one");
    ok(confidential.secret && again.secret && strcmp(confidential.secret, again.secret) != 0, "... with a secret of its own");
    ok(!client_document_is_url(one.client->id), "an id is no URL");
    ok(!client_authenticate(store, &(credentials_t){ .basic_id = confidential.client->id, .basic_secret = confidential.secret },
                            &client) &&
           !strcmp(client->source, CLIENT_REGISTERED),
       "the secret is good");
    ok(client_authenticate(store, &(credentials_t){ .basic_id = confidential.client->id, .basic_secret = again.secret }, &client),
       "the other one's is not");
    ok(client_authenticate(store, &(credentials_t){ .body_id = confidential.client->id }, &client), "nor is none");
}

/* Two at once: the second finds nothing, and the first is there when it writes. */
static void test_race(store_t *store)
{
    static const char text[] = "{" CB "," PUBLIC ",\"client_name\":\"race\"}";
    registration_t first, second;

    ok(!judge(store->pool, text, &first) && !judge(store->pool, text, &second), "two read equal metadata");
    ok(!registration_add(store, &first) && !registration_add(store, &second), "case 266: both register, none failing");
    is_str(second.client->id, first.client->id, "case 266: and are one client");
}

void test_registration(apr_pool_t *p)
{
    store_t *store;

    test_members(p);
    test_equal(p);
    store = fixture_store(p, "registration");
    if (store) {
        test_store(store);
        test_race(store);
    }
}
