/*
 * The commands `user sessions` and `user signout`. Called by main.c.
 */
#include <stdio.h>

#include "admin/users.h"
#include "base/array.h"
#include "cli/command.h"
#include "cli/output.h"
#include "store/sessions.h"

static json_t *session_json(const command_t *c, const void *item)
{
    const user_session_t *session = item;
    json_t *object = json_object();

    (void)c;
    json_object_set_new(object, "session_id", json_string(session->public_id));
    json_object_set_new(object, "issuer", json_string(session->issuer));
    json_object_set_new(object, "browser", text_json(*session->browser ? session->browser : NULL));
    json_object_set_new(object, "created_at", time_json(session->created_at));
    json_object_set_new(object, "seen_at", time_json(session->seen_at));
    json_object_set_new(object, "expires_at", time_json(session->expires_at));
    return object;
}

static void add_row(const command_t *c, const void *item, table_t *table)
{
    const user_session_t *session = item;

    table_add(table, session->public_id);
    table_add(table, session->issuer);
    table_add(table, *session->browser ? session->browser : "unknown");
    table_add(table, time_text(c->pool, session->created_at, "-"));
    table_add(table, time_text(c->pool, session->seen_at, "-"));
}

static store_status_t next_page(const command_t *c, const void *after, apr_array_header_t **sessions)
{
    return store_session_list(c->store, c->operands[0], after, sessions);
}

int user_sessions(command_t *c)
{
    static const char *const header[] = { "SESSION ID", "ISSUER", "BROWSER", "SINCE", "LAST SEEN" };
    static const list_t list = { next_page, session_json, add_row, header, COUNT(header), "The user is not signed in anywhere." };

    return command_list(c, &list);
}

int user_signout(command_t *c)
{
    apr_int64_t count;

    if (admin_user_sign_out(c->store, c->operands[0], &count) == STORE_DOWN) {
        return fail_down(c);
    }
    c->audit->count = count;
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "signed_out", (json_int_t)count));
    } else {
        printf("%" APR_INT64_T_FMT " session%s of user \"%s\" %s ended. Apps go on: `gptoauth grant revoke --user` ends them.\n",
               count, count == 1 ? "" : "s", terminal_text(c->pool, c->operands[0]), count == 1 ? "is" : "are");
    }
    return DONE;
}
