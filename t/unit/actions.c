#include "tap.h"
#include "fixture.h"
#include "base/array.h"
#include "store/one_time.h"
#include "store/sessions.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>

static const char *word(const store_t *store, store_status_t status)
{
    return store->is_spent ? "spent" : status == STORE_OK ? "ok" : status == STORE_REFUSED ? "refused" : "down";
}

static user_t *user_of(store_t *store, const char *name)
{
    user_t *user = NULL;

    store_user_get(store, name, &user);
    return user;
}

static void test_spending(apr_pool_t *p, store_t *store)
{
    client_t *client;

    is_str(word(store, store_user_add(store, "alice", "$2y$one")), "ok", "without an action nothing is spent");
    store->action = "a1";
    is_str(user_of(store, "alice")->password_hash, "$2y$one", "a look");
    is_str(store->action, "a1", "... spends no action");
    is_str(word(store, store_user_set_password(store, "alice", "$2y$two")), "ok", "an operation in steps with an action");
    is_str(store->action, NULL, "... spends it");
    is_str(word(store, store_user_set_password(store, "alice", "$2y$three")), "ok", "... and the next one has none");
    store->action = "a1";
    is_str(word(store, store_user_set_password(store, "alice", "$2y$four")), "spent", "the same action again is refused");
    is_str(store->action, NULL, "... and is not tried by the next operation");
    is_str(user_of(store, "alice")->password_hash, "$2y$three", "... and changes nothing");
    store->action = "a1";
    is_str(word(store, store_user_set_disabled(store, "alice", 0)), "spent", "... nor by another operation");

    store->action = "a2";
    is_str(word(store, store_user_set_disabled(store, "alice", FIXTURE_NOW)), "ok", "an action of another id: the rest works");
    is_str(word(store, store_user_set_disabled(store, "alice", 0)), "ok", "... and without one");
    store->action = "a3";
    is_str(word(store, store_user_set_password(store, "nobody", "$2y$x")), "refused", "refused for a reason of its own");
    store->action = "a3";
    is_str(word(store, store_user_set_password(store, "alice", "$2y$x")), "spent", "... spends the action all the same");

    client = fixture_client(p, "an app");
    store->action = "a4";
    is_str(word(store, store_client_add(store, client)), "ok", "an operation without steps");
    store->action = "a4";
    is_str(word(store, store_client_remove(store, "an app")), "spent", "... spends its action: one of several statements");
    is_str(word(store, store_client_get(store, "an app", &client)), "spent", "a look leaves is_spent as it is");
    ok(client->disabled_at == 0, "... changes nothing");
    store->action = "a5";
    is_str(word(store, store_client_remove(store, "an app")), "ok", "an action of its own removes it");
    is_str(word(store, store_client_get(store, "an app", &client)), "refused", "... altogether");
}

static store_status_t sign_in(store_t *store, const char *name, const char *password_hash)
{
    user_session_t session = { .public_id = crypto_random_id(store->pool), .username = name, .browser = "" };
    digest_t hash;

    session.expires_at = FIXTURE_NOW + 3600;
    crypto_random(&hash, sizeof(hash));
    return store_session_add(store, &hash, &session, password_hash);
}

static const char *one_time(store_t *store, const char *name)
{
    const user_t *user = user_of(store, name);

    return apr_psprintf(store->pool, "%s %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %s", user->password_hash, user->one_time_until,
                        user->one_time_at, user->one_time_by ? user->one_time_by : "-");
}

static void test_one_time(store_t *store)
{
    const one_time_t first = { "$2y$first", FIXTURE_NOW + 60, "helper" }, second = { "$2y$second", FIXTURE_NOW + 90, "admin" };
    user_t *user = NULL;

    is_str(word(store, store_user_add_one_time(store, "bob", &first)), "ok", "a user with a one-time password");
    is_str(one_time(store, "bob"), "$2y$first 1800000060 1800000000 helper", "... which is told from others");
    is_str(word(store, store_user_add_one_time(store, "bob", &second)), "refused", "... and is not added twice");
    is_str(word(store, sign_in(store, "bob", "$2y$first")), "refused", "a one-time password begins no session");
    is_str(word(store, store_user_change_password(store, "bob", "$2y$first", "$2y$own", 0, &(apr_int64_t){ 0 })), "refused",
           "... nor is changed");
    is_str(word(store, store_user_set_one_time(store, "bob", &second)), "ok", "another one");
    is_str(one_time(store, "bob"), "$2y$second 1800000090 1800000000 admin", "... takes its place");
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$first", "$2y$own")), "refused", "the first is good no more");
    store->now += 90;
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$second", "$2y$own")), "refused", "nor is what is over");
    store->now -= 90;
    store_user_set_disabled(store, "Bob", FIXTURE_NOW);
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$second", "$2y$own")), "refused", "nor who is disabled");
    store_user_set_disabled(store, "Bob", 0);
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$second", "$2y$own")), "ok", "he chooses another one");
    is_str(one_time(store, "bob"), "$2y$own 0 0 -", "... which is his own");
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$second", "$2y$x")), "refused", "... once");
    is_str(word(store, store_user_choose_password(store, "bob", "$2y$own", "$2y$x")), "refused", "... and not with his own");
    is_str(word(store, sign_in(store, "bob", "$2y$own")), "ok", "... and signs in with it");
    store_user_set_one_time(store, "bob", &first);
    is_str(word(store, store_user_set_password(store, "bob", "$2y$set")), "ok", "a password that is set");
    is_str(one_time(store, "bob"), "$2y$set 0 0 -", "... is his own, too");
    ok(store_user_get(store, "bob", &user) == STORE_OK &&
           store_user_change_password(store, "bob", "$2y$set", "$2y$z", 0, &(apr_int64_t){ 0 }) == STORE_OK,
       "... and he may change it");
}

typedef struct one_of_two_t {
    store_t *store;
    const char *client, *action;
    apr_int64_t disabled_at;
    store_status_t status;
} one_of_two_t;

static void *APR_THREAD_FUNC disable(apr_thread_t *thread, void *data)
{
    one_of_two_t *one = data;

    one->store->action = one->action;
    one->store->is_spent = 0;
    one->status = store_client_set_disabled(one->store, one->client, one->disabled_at);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Each changes another row, so that nothing but the action keeps them apart. */
static void test_two_at_once(apr_pool_t *p, const char *driver, const char *params)
{
    static const char *const clients[] = { "left", "right" };
    one_of_two_t two[2];
    int wrong = 0;

    for (int i = 0; i < 2; i++) {
        apr_pool_t *own;

        apr_pool_create(&own, NULL);
        two[i].store = fixture_connection(own, driver, params);
        two[i].client = clients[i];
        store_client_add(two[i].store, fixture_client(p, clients[i]));
    }
    for (int round = 1; round <= 50; round++) {
        apr_thread_t *threads[2];
        int done = 0;

        for (int i = 0; i < 2; i++) {
            two[i].action = apr_psprintf(p, "round %d", round);
            two[i].disabled_at = round;
            apr_thread_create(&threads[i], NULL, disable, &two[i], p);
        }
        for (int i = 0; i < 2; i++) {
            apr_status_t ended;

            apr_thread_join(&ended, threads[i]);
        }
        for (int i = 0; i < 2; i++) {
            client_t *client = NULL;

            store_client_get(two[i].store, clients[i], &client);
            wrong += two[i].status == STORE_DOWN || (two[i].status == STORE_OK) == two[i].store->is_spent ||
                     (client->disabled_at == round) != (two[i].status == STORE_OK);
            done += two[i].status == STORE_OK;
        }
        wrong += done != 1;
    }
    ok(wrong == 0, "of two at once with the same action one does what it does, and the other nothing");
    for (int i = 0; i < 2; i++) {
        apr_pool_destroy(two[i].store->pool);
    }
}

void test_actions(apr_pool_t *p, const char *driver, const char *params)
{
    store_t *store = fixture_connection(p, driver, params);

    if (ok(store != NULL, "actions: %s", driver)) {
        test_spending(p, store);
        store->is_spent = 0;
        test_one_time(store);
        test_two_at_once(p, driver, params);
    }
}
