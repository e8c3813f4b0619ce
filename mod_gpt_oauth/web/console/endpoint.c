/*
 * The endpoint of the console: finds out who comes and in which role, and shows a view or runs an action. Who has no role is told
 * that there is nothing. Called by dispatch.c, which has seen to it that a form comes from a page of this origin.
 */
#include "web/console/console.h"

#include <apr_strings.h>

#include "private.h"
#include "web/console/actions.h"
#include "web/console/fields.h"
#include "web/console/page.h"
#include "web/console/question.h"
#include "web/console/views.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/person.h"
#include "web/endpoint/sign_in.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"

/* What it is that he may not is for the log alone. */
static int refuse_role(console_t *c, const char *what)
{
    request_rec *r = c->visit.r;
    const failure_t *failure = failure_make(r->pool, OAUTH_ACCESS_DENIED, "There is nothing here.", "%s", what);

    log_refusal(r, LOG_CONSOLE_REFUSED, "console refused", NULL, c->owner.username, failure);
    return reply_nothing(r);
}

/* One line a minute for each user, with how often it was in five: anybody who can sign in can ask without end. */
static int refuse_stranger(console_t *c)
{
    request_rec *r = c->visit.r;
    const char *what = apr_pstrcat(r->pool, "console ", c->owner.username, NULL);
    apr_int64_t count = audit_count(r, AUDIT_FIVE_MINUTES, what);

    if (audit_is_due(r, AUDIT_MINUTELY, what)) {
        audit(r, .event = AUDIT_CONSOLE, .result = AUDIT_REFUSED, .code = log_code_name(LOG_CONSOLE_REFUSED),
              .user = c->owner.username, .count = count);
    }
    request_record(r)->event = AUDIT_NONE; /* that was the line about it */
    return refuse_role(c, "the user is in neither GPTOAuthAdmin nor GPTOAuthHelpDesk");
}

/* Who comes. DECLINED, or the answer; c->owner.username NULL: nobody is signed in, and c->role is ROLE_NONE. */
static int begin(console_t *c, request_rec *r)
{
    int status;

    *c = (console_t){ .visit = visit_of(r), .views = views };
    status = owner_begin(&c->visit, "console", &c->owner);
    if (status != DECLINED || !c->owner.username) {
        return status;
    }
    c->role = role_of(r, c->owner.username);
    return c->role == ROLE_NONE ? refuse_stranger(c) : DECLINED;
}

static int show(console_t *c)
{
    int status = views_show(c);

    return status == DECLINED ? refuse_role(c, "the page that the help desk asked for is the administrator's") : status;
}

int endpoint_console_get(request_rec *r)
{
    console_t c;
    params_t *query = visit_query(r);
    const action_t *did;
    int status = begin(&c, r);

    if (status != DECLINED) {
        return status;
    }
    c.params = query;
    if (!c.owner.username) {
        c.visit.query = query->list->nelts ? visit_encode(r->pool, query) : "console=";
        return visit_show_sign_in(&c.visit, HTTP_OK, NULL, NULL);
    }
    /* Words of ours alone: anybody can make a link. */
    if ((did = action_named(params_get(query, "done")))) {
        apr_table_setn(r->notes, CONSOLE_NOTICE, did->done);
    }
    return show(&c);
}

/* The sign-in form, or the one behind it: who signs in sees the page that he wanted. */
static int sign_in(console_t *c, const transaction_t *form)
{
    request_rec *r = c->visit.r;
    const char *username, *reason = sign_in_form_problem(&c->visit, c->params, form);
    int status;

    if (reason) {
        return visit_stale_form(&c->visit, form, reason);
    }
    c->visit.query = form->request;
    status = sign_in_try(&c->visit, c->params, &username);
    return status == DECLINED
               ? reply_redirect(r, apr_pstrcat(r->pool, ap_os_escape_path(r->pool, r->uri, 1), "?", form->request, NULL))
               : status;
}

/* NULL, or why the role does not go so far. */
static const char *forbidden(const console_t *c, const action_t *action)
{
    const char *user = field_user(c);

    if (c->role < action->role) {
        return apr_psprintf(c->visit.r->pool, "the action %s is the administrator's", action->name);
    }
    if (user && !console_may_touch(c, user)) {
        return apr_psprintf(c->visit.r->pool, "the help desk may not do %s to a user of the console", action->name);
    }
    if (c->role < ROLE_ADMIN && action->event == AUDIT_USER_PASSWD && role_has_expression(c->visit.r)) {
        return "the help desk sets no passwords where an expression gives a role, which any user may have";
    }
    return NULL;
}

static int act(console_t *c, const transaction_t *form)
{
    const action_t *action = action_named(params_get(c->params, "action"));
    const char *reason;
    int status;

    if (action && (reason = forbidden(c, action))) {
        return refuse_role(c, reason);
    }
    if (!action || strcmp(form->request, apr_pstrcat(c->visit.r->pool, "action=", action->name, NULL)) != 0) {
        return visit_refuse_form(&c->visit, HTTP_BAD_REQUEST, "error_bad_form", "", "the action is not the form's");
    }
    status = question_ask(c, action);
    return status == DECLINED ? action_run(c, action, form->id) : status;
}

static int answer_form(console_t *c, params_t *params)
{
    request_rec *r = c->visit.r;
    const char *reason;
    transaction_t form;

    if (!request_has_type(r, "application/x-www-form-urlencoded") || params->malformed ||
        params_first_fault(r->pool, params, "redirect", &reason)) {
        return visit_refuse_form(&c->visit, HTTP_BAD_REQUEST, "error_bad_form", "", "malformed form");
    }
    form = visit_read_form(params);
    if (!params_find(params, "action") && !person_is_given(r)) {
        return sign_in(c, &form);
    }
    if (!c->owner.username) {
        return visit_stale_form(&c->visit, &form, "nobody is signed in (any more)");
    }
    if ((reason = visit_form_problem(&c->visit, TRANSACTION_CONSOLE, c->owner.username, &form))) {
        return visit_stale_form(&c->visit, &form, reason);
    }
    return act(c, &form);
}

int endpoint_console_post(request_rec *r)
{
    console_t c;
    const char *body;
    params_t *params;
    apr_size_t size;
    int status = begin(&c, r);

    if (status != DECLINED || (status = request_read_body(r, &body, &size)) != OK) {
        return status;
    }
    params = params_parse_form(r->pool, body, size);
    c.params = params;
    /* mod_auth_form's inline login turns the GET into a POST. */
    if (person_is_given(r) && !params_find(params, "transaction")) {
        c.params = visit_query(r);
        return c.owner.username ? show(&c) : HTTP_FORBIDDEN;
    }
    return answer_form(&c, params);
}
