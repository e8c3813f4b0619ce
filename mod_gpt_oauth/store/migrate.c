/*
 * Applies the migrations that a database lacks, and grants a server's role its rights. Called by `gptoauth migrate` alone;
 * schema.c is the other half, by which a server refuses a database that is behind.
 */
#include "store/migrate.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "store/schema.h"

/* Other hosts that migrate at the same time, and a table that is locked or rewritten, may take their time. */
#define PATIENCE (600 * SECOND)

static const char setting_get[] = "SELECT value FROM oauth_setting WHERE name = $1";
static const char setting_set[] = "INSERT INTO oauth_setting (name, value) VALUES ($1, $2)"
                                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char setting_make[] = "INSERT INTO oauth_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

static outcome_t read_version(lease_t *lease, int *version)
{
    const backend_t *backend = lease->store->source->backend;
    const value_t args[] = { v_text(SETTING_SCHEMA) };
    rows_t *rows;
    outcome_t outcome = backend->run(lease, backend->find_settings, NULL, 0, &rows);

    *version = 0;
    if (outcome == DB_OK && rows->count > 0) {
        outcome = backend->run(lease, setting_get, args, COUNT(args), &rows);
        if (outcome == DB_OK && rows->count > 0) {
            *version = (int)apr_atoi64(rows->cells[0].bytes);
        }
    }
    return outcome;
}

static outcome_t put(lease_t *lease, const char *sql, const char *name, const char *value)
{
    const value_t args[] = { v_text(name), v_text(value) };
    rows_t *rows;

    return lease->store->source->backend->run(lease, sql, args, COUNT(args), &rows);
}

static outcome_t put_tag_key(lease_t *lease)
{
    digest_t key;

    crypto_random(key.byte, sizeof(key.byte));
    return put(lease, setting_make, SETTING_TAG_KEY, apr_pescape_hex(lease->store->pool, key.byte, sizeof(key.byte), 0));
}

/* One host at a time. */
static outcome_t begin(lease_t *lease)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = backend->begin(lease);

    if (outcome == DB_OK && backend->begin_alone) {
        outcome = backend->script(lease, backend->begin_alone);
        if (outcome != DB_OK) {
            backend->rollback(lease);
        }
    }
    return outcome;
}

static outcome_t end(lease_t *lease, outcome_t outcome)
{
    const backend_t *backend = lease->store->source->backend;

    if (outcome == DB_OK) {
        return backend->commit(lease);
    }
    backend->rollback(lease);
    return outcome;
}

/* *done says whether there was anything to do. */
static outcome_t apply(lease_t *lease, const migration_t *migration, int *done)
{
    int version;
    outcome_t outcome = begin(lease);

    *done = 0;
    if (outcome != DB_OK) {
        return outcome;
    }
    outcome = read_version(lease, &version);
    if (outcome == DB_OK && version < migration->version) {
        outcome = lease->store->source->backend->script(lease, migration->sql);
        if (outcome == DB_OK) {
            outcome = put(lease, setting_set, SETTING_SCHEMA, apr_itoa(lease->store->pool, migration->version));
        }
        if (outcome == DB_OK) {
            outcome = put_tag_key(lease);
        }
        *done = 1;
    }
    return end(lease, outcome);
}

static outcome_t migrate(lease_t *lease, const migration_t *known, const char *grant_to, apr_array_header_t *applied)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = backend->found(lease);

    for (const migration_t *migration = known; outcome == DB_OK && migration->driver != NULL; migration++) {
        int done;

        if (strcmp(migration->driver, backend->driver) != 0) {
            continue;
        }
        outcome = apply(lease, migration, &done);
        if (outcome == DB_OK && done) {
            APR_ARRAY_PUSH(applied, const migration_t *) = migration;
        }
    }
    if (outcome == DB_OK && grant_to != NULL) {
        outcome = begin(lease);
        if (outcome == DB_OK) {
            outcome = end(lease, backend->grant_rights(lease, grant_to));
        }
    }
    return outcome;
}

store_status_t store_migrate(store_t *store, const migration_t *known, const char *grant_to, apr_array_header_t **applied)
{
    lease_t *lease;
    outcome_t outcome;

    *applied = apr_array_make(store->pool, 4, sizeof(const migration_t *));
    if (grant_to != NULL && !store->source->backend->grant_rights) {
        store->problem = store->source->backend->no_roles;
        return STORE_DOWN;
    }
    outcome = lease_take(store, clock_us() + PATIENCE, PATIENCE, 0, &lease);
    if (outcome == DB_OK) {
        outcome = migrate(lease, known, grant_to, *applied);
        lease_release(lease);
    }
    return outcome == DB_OK ? STORE_OK : STORE_DOWN;
}
