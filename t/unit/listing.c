#include "tap.h"
#include "fixture.h"
#include "base/array.h"
#include "base/fold.h"
#include "base/token.h"
#include "store/listing.h"
#include "store/one_time.h"
#include "store/sessions.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MANY 180 /* more than three pages */

typedef struct item_t {
    const char *key, *name;
    apr_int64_t used_at;
} item_t;

/* What is listed: the table and, of clients, whose. */
typedef enum { ADMINS, OTHERS, USERS, KEYS } what_t;
static const char *const names_of[] = { "clients of the administrator", "other clients", "users", "keys" };

static apr_array_header_t *page(store_t *store, what_t what, const listing_t *listing)
{
    apr_array_header_t *items = apr_array_make(store->pool, LISTING_PAGE, sizeof(item_t)), *rows = NULL;
    store_status_t status = what == KEYS    ? store_listing_keys(store, listing, &rows)
                            : what == USERS ? store_listing_users(store, listing, &rows)
                                            : store_listing_clients(store, listing, what == ADMINS, &rows);

    if (status != STORE_OK) {
        ok(0, "a page: %s", store->problem);
        return items;
    }
    for (int i = 0; i < rows->nelts; i++) {
        const void *row = APR_ARRAY_IDX(rows, i, const void *);
        item_t *item = apr_array_push(items);

        if (what == KEYS) {
            const service_key_t *key = row;

            *item = (item_t){ key->name, key->name, key->used_at };
        } else if (what == USERS) {
            const listed_user_t *user = row;

            *item = (item_t){ user->name, user->name, user->used_at };
        } else {
            const listed_client_t *client = row;

            *item = (item_t){ client->id, client->name, client->used_at };
        }
    }
    return items;
}

static const char *lower(apr_pool_t *p, what_t what, const char *name)
{
    char *text = apr_pstrdup(p, what == USERS ? name_fold(p, name) : name);

    for (char *c = text; *c; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    return text;
}

/* 1: in the order that was asked for, none twice. */
static int is_after(apr_pool_t *p, what_t what, int is_by_use, const item_t *one, const item_t *next)
{
    int order = is_by_use ? (one->used_at > next->used_at) - (one->used_at < next->used_at) : 0;

    order = order ? order : strcmp(lower(p, what, next->name), lower(p, what, one->name));
    return (order ? order : strcmp(next->key, one->key)) > 0;
}

/* All pages one after the other. *is_sorted: in order. */
static apr_array_header_t *walk(store_t *store, what_t what, const char *prefix, int is_by_use, int *is_sorted)
{
    listing_t listing = { .prefix = prefix, .is_by_use = is_by_use };
    apr_array_header_t *all = apr_array_make(store->pool, MANY, sizeof(item_t)), *some;

    do {
        some = page(store, what, &listing);
        apr_array_cat(all, some);
        if (all->nelts > 0) {
            const item_t *last = &APR_ARRAY_IDX(all, all->nelts - 1, item_t);

            listing.after = last->key;
            listing.after_name = last->name;
            listing.after_used = last->used_at;
        }
    } while (some->nelts == LISTING_PAGE && all->nelts < 10 * MANY);
    *is_sorted = 1;
    for (int i = 1; i < all->nelts; i++) {
        *is_sorted &= is_after(store->pool, what, is_by_use, &APR_ARRAY_IDX(all, i - 1, item_t), &APR_ARRAY_IDX(all, i, item_t));
    }
    return all;
}

/* Seldom, so that many are used at the same time, and a third never. */
static apr_int64_t use_of(int i)
{
    return i % 3 == 0 ? 0 : FIXTURE_NOW - (apr_int64_t)(i % 7) * 86400;
}

static void add(store_t *store, what_t what, const char *name, int i)
{
    store_t then = *store;
    client_t *client = fixture_client(store->pool, apr_psprintf(store->pool, "%d of %d", i, (int)what));
    user_session_t session = { .public_id = crypto_random_id(store->pool), .username = name, .browser = "", .expires_at = 1 };
    service_key_t key = { .name = name, .issuer = i % 2 ? FIXTURE_ISSUER : "", .scope = "" };
    apr_int64_t used_at = use_of(i), ended;
    digest_t hash;

    then.now = used_at;
    client->name = name;
    token_hash(apr_psprintf(store->pool, "%s %d", name, (int)what), &hash);
    key.hash = hash;
    switch (what) {
    case ADMINS: {
        code_t code = {
            hash, hash, client->id, client->id, client->id, "somebody", "read", "", FIXTURE_CB, 0, "", 0, 0, 0, 0, 0
        };

        store_client_add(store, client);
        used_at ? store_code_issue(&then, &code, NULL, &ended) : STORE_OK;
        break;
    }
    case OTHERS:
        client->source = i % 2 ? CLIENT_REGISTERED : CLIENT_DOCUMENT;
        then.now = used_at = FIXTURE_NOW - (apr_int64_t)(i % 7) * 86400;
        i % 2 ? store_registration_add(&then, client, &hash) : store_document_put(&then, client);
        break;
    case USERS:
        store_user_add(store, name, "$2y$x");
        used_at ? store_session_add(&then, &hash, &session, "$2y$x") : STORE_OK;
        break;
    case KEYS:
        store_key_add(store, &key);
        used_at ? store_key_touch(&then, &key) : STORE_OK;
        break;
    }
}

static const char *joined(apr_pool_t *p, const apr_array_header_t *items)
{
    const char *text = "";

    for (int i = 0; i < items->nelts; i++) {
        text = apr_pstrcat(p, text, i ? ", " : "", APR_ARRAY_IDX(items, i, item_t).name, NULL);
    }
    return text;
}

static void test_table(store_t *store, what_t what)
{
    static const char *const special[] = { "100%",   "100x",         "a_b",
                                           "A_c",    "axb",          "back\\slash",
                                           "Backup", "\xC3\xA4rzte", "\xE2\x98\x83 snow" };
    static const struct {
        const char *prefix, *names;
    } rows[] = {
        { "100%", "100%" },
        { "A_", "a_b, A_c" },
        { "a_B", "a_b" },
        { "back\\", "back\\slash" },
        { "BACK", "back\\slash, Backup" },
        { "\xC3\xA4", "\xC3\xA4rzte" },
        { "\xE2\x98\x83", "\xE2\x98\x83 snow" },
        { "zzz", "" },
        { "'", "" },
        { "_", "" },
        { "%", "" },
    };
    const apr_array_header_t *found;
    int is_sorted;

    for (int i = 0; i < COUNT(special); i++) {
        add(store, what, special[i], i);
    }
    for (int i = 0; i < MANY; i++) {
        add(store, what, apr_psprintf(store->pool, "%s-%03d", i % 2 ? "Many" : "mANY", i * 7 % MANY), 100 + i);
    }
    for (int use = 0; use < 2; use++) {
        const char *by = use ? "use" : "name";

        found = walk(store, what, "", use, &is_sorted);
        ok(found->nelts >= MANY + COUNT(special) && found->nelts <= MANY + COUNT(special) + 4 && is_sorted,
           "%s by %s: each once, and in order (%d)", names_of[what], by, found->nelts);
        found = walk(store, what, "MAny-", use, &is_sorted);
        ok(found->nelts == MANY && is_sorted, "... with a prefix (%d)", found->nelts);
        found = walk(store, what, "many-10", use, &is_sorted);
        ok(found->nelts == 10 && is_sorted, "... with a longer one (%d)", found->nelts);
        for (int i = 0; i < COUNT(rows); i++) {
            found = walk(store, what, rows[i].prefix, use, &is_sorted);
            if (strcmp(rows[i].names, "a_b, A_c") == 0 || strchr(rows[i].names, ',')) {
                ok(found->nelts == 2 && is_sorted, "... and with %s", rows[i].prefix);
            } else {
                is_str(joined(store->pool, found), rows[i].names, "... and with %s", rows[i].prefix);
            }
        }
    }
}

static void test_columns(store_t *store)
{
    const listing_t all = { .prefix = "" }, carol = { .prefix = "\xEF\xBC\xA3"
                                                                "aRoL" }; /* a full-width C */
    const one_time_t password = { "$2y$x", FIXTURE_NOW + 60, "helper" };
    store_t other = *fixture_store_at(store, "https://other.example");
    apr_array_header_t *rows;
    int is_sorted;

    store_user_add_one_time(store, "carol", &password);
    store_user_set_disabled(store, "carol", 5);
    if (store_listing_users(store, &carol, &rows) == STORE_OK && ok(rows->nelts == 1, "a user by another spelling")) {
        const listed_user_t *user = APR_ARRAY_IDX(rows, 0, const listed_user_t *);

        ok(user->has_password && user->one_time_until == FIXTURE_NOW + 60 && user->disabled_at == 5 && user->used_at == 0 &&
               user->created_at == FIXTURE_NOW,
           "... with a one-time password");
    }
    if (store_listing_clients(store, &all, 0, &rows) == STORE_OK && ok(rows->nelts == LISTING_PAGE, "a page of clients")) {
        const listed_client_t *client = APR_ARRAY_IDX(rows, 0, const listed_client_t *);

        ok(!client->is_public && !client->is_gpt && !client->disabled_at && client->created_at && client->used_at &&
               strcmp(client->grant_types, "authorization_code refresh_token") == 0 && strcmp(client->source, CLIENT_ADMIN) != 0,
           "... with their columns");
    }
    ok(walk(&other, OTHERS, "many-", 0, &is_sorted)->nelts == MANY / 2, "what registered at another issuer is not listed");
    ok(walk(&other, KEYS, "many-", 1, &is_sorted)->nelts == MANY / 2, "... nor its keys");
}

void test_listing(apr_pool_t *p, const char *driver, const char *params)
{
    store_t *store = fixture_connection(p, driver, params);

    if (ok(store != NULL, "listing: %s", driver)) {
        for (int what = ADMINS; what <= KEYS; what++) {
            test_table(store, (what_t)what);
        }
        test_columns(store);
    }
}
