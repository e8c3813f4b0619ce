/*
 * Apps as a user sees them: of each client all his grants as one entry, and all his consents. Called by grant/apps.c.
 */
#include "store/apps.h"

#include <apr_strings.h>

#include "base/scope.h"
#include "store/db.h"

#define OF_USER(these) these ".username = $1 AND " these ".issuer = $2 AND "
#define GRANT_UNTIL    "CASE WHEN expires_at < ends_at THEN expires_at ELSE ends_at END"
#define LIVES          "revoked_at IS NULL AND " GRANT_UNTIL " > $5"
#define CONSENT_UNTIL  "COALESCE(ends_at, created_at + 31536000)"
#define SAME_CLIENT    "oauth_consent.client_id = oauth_grant.client_id AND "
#define REMEMBERED     "oauth_consent WHERE " OF_USER("oauth_consent") SAME_CLIENT CONSENT_UNTIL " > $5"
#define CONNECTED      "oauth_grant WHERE " OF_USER("oauth_grant") SAME_CLIENT LIVES

/* Sub-SELECTs, for the clients of a page alone. */
#define CLIENT(column) "(SELECT " column " FROM oauth_client WHERE oauth_client.id = client_id)"
#define OF_CLIENT      CLIENT("name") ", " CLIENT("source") ", " CLIENT("is_gpt") ", " CLIENT("redirect_uris")
#define PAGE           " ORDER BY client_id LIMIT " SQL_NUMBER(APPS_PAGE)
#define LIST(is_consent, columns, these, which, having)                                                                          \
    "SELECT * FROM (SELECT " is_consent ", client_id, " OF_CLIENT ", min(created_at), " columns " FROM " these                   \
    " WHERE " OF_USER(these) which " GROUP BY client_id" having PAGE ") AS of_" these
#define GRANTS(join)                                                                                                             \
    LIST("0",                                                                                                                    \
         join("scope") " || COALESCE((SELECT ',' || " join("COALESCE(given, scope)") " FROM " REMEMBERED                         \
                                                                                     "), ''), max(used_at), max(" GRANT_UNTIL    \
                                                                                     "), (SELECT max(" CONSENT_UNTIL             \
                                                                                     ") FROM " REMEMBERED ")",                   \
         "oauth_grant", "client_id > $3 AND " LIVES, "")
#define CONSENTS(join)                                                                                                           \
    LIST("1", join("COALESCE(given, scope)") ", 0, 0, max(" CONSENT_UNTIL ")", "oauth_consent",                                  \
         "client_id > $4 AND " CONSENT_UNTIL " > $5", " HAVING NOT EXISTS (SELECT 1 FROM " CONNECTED ")")
#define BOTH(join)     GRANTS(join) " UNION ALL " CONSENTS(join) /* each of which keeps its order */
#define IN_PGSQL(set)  "string_agg(" set ", ',')"
#define IN_SQLITE(set) "group_concat(" set ", ',')"

/* Of several sets, with commas between them, each maybe again and again. */
static const char *union_of(apr_pool_t *p, const char *sets)
{
    const char *scope = "";
    char *last, *set = apr_strtok(apr_pstrdup(p, sets), ",", &last);

    for (; set; set = apr_strtok(NULL, ",", &last)) {
        scope = scope_subset(set, scope) ? scope : scope_union(p, scope, set);
    }
    return scope;
}

static app_t *read_app(apr_pool_t *p, const cell_t *cell)
{
    app_t *app = apr_palloc(p, sizeof(*app));

    app->client_id = next_text(&cell);
    app->name = next_text(&cell);
    app->source = next_text(&cell);
    app->is_gpt = next_flag(&cell);
    app->redirect_uris = next_text(&cell);
    app->since = next_number(&cell);
    app->scope = union_of(p, next_text(&cell));
    app->used_at = next_number(&cell);
    app->until = next_number(&cell);
    app->not_asked = next_number(&cell);
    return app;
}

store_status_t store_app_list(store_t *store, const char *username, const char *after, const char *consents_after,
                              apr_array_header_t **apps, apr_array_header_t **consents)
{
    static const op_t op = { .sql = BOTH(IN_PGSQL), .steps = { BOTH(IN_SQLITE) } };
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(after), v_text(consents_after),
                             v_number(store->now) };
    rows_t *rows;

    if (db_run(store, &op, args, COUNT(args), &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *apps = apr_array_make(store->pool, rows->count, sizeof(app_t *));
    *consents = apr_array_make(store->pool, rows->count, sizeof(app_t *));
    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        int is_consent = next_flag(&cell);

        APR_ARRAY_PUSH(is_consent ? *consents : *apps, app_t *) = read_app(store->pool, cell);
    }
    return STORE_OK;
}

/* Locked in the order in which others lock them: one that is being rotated is waited for, and killed with its new token. */
#define THESE                                                                                                                    \
    "SELECT id FROM oauth_grant WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at IS NULL ORDER BY created_at"
#define KILL(they) "UPDATE oauth_grant SET revoked_at = $4 WHERE revoked_at IS NULL AND id " they
#define FORGOTTEN  "oauth_consent WHERE username = $1 AND issuer = $2 AND client_id = $3"

store_status_t store_app_end(store_t *store, const char *username, const char *client_id)
{
    static const op_t op = {
        .sql = "WITH forgotten AS (DELETE FROM " FORGOTTEN " RETURNING 1),"
               " killed AS (" KILL("= ANY (ARRAY(" THESE " FOR UPDATE))") " RETURNING 1)"
               " SELECT 1 FROM forgotten UNION SELECT 1 FROM killed",
        .steps = {
            "SELECT 1 FROM " FORGOTTEN " UNION ALL SELECT 1 FROM oauth_grant"
            " WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at IS NULL LIMIT 1",
            "DELETE FROM " FORGOTTEN,
            KILL("IN (" THESE ")"),
        },
        .done = "SELECT 1 FROM oauth_grant WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at = $4 LIMIT 1",
    };
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(client_id), v_number(store->now) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
