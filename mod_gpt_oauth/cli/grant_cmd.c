/*
 * The commands `grant list` and `grant revoke`, by id, user, client or both. Called by main.c.
 */
#include <stdio.h>

#include "admin/access.h"
#include "base/array.h"
#include "cli/command.h"
#include "cli/output.h"
#include "store/grant_list.h"

/* The id of --client, *id NULL without it. A client that is gone has no grants, so that it must exist. */
static int find_client(const command_t *c, const char **id)
{
    client_t *client;

    *id = NULL;
    if (!c->args->client) {
        return DONE;
    }
    if (command_find_client(c, c->args->client, &client)) {
        return FAILED;
    }
    *id = client->id;
    return DONE;
}

static json_t *grant_json(const command_t *c, const void *item)
{
    const listed_grant_t *grant = item;
    json_t *object = json_object();

    (void)c;
    json_object_set_new(object, "grant_id", json_string(grant->id));
    json_object_set_new(object, "client_id", json_string(grant->client_id));
    json_object_set_new(object, "username", text_json(grant->username));
    json_object_set_new(object, "scope", json_string(grant->scope));
    json_object_set_new(object, "resource", json_string(grant->resource));
    json_object_set_new(object, "created_at", time_json(grant->created_at));
    json_object_set_new(object, "expires_at", time_json(grant->expires_at));
    json_object_set_new(object, "refresh_expires_at", time_json(grant->refresh_expires_at));
    json_object_set_new(object, "used_at", time_json(grant->used_at));
    return object;
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const listed_grant_t *grant = item;

    table_add(table, grant->id);
    table_add(table, grant->username ? grant->username : "(the client itself)");
    table_add(table, grant->client_name ? grant->client_name : grant->client_id);
    table_add(table, grant->scope);
    table_add(table, time_text(c->pool, grant->created_at, "-"));
    table_add(table, time_text(c->pool, grant->used_at, "never"));
}

static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **grants)
{
    return store_grant_list(c->store, c->args->user, c->client_id, after, grants);
}

int grant_list(command_t *c)
{
    static const char *const header[] = { "GRANT ID", "USER", "CLIENT", "SCOPE", "SINCE", "LAST USED" };
    static const list_t list = { next_page, grant_json, add_row, header, COUNT(header), "There are no living grants." };

    return find_client(c, &c->client_id) ? FAILED : command_list(c, &list);
}

/* In the words that were typed. */
static int none_found(const command_t *c)
{
    const char *user = c->args->user, *client = c->args->client;

    return fail("no living grant%s%s%s%s%s%s; `gptoauth grant list` shows them all", user ? " of user \"" : "", user ? user : "",
                user ? "\"" : "", client ? " to client \"" : "", client ? client : "", client ? "\"" : "");
}

static int report(const command_t *c, apr_int64_t count)
{
    c->audit->count = count;
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "revoked", (json_int_t)count));
    } else {
        printf("%" APR_INT64_T_FMT " grant%s revoked.\n", count, count == 1 ? "" : "s");
    }
    return DONE;
}

int grant_revoke(command_t *c)
{
    const char *client_id, *problem = NULL;
    apr_int64_t count = 1;
    store_status_t status;
    int by_id = c->count == 1;

    if (by_id == (c->args->user || c->args->client)) {
        return fail("specify which: a GRANT_ID (see `gptoauth grant list`), or --user NAME, --client CLIENT or both");
    }
    if (by_id) {
        status = admin_grant_revoke(c->store, NULL, c->operands[0], &problem);
        return status == STORE_OK ? report(c, count) : fail_admin(c, status, problem);
    }
    if (find_client(c, &client_id)) {
        return FAILED;
    }
    switch (admin_grants_revoke(c->store, c->args->user, client_id, &count, &problem)) {
    case STORE_OK: return report(c, count);
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return none_found(c);
}
