#include "store/migrate.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <libpq-fe.h>

#include "store/schema.h"

/* Other hosts that migrate at the same time, and a table that is locked or rewritten, may take their time. */
#define PATIENCE (600 * SECOND)

/* What differs. */
typedef struct dialect_t {
    const char *driver;
    const char *begin;   /* after BEGIN; NULL: the writers' lock will do */
    const char *settled; /* finds a row when oauth_setting exists */
} dialect_t;

static const dialect_t pgsql = {
    .driver = "pgsql",
    .begin = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(6749, 6750)",
    .settled = "SELECT 1 WHERE to_regclass('oauth_setting') IS NOT NULL",
};
static const dialect_t sqlite = {
    .driver = "sqlite3",
    .settled = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'oauth_setting'",
};

static const char setting_get[] = "SELECT value FROM oauth_setting WHERE name = $1";
static const char setting_set[] = "INSERT INTO oauth_setting (name, value) VALUES ($1, $2)"
                                  " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
static const char setting_make[] = "INSERT INTO oauth_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";

static outcome_t read_version(lease_t *lease, const dialect_t *dialect, int *version)
{
    const backend_t *backend = lease->store->source->backend;
    const value_t args[] = { v_text(SETTING_SCHEMA) };
    rows_t *rows;
    outcome_t outcome = backend->run(lease, dialect->settled, NULL, 0, &rows);

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
static outcome_t begin(lease_t *lease, const dialect_t *dialect)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = backend->begin(lease);

    if (outcome == DB_OK && dialect->begin != NULL) {
        outcome = backend->script(lease, dialect->begin);
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
static outcome_t apply(lease_t *lease, const dialect_t *dialect, const migration_t *migration, int *done)
{
    int version;
    outcome_t outcome = begin(lease, dialect);

    *done = 0;
    if (outcome != DB_OK) {
        return outcome;
    }
    outcome = read_version(lease, dialect, &version);
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

static outcome_t grant_rights(lease_t *lease, const char *role)
{
    const backend_t *backend = lease->store->source->backend;
    PGconn *conn = apr_dbd_native_handle(lease->conn.driver, lease->conn.handle);
    char *quoted = PQescapeIdentifier(conn, role, strlen(role));
    const value_t args[] = { v_text(role) };
    apr_pool_t *p = lease->store->pool;
    rows_t *rows;
    const cell_t *cell;
    const char *schema, *to;
    outcome_t outcome;

    if (quoted == NULL) {
        return lease_problem(lease, DB_DOWN, "this is not the name of a role");
    }
    to = apr_pstrdup(p, quoted);
    PQfreemem(quoted);

    /* Who migrates need not own the schema: nothing is granted there that is held already, as it is in `public`. */
    outcome = backend->run(lease,
                           "SELECT CASE WHEN has_schema_privilege($1, current_schema(), 'USAGE') THEN NULL"
                           " ELSE quote_ident(current_schema()) END",
                           args, COUNT(args), &rows);
    if (outcome != DB_OK) {
        return outcome;
    }
    cell = db_row(rows, 0);
    schema = next_text(&cell);
    outcome = backend->script(
        lease,
        apr_pstrcat(p, schema ? "GRANT USAGE ON SCHEMA " : "", schema ? schema : "", schema ? " TO " : "", schema ? to : "",
                    schema ? "; " : "", "GRANT SELECT ON oauth_setting TO ", to,
                    "; GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_client, oauth_user, oauth_session, oauth_grant, oauth_code,"
                    " oauth_access_token, oauth_consent, oauth_service_key, oauth_throttle, oauth_browser TO ",
                    to, NULL));
    /* A GRANT by somebody who holds rights without being allowed to hand them on is a mere warning. */
    if (outcome == DB_OK) {
        outcome = backend->run(lease,
                               "SELECT 1 WHERE has_table_privilege($1, 'oauth_setting', 'SELECT')"
                               " AND has_table_privilege($1, 'oauth_access_token', 'INSERT')",
                               args, COUNT(args), &rows);
    }
    if (outcome == DB_OK && rows->count == 0) {
        return lease_problem(lease, DB_DOWN, "the role of DBDParams may not grant rights on the tables: run this as their owner");
    }
    return outcome;
}

static outcome_t migrate(lease_t *lease, const migration_t *known, const char *grant_to, apr_array_header_t *applied)
{
    const dialect_t *dialect = store_source_is_sqlite(lease->store->source) ? &sqlite : &pgsql;
    outcome_t outcome = lease->store->source->backend->found(lease);

    for (const migration_t *migration = known; outcome == DB_OK && migration->driver != NULL; migration++) {
        int done;

        if (strcmp(migration->driver, dialect->driver) != 0) {
            continue;
        }
        outcome = apply(lease, dialect, migration, &done);
        if (outcome == DB_OK && done) {
            APR_ARRAY_PUSH(applied, const migration_t *) = migration;
        }
    }
    if (outcome == DB_OK && grant_to != NULL) {
        outcome = begin(lease, dialect);
        if (outcome == DB_OK) {
            outcome = end(lease, grant_rights(lease, grant_to));
        }
    }
    return outcome;
}

store_status_t store_migrate(store_t *store, const migration_t *known, const char *grant_to, apr_array_header_t **applied)
{
    lease_t *lease;
    outcome_t outcome;

    *applied = apr_array_make(store->pool, 4, sizeof(const migration_t *));
    if (grant_to != NULL && store_source_is_sqlite(store->source)) {
        store->problem = "SQLite has no roles: give the database file to the user that httpd runs as instead";
        return STORE_DOWN;
    }
    outcome = lease_take(store, clock_us() + PATIENCE, PATIENCE, 0, &lease);
    if (outcome == DB_OK) {
        outcome = migrate(lease, known, grant_to, *applied);
        lease_release(lease);
    }
    return outcome == DB_OK ? STORE_OK : STORE_DOWN;
}
