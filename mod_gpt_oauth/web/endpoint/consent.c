/*
 * The last step of the authorization endpoint: the user is known, and is asked whether the app may have what it wants, or has
 * answered. Ends with a code for the app (RFC 6749 section 4.1.2). authorize.c and sign_in.c come here.
 */
#include "web/endpoint/consent.h"

#include <httpd.h>
#include <apr_strings.h>

#include "base/meter.h"
#include "base/scope.h"
#include "grant/user.h"
#include "private.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/person.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

static void audit_consent(const visit_t *visit, audit_event_t event, const char *username, const char *given)
{
    const authorization_t *request = visit->request;

    audit(visit->r, .event = event, .result = given ? AUDIT_OK : AUDIT_REFUSED,
          .code = log_code_name(given ? LOG_CLIENT_LET_IN : LOG_ACCESS_DENIED), .user = username, .client = request->client->id,
          .scope = given ? given : request->scope, .resource = request->resource);
}

static int issue(visit_t *visit, const char *username, const char *transaction_id, const char *given, int remember)
{
    const failure_t *failure;
    const char *code;

    failure =
        authorize_issue(&visit->store, visit->conf->policy, visit->request, username, transaction_id, given, remember, &code);
    if (failure) {
        return visit_refuse(visit, username, failure);
    }
    if (!code) {
        return page_message(visit->r, "already_done", NULL);
    }
    meter_add(visit->conf->meter, METER_CODES, 1);
    log_request(visit->r, LOG_CLIENT_LET_IN, "user %s let client %s in, with scope %s", log_quote(visit->r->pool, username, 64),
                visit->request->client->id, given);
    if (remember) {
        audit_consent(visit, AUDIT_CONSENT, username, given);
    }
    audit_consent(visit, AUDIT_AUTHORIZATION, username, given);
    return reply_redirect(visit->r, authorize_success_uri(visit->r->pool, visit->conf->policy, visit->request, code));
}

/* The page; problem (or NULL) is what was wrong with the answer to the one before. */
static int show(visit_t *visit, const char *username, const char *problem)
{
    transaction_t form = visit_new_form(visit, TRANSACTION_CONSENT, username);

    return forms_consent(visit->r, visit->conf->policy, visit->request, &form, problem, person_display_name(visit->r, username));
}

int consent_decide(visit_t *visit, const char *username)
{
    const failure_t *failure;
    const char *given;

    failure = authorize_remembered(&visit->store, visit->conf->policy, visit->request, username, &given);
    if (failure) {
        return visit_refuse(visit, username, failure);
    }
    if (given && !visit->r->header_only) {
        return issue(visit, username, transaction_new_id(visit->r->pool, visit->store.now), given, 0);
    }
    if (visit->request->prompt.is_none) {
        return visit_refuse(visit, username,
                            failure_make(visit->r->pool, OAUTH_CONSENT_REQUIRED, "The user has to be asked first.", NULL));
    }
    return show(visit, username, NULL);
}

/* The user said yes, to what he ticked of what he might have left out. */
static int allow(visit_t *visit, const char *username, const char *transaction_id, const params_t *params)
{
    apr_pool_t *p = visit->r->pool;
    const policy_t *policy = visit->conf->policy;
    const char *ticked = scope_normalise(p, apr_array_pstrcat(p, params_get_all(p, params, "scope"), ' '));
    const char *given = policy_narrow(p, policy, visit->request->scope, ticked ? ticked : "");

    /* With offline_access alone an app may do nothing, for ever. */
    if (*policy_choices(p, policy, visit->request->scope) && !*scope_without(p, given, SCOPE_OFFLINE)) {
        return show(visit, username, page_say(visit->r, "problem_none_left", page_data(visit->r)));
    }
    return issue(visit, username, transaction_id, given, 1);
}

/* "Not you?": signs this browser out, and lets another user sign in to the same request. */
static int switch_account(visit_t *visit, const char *username)
{
    const char *name = visit->conf->session_cookie;
    const failure_t *failure = session_end(&visit->store, request_cookie(visit->r, name));

    if (failure) {
        return visit_refuse(visit, NULL, failure);
    }
    person_set_cookie(visit->r, name, "", -1);
    log_request(visit->r, LOG_SIGNED_OUT, "user %s signed out, for another one to sign in",
                log_quote(visit->r->pool, username, 64));
    audit(visit->r, .event = AUDIT_SIGN_OUT, .code = log_code_name(LOG_SIGNED_OUT), .user = username);
    return visit_show_sign_in(visit, HTTP_OK, NULL, "");
}

int consent_answer(visit_t *visit, const params_t *params)
{
    const char *decision = params_get(params, "decision"), *username = NULL, *reason;
    apr_int64_t since = visit->store.now;
    const failure_t *failure = person_find(visit->r, &visit->store, &username, &since);
    transaction_t form = visit_read_form(params);

    if (failure) {
        return visit_refuse(visit, username, failure);
    }
    if (!username) {
        return visit_stale_form(visit, &form, "nobody is signed in (any more)");
    }
    if ((reason = visit_form_problem(visit, TRANSACTION_CONSENT, username, &form))) {
        return visit_stale_form(visit, &form, reason);
    }
    visit->has_acted = 1;
    if ((failure = visit_resume(visit, &form, username))) {
        return visit_refuse(visit, username, failure);
    }
    if (strcmp(decision, "switch") == 0 && !person_is_given(visit->r)) {
        return switch_account(visit, username);
    }
    if (!prompt_is_met(&visit->request->prompt, since, visit->began_at)) {
        return visit_stale_form(visit, &form, "the user has not signed in since the app asked for it");
    }
    if (strcmp(form.shown, visit_shown(visit)) != 0) {
        return visit_stale_form(visit, &form,
                                "scopes or resources have changed since, and the user said yes to what the page showed");
    }
    if (strcmp(decision, "allow") == 0) {
        return allow(visit, username, form.id, params);
    }
    if (strcmp(decision, "deny") == 0) {
        audit_consent(visit, AUDIT_CONSENT, username, NULL);
        return visit_refuse(visit, username,
                            failure_make(visit->r->pool, OAUTH_ACCESS_DENIED, "The user did not allow it.", NULL));
    }
    return visit_refuse_form(visit, HTTP_BAD_REQUEST, "error_bad_form", "The decision is neither allow nor deny.",
                             "decision is neither allow nor deny");
}
