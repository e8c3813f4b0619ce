/*
 * The rights that a role of PostgreSQL needs to run a server: SELECT on the settings, all four on the rest, USAGE of the schema.
 * Called by `gptoauth migrate --grant-to` through the table of the backend.
 */
#include "store/pgsql_rights.h"

#include <string.h>

#include <apr_strings.h>

#include "store/pgsql_answer.h"

outcome_t pgsql_grant_rights(lease_t *lease, const char *role)
{
    const backend_t *backend = lease->store->source->backend;
    PGconn *conn = pgsql_native(lease);
    char *quoted = PQescapeIdentifier(conn, role, strlen(role));
    const value_t args[] = { v_text(role) };
    apr_pool_t *p = lease->store->pool;
    rows_t *rows;
    const cell_t *cell;
    const char *schema, *to;
    outcome_t outcome;

    if (!quoted) {
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
                    " oauth_access_token, oauth_consent, oauth_service_key, oauth_throttle, oauth_browser,"
                    " oauth_action TO ",
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
