/*
 * The pages of the console by name: /oauth/console?NAME=… . A view answers, and returns what the handler returns.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_VIEWS_H
#define GPT_OAUTH_WEB_CONSOLE_VIEWS_H

#include "web/console/console.h"

typedef int view_fn(console_t *c);

/* show_clients.c: client= is an id, apps are those that registered themselves or have a document. */
view_fn view_clients, view_client, view_new_client, view_apps;
/* show_users.c: user= is a name, of whatever sign-in. */
view_fn view_users, view_user, view_new_user;
/* show_keys.c */
view_fn view_keys, view_new_key;
/* show_access.c: sessions= and grants= are a user's name. */
view_fn view_sessions, view_grants, view_throttles;

/* The view that the query asks for, or the first one of the role. DECLINED: the role has no part in it. */
int views_show(console_t *c);

/* nav: as which the navigation has it; NULL: not at all. */
typedef struct view_t {
    const char *name;
    role_t role; /* the least that may see it */
    view_fn *show;
    const char *nav;
} view_t;
extern const view_t views[]; /* ends with name NULL */

#endif
