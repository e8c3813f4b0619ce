#include "db.h"

/*
 * Trusted are those who could do anything anyway: superusers, the owners of the database and of the tables, and this role. Who may
 * create in a schema of the search_path can put something of his own in front: a table before the module's, or in any of them a
 * function that fits the arguments better than PostgreSQL's.
 */
#define TRUSTED                                                                                                                  \
    "trusted AS (SELECT oid FROM pg_roles WHERE rolsuper OR rolname IN (current_user, 'pg_database_owner')"                      \
    " OR oid IN (SELECT relowner FROM used) OR oid IN (SELECT datdba FROM pg_database WHERE datname = current_database()))"
#define ACL(of, kind, owner) "aclexplode(coalesce(" of ", acldefault('" kind "', " owner "))) AS a"
#define NAME_OF(oid)         "coalesce((SELECT rolname FROM pg_roles WHERE pg_roles.oid = " oid "), 'PUBLIC')"

store_status_t store_owners(store_t *store, apr_array_header_t **out)
{
    static const op_t op = {
        .sql =
            "WITH used AS (SELECT relowner, relnamespace FROM pg_class WHERE oid = to_regclass('oauth_setting')), " TRUSTED
            ", path AS (SELECT n.oid, nspname, nspowner, nspacl, n.oid IN (SELECT relnamespace FROM used) AS is_used"
            " FROM pg_namespace n WHERE nspname = ANY (current_schemas(false))"
            " OR (nspname = current_user AND current_setting('search_path') LIKE '%$user%')),"
            " ours AS (SELECT oid, relname, relnamespace, relowner, relacl, relnamespace IN (SELECT relnamespace FROM used) AS is_used"
            " FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace IN (SELECT oid FROM path)"
            " AND relname IN ('oauth_client', 'oauth_user', 'oauth_grant', 'oauth_code', 'oauth_access_token', 'oauth_consent',"
            " 'oauth_service_key', 'oauth_session', 'oauth_throttle', 'oauth_browser', 'oauth_setting'))"
            /* One schema that is named like the role, whatever its owner has let us see of it as yet. */
            " SELECT CASE WHEN nspname = current_user AND NOT is_used THEN 'ahead' ELSE 'schema' END, nspname::text, role::text"
            " FROM (SELECT nspname, is_used, rolname AS role FROM path JOIN pg_roles r ON r.oid = nspowner"
            " WHERE nspowner NOT IN (SELECT oid FROM trusted) UNION SELECT nspname, is_used, " NAME_OF("a.grantee") " FROM path, " ACL(
                "nspacl", "n",
                "nspowner") " WHERE privilege_type = 'CREATE' AND a.grantee NOT IN (SELECT oid FROM trusted)) s"
                            " UNION ALL SELECT 'twin', nspname::text, string_agg(relname, ' ' ORDER BY relname)"
                            " FROM ours JOIN path ON path.oid = relnamespace WHERE NOT ours.is_used GROUP BY nspname"
                            " UNION ALL SELECT 'owner', string_agg(relname, ' ' ORDER BY relname), " NAME_OF(
                                "relowner") " FROM ours WHERE ours.is_used AND relowner NOT IN (SELECT relowner FROM used) GROUP BY relowner"
                                            /* To the owner, those to whom `gptoauth migrate --grant-to` gave rights are no strangers. */
                                            " UNION ALL SELECT 'rights', string_agg(DISTINCT relname, ' ' ORDER BY relname), " NAME_OF(
                                                "a.grantee") " FROM ours, " ACL("relacl", "r",
                                                                                "relowner") " WHERE ours.is_used AND a.grantee NOT IN (SELECT oid FROM trusted) AND (a.grantee = 0 OR (privilege_type <> 'SELECT'"
                                                                                            " AND NOT EXISTS (SELECT 1 FROM used WHERE pg_has_role(relowner, 'USAGE')))) GROUP BY a.grantee"
                                                                                            " ORDER BY 1, 2, 3",
        .steps = { "SELECT '', '', '' WHERE 0" },
    };
    rows_t *rows;
    store_status_t status = db_run(store, &op, NULL, 0, &rows);

    if (status == STORE_DOWN) {
        return status;
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
