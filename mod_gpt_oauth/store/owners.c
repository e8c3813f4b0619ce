/*
 * Who, besides the module, could come between it and its tables on PostgreSQL: one statement over the system's catalogues.
 * Called by `gptoauth doctor`.
 */
#include "store/db.h"
#include "store/health.h"

/* The tables are found by search_path. Where they are, and whose. */
#define USED "used AS (SELECT relowner, relnamespace FROM pg_class WHERE oid = to_regclass('oauth_setting'))"

/* Who could do anything anyway: superusers, the owners of the database and of the tables, and this role. */
#define TRUSTED                                                                                                                  \
    "trusted AS (SELECT oid FROM pg_roles WHERE rolsuper OR rolname IN (current_user, 'pg_database_owner')"                      \
    " OR oid IN (SELECT relowner FROM used) OR oid IN (SELECT datdba FROM pg_database WHERE datname = current_database()))"

/* PUBLIC is no role. */
#define NAMED "named AS (SELECT oid, rolname::text AS role FROM pg_roles UNION ALL SELECT 0, 'PUBLIC')"

/*
 * Who may create in a schema of the search_path can put something of his own in front: a table before the module's, or in any of
 * them a function that fits the arguments better than PostgreSQL's own. A schema that is named like the role comes first, as soon
 * as its owner lets the role use it.
 */
#define PATH                                                                                                                     \
    "path AS (SELECT oid, nspname, nspowner, nspacl, oid IN (SELECT relnamespace FROM used) AS is_used FROM pg_namespace"        \
    " WHERE nspname = ANY (current_schemas(false))"                                                                              \
    " OR (nspname = current_user AND current_setting('search_path') LIKE '%$user%'))"
#define CREATORS                                                                                                                 \
    "creators AS (SELECT nspname, is_used, nspowner AS creator FROM path UNION SELECT nspname, is_used, grantee"                 \
    " FROM path, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) WHERE privilege_type = 'CREATE')"

#define OURS                                                                                                                     \
    "ours AS (SELECT nspname, is_used, relname, relowner, relacl FROM pg_class JOIN path ON path.oid = relnamespace"             \
    " WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relname IN ('oauth_client', 'oauth_user', 'oauth_grant', 'oauth_code',"     \
    " 'oauth_access_token', 'oauth_consent', 'oauth_service_key', 'oauth_session', 'oauth_throttle', 'oauth_browser',"           \
    " 'oauth_setting'))"

/* To the owner, those to whom `gptoauth migrate --grant-to` gave rights are no strangers. */
#define RIGHTS                                                                                                                   \
    "rights AS (SELECT relname, grantee FROM ours, aclexplode(coalesce(relacl, acldefault('r', relowner)))"                      \
    " WHERE is_used AND grantee NOT IN (SELECT oid FROM trusted) AND (grantee = 0 OR (privilege_type <> 'SELECT'"                \
    " AND NOT EXISTS (SELECT 1 FROM used WHERE pg_has_role(relowner, 'USAGE')))))"

store_status_t store_owners(store_t *store, apr_array_header_t **out)
{
    static const op_t op = {
        .sql =
            "WITH " USED ", " TRUSTED ", " NAMED ", " PATH ", " CREATORS ", " OURS ", " RIGHTS
            " SELECT CASE WHEN nspname = current_user AND NOT is_used THEN 'ahead' ELSE 'schema' END, nspname::text, role"
            " FROM creators JOIN named ON oid = creator WHERE creator NOT IN (SELECT oid FROM trusted)"
            " UNION ALL SELECT 'twin', nspname::text, string_agg(relname, ' ' ORDER BY relname)"
            " FROM ours WHERE NOT is_used GROUP BY nspname"
            " UNION ALL SELECT 'owner', string_agg(relname, ' ' ORDER BY relname), role"
            " FROM ours JOIN named ON oid = relowner WHERE is_used AND relowner NOT IN (SELECT relowner FROM used) GROUP BY role"
            " UNION ALL SELECT 'rights', string_agg(DISTINCT relname, ' ' ORDER BY relname), role"
            " FROM rights JOIN named ON oid = grantee GROUP BY role ORDER BY 1, 2, 3",
        .steps = { "SELECT '', '', '' WHERE 0" },
    };
    rows_t *rows;

    if (db_run(store, &op, NULL, 0, &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *out = apr_array_make(store->pool, 4, sizeof(intrusion_t));
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        intrusion_t *intrusion = apr_array_push(*out);

        intrusion->kind = next_text(&cell);
        intrusion->object = next_text(&cell);
        intrusion->role = next_text(&cell);
    }
    return STORE_OK;
}
