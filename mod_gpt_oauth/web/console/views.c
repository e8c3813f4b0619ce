/*
 * The table of views, and which one a query asks for. Called by endpoint.c.
 */
#include "web/console/views.h"


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
    { "sessions", ROLE_HELP_DESK, view_sessions, NULL },
    { "grants", ROLE_HELP_DESK, view_grants, NULL },
    { "new_user", ROLE_ADMIN, view_new_user, NULL },
    { "new_key", ROLE_ADMIN, view_new_key, NULL },
    { .name = NULL },
};

/* A form that asks for a view names it; a link has it as the name of its first parameter. */
static int is_asked_for(const console_t *c, const view_t *view)
{
    const char *name = params_get(c->params, "view");

    return name ? strcmp(name, view->name) == 0 : params_find(c->params, view->name) != NULL;
}


int views_show(console_t *c)
{
    const view_t *first = NULL;

    for (const view_t *view = views; view->name; view++) {
        first = !first && view->role <= c->role ? view : first;
        if (is_asked_for(c, view)) {
            return view->role <= c->role ? view->show(c) : DECLINED;
        }
    }
    return first ? first->show(c) : DECLINED;
}
