/*
 * One request to the console: who acts, in which role, and what the page will say. endpoint.c begins it; views.c shows, actions.c
 * acts.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_H
#define GPT_OAUTH_WEB_CONSOLE_H

#include <httpd.h>
#include <jansson.h>

#include "base/params.h"
#include "web/console/role.h"
#include "web/endpoint/owner.h"
#include "web/endpoint/visit.h"

/* Notes of the request: why an action was refused, for the view that shows its form again; and that one was done. */
#define CONSOLE_PROBLEM "gpt-oauth-console-problem"
#define CONSOLE_NOTICE  "gpt-oauth-console-notice"

struct view_t; /* web/console/views.h */

typedef struct console_t {
    visit_t visit;
    owner_t owner;
    role_t role;
    const params_t *params;     /* the query of a page, the fields of a form */
    const struct view_t *views; /* the table of them, for the navigation */
    json_t *data;               /* of the page, for page.h; NULL: none yet */
} console_t;

#endif
