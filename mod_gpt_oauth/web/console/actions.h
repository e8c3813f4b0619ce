/*
 * What can be done at the console: one table, which gives each action its role. A form names the action; its id is spent in the
 * transaction that acts (store_t.action), so that a reload does nothing twice.
 */
#ifndef GPT_OAUTH_WEB_CONSOLE_ACTIONS_H
#define GPT_OAUTH_WEB_CONSOLE_ACTIONS_H

#include "base/audit.h"
#include "store/store.h"
#include "web/console/console.h"

/*
 * Acts on what the form says. STORE_OK: c->data is a page that shows a secret, or NULL, and *back is where to go on.
 * STORE_REFUSED: *problem is a sentence. What is known for the audit log is filled into *line: client, user, grant, scope, count.
 */
typedef store_status_t action_fn(console_t *c, audit_t *line, const char **back, const char **problem);

/* do_clients.c */
action_fn do_client_add, do_client_secret, do_client_redirects, do_client_links, do_client_repin, do_client_disable,
    do_client_enable, do_client_remove, do_apps_clean_up;
/* do_users.c */
action_fn do_user_add, do_user_disable, do_user_enable, do_user_remove, do_user_one_time;
/* do_access.c */
action_fn do_session_end, do_sessions_end, do_grant_revoke, do_grants_revoke, do_throttle_lift;
/* do_keys.c */
action_fn do_key_add, do_key_revoke;

typedef struct action_t {
    const char *name;
    role_t role; /* the least that may */
    audit_event_t event;
    const char
        *subject;   /* the field of the form that names what it is about: client, user, key, …; NULL: nothing that is there */
    int is_end;     /* something ends that comes not back by itself: where httpd signs in, the name of it is typed */
    int is_removal; /* and not at all: it is typed by everybody */
    const char *heading; /* of the question */
    const char *done;    /* what is said afterwards */
    int (*show)(
        console_t *c); /* the view that shows the form again with what was typed, and the problem; NULL: a page of its own */
    action_fn *run;
} action_t;

extern const action_t actions[]; /* ends with name NULL */

/* NULL when there is none of this name. */
const action_t *action_named(const char *name);

/* The form with that action, whose user has the role and is not asked anything any more: acts, and answers. */
int action_run(console_t *c, const action_t *action, const char *form_id);

#endif
