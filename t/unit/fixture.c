/*
 * A policy, a database of SQLite in a folder of its own and clients, for the tests of grant/. Migrated as the command does it, so
 * that the rules are tried on the tables that they meet.
 */
#include "fixture.h"
#include "tap.h"
#include "cache/cache.h"
#include "base/array.h"
#include "base/token.h"
#include "store/migrate.h"
#include "store/source.h"

#include <apr_dbd.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct database_t {
    const char *folder, *file;
    const apr_dbd_driver_t *driver;
    apr_pool_t *pool;
    apr_dbd_t *handle;
    void *memo;
} database_t;

policy_t *fixture_policy_of(apr_pool_t *p, const scope_def_t *scopes, int count)
{
    policy_t *policy = apr_pcalloc(p, sizeof(*policy));

    policy->issuer = FIXTURE_ISSUER;
    policy->scopes = apr_array_make(p, count, sizeof(scope_def_t));
    for (int i = 0; i < count; i++) {
        APR_ARRAY_PUSH(policy->scopes, scope_def_t) = scopes[i];
    }
    policy->resources = apr_array_make(p, 2, sizeof(const char *));
    APR_ARRAY_PUSH(policy->resources, const char *) = "https://h.example/api";
    APR_ARRAY_PUSH(policy->resources, const char *) = "https://h.example/mcp";
    policy->code_lifetime = 60;
    policy->access_lifetime = 3600;
    policy->refresh_idle = 86400;
    policy->refresh_total = 30 * 86400;
    policy->refresh_grace = 30;
    return policy;
}

policy_t *fixture_policy(apr_pool_t *p)
{
    static const scope_def_t scopes[] = {
        { .name = "read", .includes = "", .is_default = 1 },
        { .name = "write", .includes = "read" },
        { .name = "admin", .includes = "write" },
    };
    policy_t *policy = fixture_policy_of(p, scopes, COUNT(scopes));

    is_str(policy_finish_scopes(p, policy), NULL, "the scopes of a policy");
    return policy;
}

static apr_status_t open_database(void *baton, apr_pool_t *p, store_conn_t *conn)
{
    database_t *database = baton;
    const char *error = NULL;
    (void)p;

    if (!database->handle &&
        apr_dbd_open_ex(database->driver, database->pool, database->file, &database->handle, &error) != APR_SUCCESS) {
        database->handle = NULL;
        return APR_EGENERAL;
    }
    conn->driver = database->driver;
    conn->handle = database->handle;
    conn->pool = database->pool;
    conn->memo = &database->memo;
    return APR_SUCCESS;
}

static void close_database(void *baton, store_conn_t *conn)
{
    (void)baton;
    (void)conn;
}

static apr_status_t leave_database(void *data)
{
    database_t *database = data;

    return database->handle ? apr_dbd_close(database->driver, database->handle) : APR_SUCCESS;
}

static apr_status_t remove_database(void *data)
{
    static const char *const names[] = { "", "-lock", "-wal", "-shm", "-journal" };
    database_t *database = data;

    leave_database(database);
    for (int i = 0; i < COUNT(names); i++) {
        unlink(apr_pstrcat(database->pool, database->file, names[i], NULL));
    }
    return rmdir(database->folder);
}

store_t *fixture_store(apr_pool_t *p, const char *what)
{
    database_t *database = apr_pcalloc(p, sizeof(*database));
    store_t *store = apr_pcalloc(p, sizeof(*store));
    apr_array_header_t *applied;
    const char *folder = NULL;
    char *made;

    apr_dbd_init(p);
    if (apr_dbd_get_driver(p, "sqlite3", &database->driver) != APR_SUCCESS) {
        ok(1, "%s # SKIP APR has no driver for SQLite", what);
        return NULL;
    }
    apr_temp_dir_get(&folder, p);
    made = apr_pstrcat(p, folder, "/unit-XXXXXX", NULL);
    database->pool = p;
    database->folder = mkdtemp(made);
    database->file = apr_pstrcat(p, made, "/db", NULL);
    apr_pool_cleanup_register(p, database, remove_database, apr_pool_cleanup_null);
    store->pool = p;
    store->issuer = FIXTURE_ISSUER;
    store->now = FIXTURE_NOW;
    if (!ok(database->folder &&
                store_source_create(&store->source, p, "sqlite3", database->file, 1, open_database, close_database, NULL,
                                    database) == APR_SUCCESS &&
                store_migrate(store, migrations, NULL, &applied) == STORE_OK,
            "%s: a database in %s", what, made)) {
        printf("# %s\n", store->problem ? store->problem : "no source");
        return NULL;
    }
    return store;
}

store_t *fixture_connection(apr_pool_t *p, const char *driver, const char *params)
{
    database_t *database = apr_pcalloc(p, sizeof(*database));
    store_t *store = apr_pcalloc(p, sizeof(*store));

    apr_dbd_init(p);
    database->pool = store->pool = p;
    database->file = params;
    store->issuer = FIXTURE_ISSUER;
    store->now = FIXTURE_NOW;
    apr_pool_cleanup_register(p, database, leave_database, apr_pool_cleanup_null);
    if (apr_dbd_get_driver(p, driver, &database->driver) != APR_SUCCESS ||
        store_source_create(&store->source, p, driver, params, 1, open_database, close_database, NULL, database) != APR_SUCCESS) {
        return NULL;
    }
    return store;
}

store_t *fixture_store_at(const store_t *store, const char *issuer)
{
    store_t *other = apr_pmemdup(store->pool, store, sizeof(*store));

    other->issuer = issuer;
    other->cache = store->cache ? cache_at(store->cache, store->pool, issuer) : NULL;
    return other;
}

client_t *fixture_client(apr_pool_t *p, const char *id)
{
    client_t *client = apr_pcalloc(p, sizeof(*client));

    client->id = client->name = id;
    client->resource = client->scope = "";
    client->grant_types = "authorization_code refresh_token";
    client->source = CLIENT_ADMIN;
    client->created_at = FIXTURE_NOW;
    fixture_redirects(p, client, FIXTURE_CB);
    return client;
}

void fixture_redirects(apr_pool_t *p, client_t *client, const char *uris)
{
    char *rest, *uri;

    client->redirect_uris = apr_array_make(p, 2, sizeof(const char *));
    for (uri = apr_strtok(apr_pstrdup(p, uris), " ", &rest); uri; uri = apr_strtok(NULL, " ", &rest)) {
        APR_ARRAY_PUSH(client->redirect_uris, const char *) = uri;
    }
}

const char *fixture_secret(store_t *store, client_t *client)
{
    const char *secret;
    digest_t key;

    ok(store_tag_key(store, &key) == STORE_OK, "the key of the flood filter's tag");
    secret = token_mint(store->pool, TOKEN_CLIENT_SECRET, &key);
    token_hash(secret, &client->secret_hash);
    client->has_secret = 1;
    return secret;
}
