/*
 * The table of views, and which one a query asks for. Called by console.c.
 */
#include "web/console/views.h"

#include "grant/client.h"
#include "private.h"
#include "web/console/page.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

/* The first one of a role is where it begins. */
const view_t views[] = {
    { "clients", ROLE_ADMIN, view_clients, "Clients" },
    { "apps", ROLE_ADMIN, view_apps, "Registered apps" },
    { "users", ROLE_HELP_DESK, view_users, "Users" },
    { "keys", ROLE_ADMIN, view_keys, "Service keys" },
    { "throttles", ROLE_HELP_DESK, view_throttles, "Throttles" },
    { "client", ROLE_ADMIN, view_client, NULL },
    { "new_client", ROLE_ADMIN, view_new_client, NULL },
    { "user", ROLE_HELP_DESK, view_user, NULL },
    { "new_user", ROLE_ADMIN, view_new_user, NULL },
    { "new_key", ROLE_ADMIN, view_new_key, NULL },
    { .name = NULL },
};

/* What the role has no part in is not there. */
int views_show(console_t *c)
{
    const view_t *first = NULL;

    for (const view_t *view = views; view->name; view++) {
        if (view->role <= c->role) {
            first = first ? first : view;
            if (params_find(c->params, view->name)) {
                return view->show(c);
            }
        }
    }
    return first->show(c);
}

int view_nothing(console_t *c, const char *text)
{
    console_begin(c, "Nothing there", "");
    console_problem(c, text);
    console_link(c, ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1), "Back to the console");
    return console_send(c, HTTP_NOT_FOUND);
}

int view_down(console_t *c)
{
    const failure_t *failure = store_failure(&c->visit.store);

    request_reference(c->visit.r);
    log_failure(c->visit.r, "console", NULL, c->owner.username, failure);
    return page_failure(c->visit.r, HTTP_SERVICE_UNAVAILABLE, "error_unavailable", failure, NULL);
}
