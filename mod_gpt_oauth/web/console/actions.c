/*
 * The table of actions, and how one is done: the store spends the form's id with it, and whatever comes of it stands in both
 * logs. Called by endpoint.c.
 */
#include "web/console/actions.h"

#include <apr_strings.h>

#include "private.h"
#include "web/console/page.h"
#include "web/console/views.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"

const action_t actions[] = {
    { "client_add", ROLE_ADMIN, AUDIT_CLIENT_ADD, NULL, 0, 0, "Add a client", "The client is added.", view_new_client,
      do_client_add },
    { "client_secret", ROLE_ADMIN, AUDIT_CLIENT_SECRET, "client", 0, 0, "Make a new secret", "The client has a new secret.",
      view_client, do_client_secret },
    { "client_redirects", ROLE_ADMIN, AUDIT_CLIENT_REDIRECT, "client", 0, 0, "Change the redirect URIs",
      "The redirect URIs are changed.", view_client, do_client_redirects },
    { "client_links", ROLE_ADMIN, AUDIT_CLIENT_LINKS, "client", 0, 0, "Change the links", "The links are changed.", view_client,
      do_client_links },
    { "client_repin", ROLE_ADMIN, AUDIT_CLIENT_REDIRECT, "client", 0, 0, "Wait for another GPT",
      "The next GPT that knows the secret is pinned.", view_client, do_client_repin },
    { "client_disable", ROLE_ADMIN, AUDIT_CLIENT_DISABLE, "client", 1, 0, "Disable the client", "The client is disabled.",
      view_client, do_client_disable },
    { "client_enable", ROLE_ADMIN, AUDIT_CLIENT_ENABLE, "client", 0, 0, "Enable the client", "The client is enabled.",
      view_client, do_client_enable },
    { "client_remove", ROLE_ADMIN, AUDIT_CLIENT_REMOVE, "client", 1, 1, "Remove the client",
      "The client is removed, with all that users had granted to it.", NULL, do_client_remove },
    { "apps_clean_up", ROLE_ADMIN, AUDIT_CLIENT_CLEAN_UP, "days", 1, 1, "Remove unused apps", "Unused apps are removed.",
      view_apps, do_apps_clean_up },
    { "user_add", ROLE_ADMIN, AUDIT_USER_ADD, NULL, 0, 0, "Add a user", "The user is added.", view_new_user, do_user_add },
    { "user_disable", ROLE_ADMIN, AUDIT_USER_DISABLE, "user", 1, 0, "Disable the user",
      "The user is disabled: sessions have ended, tokens are refused.", view_user, do_user_disable },
    { "user_enable", ROLE_ADMIN, AUDIT_USER_ENABLE, "user", 0, 0, "Enable the user", "The user is enabled.", view_user,
      do_user_enable },
    { "user_remove", ROLE_ADMIN, AUDIT_USER_REMOVE, "user", 1, 1, "Remove the user",
      "The user is removed, with all that was granted in this name.", NULL, do_user_remove },
    { "user_one_time", ROLE_HELP_DESK, AUDIT_USER_PASSWD, "user", 1, 0, "Set a one-time password", "A one-time password is set.",
      view_user, do_user_one_time },
    { "session_end", ROLE_HELP_DESK, AUDIT_USER_SIGNOUT, "user", 1, 0, "Sign out this browser", "The session has ended.",
      view_sessions, do_session_end },
    { "sessions_end", ROLE_HELP_DESK, AUDIT_USER_SIGNOUT, "user", 1, 0, "Sign out everywhere", "All sessions have ended.",
      view_user, do_sessions_end },
    { "grant_revoke", ROLE_HELP_DESK, AUDIT_GRANT_REVOKE, "user", 1, 0, "Take back the grant", "The grant is taken back.",
      view_grants, do_grant_revoke },
    { "grants_revoke", ROLE_HELP_DESK, AUDIT_GRANT_REVOKE, "user", 1, 0, "Take back all grants", "All grants are taken back.",
      view_user, do_grants_revoke },
    { "throttle_lift", ROLE_HELP_DESK, AUDIT_THROTTLE_CLEAR, NULL, 0, 0, "Lift the throttle", "The throttle is lifted.",
      view_throttles, do_throttle_lift },
    { "key_add", ROLE_ADMIN, AUDIT_KEY_ADD, NULL, 0, 0, "Add a service key", "The service key is added.", view_new_key,
      do_key_add },
    { "key_revoke", ROLE_ADMIN, AUDIT_KEY_REVOKE, "key", 1, 0, "Revoke the service key", "The service key is revoked.", view_keys,
      do_key_revoke },
    { .name = NULL },
};

const action_t *action_named(const char *name)
{
    for (const action_t *action = actions; name && action->name; action++) {
        if (strcmp(action->name, name) == 0) {
            return action;
        }
    }
    return NULL;
}

static void note(const console_t *c, const audit_t *line)
{
    if (c->visit.conf->audit) {
        audit_write(c->visit.r, *line);
    }
}

/* A page with one sentence, and the way back. */
static int say(console_t *c, const action_t *action, const char *notice, const char *problem)
{
    console_begin(c, action->heading, "");
    if (notice) {
        console_notice(c, notice);
    } else {
        console_problem(c, problem);
    }
    console_link(c, ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1), "Back to the console");
    return console_send(c, HTTP_OK);
}

static int refuse(console_t *c, const action_t *action, audit_t *line, const char *problem)
{
    log_request(c->visit.r, LOG_CONSOLE, "%s of the console was refused to %s: %s", action->name,
                log_quote(c->visit.r->pool, c->owner.username, 64), log_quote(c->visit.r->pool, problem, 300));
    line->result = AUDIT_REFUSED;
    note(c, line);
    request_record(c->visit.r)->event = AUDIT_NONE; /* whatever comes now, this is the line about it */
    if (!action->show) {
        return say(c, action, NULL, problem);
    }
    /* The form once more, with all that was typed. */
    apr_table_setn(c->visit.r->notes, CONSOLE_PROBLEM, problem);
    return action->show(c);
}

/* Where it leads to, by GET, so that nobody who reloads the page sends the form again; or the page with a secret. */
static int done(console_t *c, const action_t *action, audit_t *line, const char *back)
{
    apr_pool_t *p = c->visit.r->pool;

    log_request(c->visit.r, LOG_CONSOLE, "%s by %s at the console (client %s, user %s)", action->name,
                log_quote(p, c->owner.username, 64), log_quote(p, line->client, 200), log_quote(p, line->user, 64));
    note(c, line);
    if (c->data) {
        console_notice(c, action->done);
        console_link(c, back, "Go on");
        return console_send(c, HTTP_OK);
    }
    return reply_redirect(c->visit.r, apr_pstrcat(p, back, strchr(back, '?') ? "&" : "?", "done=", action->name, NULL));
}

/* By who loads the page again, or a browser whose answer got lost: the code is the reason. */
static int repeat(console_t *c, const action_t *action, audit_t *line)
{
    log_request(c->visit.r, LOG_CONSOLE_AGAIN, "%s of the console had been done already when %s sent the form again",
                action->name, log_quote(c->visit.r->pool, c->owner.username, 64));
    line->result = AUDIT_REFUSED;
    line->code = log_code_name(LOG_CONSOLE_AGAIN);
    note(c, line);
    return say(c, action,
               "This has been done already, or was begun: see whether all of it is done. A secret is shown once: if it got lost, "
               "make a new one.",
               NULL);
}

/* The look-ups before an operation can refuse what it did itself when the form came first, as a name that is taken since. */
static int was_done(store_t *store, const char *form_id)
{
    return store->is_spent || (store->action && store_action_is_spent(store, form_id) == STORE_OK);
}

int action_run(console_t *c, const action_t *action, const char *form_id)
{
    store_t *store = &c->visit.store;
    const char *back = ap_os_escape_path(c->visit.r->pool, c->visit.r->uri, 1), *problem = NULL;
    audit_t line = { .event = action->event, .code = log_code_name(LOG_CONSOLE), .by = c->owner.username };

    store->action = form_id;
    switch (action->run(c, &line, &back, &problem)) {
    case STORE_OK: return done(c, action, &line, back);
    case STORE_DOWN: break;
    case STORE_REFUSED: return was_done(store, form_id) ? repeat(c, action, &line) : refuse(c, action, &line, problem);
    }
    line.result = AUDIT_FAILED;
    note(c, &line);
    request_record(c->visit.r)->event = AUDIT_NONE;
    return console_down(c);
}
