/*
 * Apps as a user sees them: of each client all his grants as one entry, and all his consents. Called by grant/apps.c.
 */
#include "store/apps.h"

#include <apr_strings.h>

#include "base/scope.h"
#include "store/db.h"

/* Sub-SELECTs, for the clients of a page alone. */
#define CLIENT(column) "(SELECT " column " FROM oauth_client WHERE oauth_client.id = client_id)"
#define PAGE(scopes, used_at, until, not_asked, of, having)                                                                      \
    "SELECT client_id, " CLIENT("name") ", " CLIENT("source") ", " CLIENT("is_gpt") ", " CLIENT(                                 \
        "redirect_uris") ", " scopes ", min(created_at), " used_at ", " until ", " not_asked " FROM " of                         \
                         " GROUP BY client_id" having " ORDER BY client_id LIMIT " SQL_NUMBER(APPS_PAGE)
#define PAGE_OP(scope, used_at, until, not_asked, of, having)                                                                    \
    {                                                                                                                            \
        .sql = PAGE("string_agg(" scope ", ',')", used_at, until, not_asked, of, having), .steps = {                             \
            PAGE("group_concat(" scope ", ',')", used_at, until, not_asked, of, having)                                          \
        }                                                                                                                        \
    }
#define OF_USER(these) these ".username = $1 AND " these ".issuer = $2 AND "
#define NEXT(these)    OF_USER(these) these ".client_id > $3 AND "
#define GRANT_UNTIL    "CASE WHEN expires_at < ends_at THEN expires_at ELSE ends_at END"
#define LIVES          "revoked_at IS NULL AND " GRANT_UNTIL " > $4"
#define CONSENT_UNTIL  "COALESCE(ends_at, created_at + 31536000)"
#define SAME_CLIENT    "oauth_consent.client_id = oauth_grant.client_id AND "
#define REMEMBERED     "oauth_consent WHERE " OF_USER("oauth_consent") SAME_CLIENT CONSENT_UNTIL " > $4"
#define CONNECTED      "oauth_grant WHERE " OF_USER("oauth_grant") SAME_CLIENT LIVES

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
    app->scope = union_of(p, next_text(&cell));
    app->since = next_number(&cell);
    app->used_at = next_number(&cell);
    app->until = next_number(&cell);
    app->not_asked = next_number(&cell);
    return app;
}

static store_status_t list(store_t *store, const op_t *op, const value_t *args, int nargs, apr_array_header_t **apps)
{
    rows_t *rows;

    if (db_run(store, op, args, nargs, &rows) == STORE_DOWN) {
        return STORE_DOWN;
    }
    *apps = apr_array_make(store->pool, rows->count, sizeof(app_t *));
    for (int i = 0; i < rows->count; i++) {
        APR_ARRAY_PUSH(*apps, app_t *) = read_app(store->pool, db_row(rows, i));
    }
    return STORE_OK;
}

store_status_t store_app_list(store_t *store, const char *username, const char *after, apr_array_header_t **apps)
{
    static const op_t op =
        PAGE_OP("scope", "max(used_at)", "max(" GRANT_UNTIL ")", "(SELECT max(" CONSENT_UNTIL ") FROM " REMEMBERED ")",
                "oauth_grant WHERE " NEXT("oauth_grant") LIVES, "");
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(after), v_number(store->now) };

    return list(store, &op, args, COUNT(args), apps);
}

store_status_t store_consent_list(store_t *store, const char *username, const char *after, apr_array_header_t **apps)
{
    static const op_t op = PAGE_OP("COALESCE(given, scope)", "NULL", "NULL", "max(" CONSENT_UNTIL ")",
                                   "oauth_consent WHERE " NEXT("oauth_consent") CONSENT_UNTIL " > $4",
                                   " HAVING NOT EXISTS (SELECT 1 FROM " CONNECTED ")");
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(after), v_number(store->now) };

    return list(store, &op, args, COUNT(args), apps);
}

/* Locked in the order in which others lock them: one that is being rotated is waited for, and killed with its new token. */
#define THESE                                                                                                                    \
    "SELECT id FROM oauth_grant WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at IS NULL ORDER BY created_at"
#define KILL(they) "UPDATE oauth_grant SET revoked_at = $4 WHERE revoked_at IS NULL AND id " they
#define CONSENTS   "oauth_consent WHERE username = $1 AND issuer = $2 AND client_id = $3"

store_status_t store_app_end(store_t *store, const char *username, const char *client_id)
{
    static const op_t op = {
        .sql = "WITH forgotten AS (DELETE FROM " CONSENTS " RETURNING 1),"
               " killed AS (" KILL("= ANY (ARRAY(" THESE " FOR UPDATE))") " RETURNING 1)"
               " SELECT 1 FROM forgotten UNION SELECT 1 FROM killed",
        .steps = {
            "SELECT 1 FROM " CONSENTS " UNION ALL SELECT 1 FROM oauth_grant"
            " WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at IS NULL LIMIT 1",
            "DELETE FROM " CONSENTS,
            KILL("IN (" THESE ")"),
        },
        .done = "SELECT 1 FROM oauth_grant WHERE username = $1 AND issuer = $2 AND client_id = $3 AND revoked_at = $4 LIMIT 1",
    };
    const value_t args[] = { v_text(username), v_text(store->issuer), v_text(client_id), v_number(store->now) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
