/*
 * What the doctor wants to know of the database: its clock, whether it takes writes, which rights are missing and how many
 * connections it allows. Called by `gptoauth doctor`, and by web/status/.
 */
#include "store/db.h"
#include "store/health.h"
#include "store/schema.h"
#include "store/source.h"

store_status_t store_ready(store_t *store, apr_int64_t *now)
{
    /* The schema itself was looked at when the connection was new; since then somebody may have restored an older one. */
    static const op_t op = {
        .sql = "SELECT floor(extract(epoch FROM clock_timestamp()))::bigint FROM oauth_setting"
               " WHERE name = '" SETTING_SCHEMA "' AND value::integer >= $1",
        .steps = { "SELECT CAST((julianday('now') - 2440587.5) * 86400 AS integer) FROM oauth_setting"
                   " WHERE name = '" SETTING_SCHEMA "' AND CAST(value AS integer) >= $1" },
    };
    const value_t args[] = { v_number(store_source_behind(store->source) ? SCHEMA_BEFORE : SCHEMA_VERSION) };
    store_status_t status = db_number(store, &op, args, COUNT(args), now);

    return status == STORE_DOWN && store->is_misconfigured ? STORE_REFUSED : status;
}

store_status_t store_health(store_t *store, health_t *health)
{
    /* The rights that `gptoauth migrate --grant-to` gives. A role may be limited, and so may a database. */
    static const op_t op = {
        .sql = "WITH wanted AS (SELECT relname, verb FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS verb"
               " WHERE relkind IN ('r', 'p') AND starts_with(relname, 'oauth_') AND pg_table_is_visible(oid)"
               " AND (relname <> 'oauth_setting' OR verb = 'SELECT') AND NOT has_table_privilege(oid, verb))"
               " SELECT floor(extract(epoch FROM clock_timestamp()))::bigint,"
               " (pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on')::int,"
               " (SELECT coalesce(string_agg(DISTINCT relname, ' ' ORDER BY relname), '') FROM wanted),"
               " (SELECT least("
               "current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,"
               " nullif(rolconnlimit, -1), nullif(datconnlimit, -1)) FROM pg_roles, pg_database"
               " WHERE rolname = current_user AND datname = current_database())",
        .steps = {
            "UPDATE oauth_setting SET value = value WHERE name = 'schema' RETURNING 1",
            "SELECT CAST((julianday('now') - 2440587.5) * 86400 AS integer), 0, '', 0",
        },
    };
    const cell_t *cell;
    store_status_t status = db_first(store, &op, NULL, 0, &cell);

    if (status == STORE_OK) {
        health->now = next_number(&cell);
        health->is_read_only = next_flag(&cell);
        health->forbidden = next_text(&cell);
        health->connections = next_number(&cell);
        health->is_pooled = store_source_is_pooled(store->source);
        health->is_behind = store_source_behind(store->source) > 0;
    }
    return status;
}
