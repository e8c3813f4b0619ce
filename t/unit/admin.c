#include "tap.h"
#include "fixture.h"
#include "admin/access.h"
#include "admin/clients.h"
#include "admin/keys.h"
#include "admin/users.h"
#include "base/array.h"
#include "base/token.h"
#include "store/sessions.h"

#include <apr_strings.h>

#include <string.h>

#define DAY 86400

/* problem is looked at when the function that sets it is done. */
static const char *word(const store_t *store, store_status_t status, const char *const *problem)
{
    return status == STORE_OK ? "ok" : status == STORE_DOWN ? store->problem : *problem;
}

static void test_key_ends_soon(void)
{
    static const struct {
        const char *name;
        apr_int64_t made, ends, revoked;
        int wanted;
    } rows[] = {
        { "never", -100, 0, 0, 0 },
        { "in a month", -100, 30, 0, 0 },
        { "in two weeks", -100, 14, 0, 1 },
        { "in two weeks, and revoked", -100, 14, -1, 0 },
        { "a week's, when it is new", 0, 7, 0, 0 },
        { "a week's, in its last days", -4, 3, 0, 1 },
        { "yesterday", -100, -1, 0, 1 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        const service_key_t key = {
            .created_at = FIXTURE_NOW + rows[i].made * DAY,
            .expires_at = rows[i].ends ? FIXTURE_NOW + rows[i].ends * DAY : 0,
            .revoked_at = rows[i].revoked ? FIXTURE_NOW + rows[i].revoked * DAY : 0,
        };

        ok(admin_key_ends_soon(&key, FIXTURE_NOW) == rows[i].wanted, "a key that ends %s", rows[i].name);
    }
}

/* What the options of the command cannot say is what a form can. */
static void test_new_clients(apr_pool_t *p, store_t *store)
{
    static const struct {
        client_kind_t kind;
        const char *redirect, *scope, *resource, *website, *wanted;
    } rows[] = {
        { CLIENT_KIND_CONFIDENTIAL, FIXTURE_CB, NULL, NULL, NULL, "ok" },
        { CLIENT_KIND_PUBLIC, FIXTURE_CB, "read", NULL, "https://rp.example/", "ok" },
        { CLIENT_KIND_GPT, NULL, NULL, NULL, NULL, "ok" },
        { CLIENT_KIND_PUBLIC, NULL, NULL, NULL, NULL, "name the address at which the client receives its codes" },
        { CLIENT_KIND_SERVICE, FIXTURE_CB, NULL, NULL, NULL, "no user signs in to a service account or a resource server" },
        { CLIENT_KIND_RESOURCE_SERVER, NULL, NULL, NULL, "https://rp.example/",
          "no user is asked about a service account or a resource server" },
        { CLIENT_KIND_RESOURCE_SERVER, NULL, "read", NULL, NULL, "a resource server gets no tokens" },
        { CLIENT_KIND_SERVICE, NULL, NULL, "https://h.example/api", NULL,
          "only a resource server has a resource: it is what that server guards" },
        { CLIENT_KIND_RESOURCE_SERVER, NULL, NULL, "https://h.example/api", NULL, "ok" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        apr_array_header_t *uris = apr_array_make(p, 1, sizeof(const char *));
        new_client_t wanted = { apr_psprintf(p, "new-%d", i), rows[i].kind, uris, rows[i].scope, rows[i].resource,
                                { rows[i].website } };
        client_t *client = NULL;
        const char *secret, *problem = NULL;
        store_status_t status;

        if (rows[i].redirect) {
            APR_ARRAY_PUSH(uris, const char *) = rows[i].redirect;
        }
        status = admin_client_add(store, &wanted, &client, &secret, &problem);
        is_str(word(store, status, &problem), rows[i].wanted, "a new client, row %d", i);
        ok(!client == (status != STORE_OK), "... which is there where no rule was against it");
        if (status == STORE_OK) {
            ok(!secret == (rows[i].kind == CLIENT_KIND_PUBLIC), "... with a secret, but for a public one");
        }
    }
}

/* Lets a client in, some days ago. */
static const char *grant(store_t *store, const char *username, const char *client_id, int days)
{
    store_t then = *store;
    code_t code = { .transaction_id = crypto_random_id(store->pool),
                    .grant_id = crypto_random_id(store->pool),
                    .client_id = client_id,
                    .username = username,
                    .scope = "read",
                    .resource = "",
                    .redirect_uri = FIXTURE_CB,
                    .challenge = "",
                    .expires_at = FIXTURE_NOW,
                    .grant_expires_at = FIXTURE_NOW + 300 * DAY };
    apr_int64_t ended;

    then.now = FIXTURE_NOW - (apr_int64_t)days * DAY;
    code.expires_at = then.now + 60;
    crypto_random(&code.hash, sizeof(code.hash));
    crypto_random(&code.selector_hash, sizeof(code.selector_hash));
    ok(store_code_issue(&then, &code, NULL, &ended) == STORE_OK, "%s let %s in", username, client_id);
    return code.grant_id;
}

static void test_taking_back(store_t *store)
{
    client_t *client = fixture_client(store->pool, "app");
    store_t other = *fixture_store_at(store, "https://other.example"), anywhere = *store;
    const user_session_t session = { .public_id = "s1", .username = "alice", .browser = "", .expires_at = FIXTURE_NOW + DAY };
    const char *id, *problem = NULL, *const refused = "refused";
    digest_t hash;

    anywhere.issuer = NULL;
    store_client_add(store, client);
    id = grant(store, "alice", "app", 1);
    is_str(word(store, admin_grant_revoke(store, "bob", id, &problem), &refused), "refused", "a grant is not another user's");
    is_str(word(store, admin_grant_revoke(store, "Alice", id, &problem), &refused), "refused", "... nor another spelling's");
    is_str(word(store, admin_grant_revoke(&other, "alice", id, &problem), &refused), "refused", "... nor another issuer's");
    is_str(word(store, admin_grant_revoke(store, "alice", id, &problem), &refused), "ok", "... but the user's");
    is_str(word(store, admin_grant_revoke(store, "alice", id, &problem), &refused), "refused", "... once");

    memset(&hash, 1, sizeof(hash));
    ok(store_session_add(store, &hash, &session, NULL) == STORE_OK, "a session");
    is_str(word(store, admin_session_end(store, "bob", "s1", &problem), &refused), "refused", "... is not another user's");
    is_str(word(store, admin_session_end(&other, "alice", "s1", &problem), &refused), "refused", "... nor another issuer's");
    is_str(word(store, admin_session_end(&anywhere, "alice", "s1", &problem), &refused), "ok", "... but is one of all issuers'");
}

/* Registers some days ago, and is let in by a user, unless let_in is -1. */
static void registered(const store_t *store, const char *id, int days, int let_in)
{
    store_t then = *store;
    client_t *client = fixture_client(store->pool, id);
    digest_t metadata;

    then.now = FIXTURE_NOW - (apr_int64_t)days * DAY;
    client->source = CLIENT_REGISTERED;
    client->created_at = then.now;
    token_hash(id, &metadata);
    ok(store_registration_add(&then, client, &metadata) == STORE_OK, "%s registers", id);
    if (let_in >= 0) {
        then.now = FIXTURE_NOW - (apr_int64_t)let_in * DAY;
        ok(store_registration_touch(&then, id) == STORE_OK, "... and is let in");
    }
}

static void test_clean_up(apr_pool_t *p, store_t *store)
{
    static const struct {
        const char *id;
        int stays;
    } rows[] = { { "never", 0 }, { "late", 1 },     { "once", 0 }, { "seen", 0 },  { "granted", 0 },
                 { "used", 1 },  { "disabled", 1 }, { "made", 1 }, { "other", 1 }, { NULL, 0 } };
    const char *granted, *used, *problem = NULL;
    apr_int64_t count;
    client_t *client;
    digest_t metadata;

    registered(store, "never", 100, -1);
    registered(store, "late", 50, -1);
    registered(store, "once", 100, 99);
    registered(store, "seen", 100, 99);
    token_hash("seen", &metadata);
    ok(store_registration_get(store, &metadata, &client) == STORE_OK, "... and is seen, as the purge sees it");
    registered(store, "granted", 100, 99);
    granted = grant(store, "alice", "granted", 99);
    registered(store, "used", 100, 99);
    used = grant(store, "alice", "used", 10);
    registered(store, "disabled", 100, 99);
    store_client_set_disabled(store, "disabled", FIXTURE_NOW - 80 * DAY);
    store_client_add(store, fixture_client(p, "made"));
    registered(fixture_store_at(store, "https://other.example"), "other", 100, 99);

    is_str(word(store, admin_registrations_clean_up(store, (apr_int64_t)200 * DAY, &count, &problem), &problem),
           "there is no app that nobody used for so long", "none for 200 days");
    ok(admin_registrations_clean_up(store, (apr_int64_t)90 * DAY, &count, &problem) == STORE_OK && count == 4,
       "four are unused for 90 days, not %d", (int)count);
    for (int i = 0; rows[i].id; i++) {
        ok((store_client_find(store, rows[i].id, &client) == STORE_OK) == rows[i].stays, "%s %s", rows[i].id,
           rows[i].stays ? "stays" : "is gone");
    }
    ok(store_grant_revoke(store, NULL, granted) == STORE_REFUSED, "with its grant");
    ok(store_grant_revoke(store, NULL, used) == STORE_OK, "... which the other one keeps");
}

static void test_users(store_t *store)
{
    const char *problem = NULL, *password = NULL, *again = NULL;
    user_t *user;

    ok(admin_user_add_one_time(store, "carol", "root", &password, &problem) == STORE_OK, "a user with a one-time password");
    ok(strlen(password) == 19 && strspn(password, "0123456789abcdefghjkmnpqrstvwxyz-") == 19 && password[4] == '-' &&
           password[9] == '-' && password[14] == '-',
       "... of four groups");
    ok(store_user_get(store, "carol", &user) == STORE_OK && user->one_time_until == FIXTURE_NOW + DAY &&
           user->one_time_at == FIXTURE_NOW,
       "... that is good for a day");
    is_str(user->one_time_by, "root", "... and says by whom");
    is_str(word(store, admin_user_add_one_time(store, "carol", "root", &again, &problem), &problem),
           "there is already a user \"carol\"", "a second time");
    ok(!again, "... shows none");
    ok(admin_user_set_one_time(store, "carol", "root", &again, &problem) == STORE_OK && strcmp(password, again) != 0,
       "another one for her");
    is_str(word(store, admin_user_set_one_time(store, "dave", "root", &again, &problem), &problem),
           "there is no user \"dave\" here", "none for who is unknown");
    ok(store_user_set_disabled(store, "erin", FIXTURE_NOW) == STORE_OK, "who is known by being disabled");
    is_str(word(store, admin_user_set_one_time(store, "erin", "root", &again, &problem), &problem),
           "the user \"erin\" signs in elsewhere", "... gets none");
    is_str(word(store, admin_user_passwd(store, "erin", "$2y$12$x", &problem), &problem), "the user \"erin\" signs in elsewhere",
           "... nor another password");
    is_str(word(store, admin_user_add(store, "CAROL", "$2y$12$x", &problem), &problem),
           "there is already a user \"carol\", and two spellings of one name are one person", "another spelling of a user");
}

void test_admin(apr_pool_t *p)
{
    store_t *store;

    test_key_ends_soon();
    store = fixture_store(p, "admin");
    if (store) {
        test_new_clients(p, store);
        test_taking_back(store);
        test_clean_up(p, store);
        test_users(store);
    }
}
