/*
 * The page where a user looks after himself: sees what he let in and where he is signed in, takes it away, and changes his
 * password. Called by dispatch.c, which has seen to it that a form comes from a page of this origin.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "base/password.h"
#include "grant/apps.h"
#include "grant/user.h"
#include "private.h"
#include "web/endpoint/apps_page.h"
#include "web/endpoint/endpoints.h"
#include "web/endpoint/owner.h"
#include "web/endpoint/person.h"
#include "web/endpoint/sign_in.h"
#include "web/http/audit.h"
#include "web/http/hashing.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

int endpoint_apps_get(request_rec *r)
{
    const params_t *query = visit_query(r);
    visit_t visit = visit_of(r);
    owner_t owner;
    int status = owner_begin(&visit, "apps", &owner);

    visit.query = "apps="; /* from the beginning */
    if (status != DECLINED) {
        return status;
    }
    if (!owner.username) {
        return visit_show_sign_in(&visit, HTTP_OK, NULL, NULL);
    }
    return params_find(query, "password") && owner.session && owner.has_own_provider
               ? apps_page_password(&visit, &owner, HTTP_OK, NULL)
               : apps_page_show(&visit, &owner, query);
}

/* By GET, so that nobody who reloads the page sends the form again. */
static int go_back(visit_t *visit)
{
    return reply_redirect(visit->r, ap_os_escape_path(visit->r->pool, visit->r->uri, 1));
}

/* Another user's is not told from what there is not. */
static int refuse_unknown(visit_t *visit, const owner_t *owner)
{
    const failure_t *failure =
        failure_make(visit->r->pool, OAUTH_INVALID_REQUEST, "There is nothing of that name, or no more.", NULL);

    request_reference(visit->r);
    log_failure(visit->r, "nothing ended", NULL, owner->username, failure);
    return page_failure(visit->r, HTTP_NOT_FOUND, "error_gone", failure, NULL);
}

static int take_away(visit_t *visit, const owner_t *owner, const char *client_id)
{
    int is_known = 0;
    const failure_t *failure = client_id ? app_take_away(&visit->store, owner->username, client_id, &is_known) : NULL;

    if (failure) {
        return visit_refuse(visit, owner->username, failure);
    }
    if (!is_known) {
        return refuse_unknown(visit, owner);
    }
    log_request(visit->r, LOG_TAKEN_BACK, "user %s took back all that client %s was granted",
                log_quote(visit->r->pool, owner->username, 64), log_quote(visit->r->pool, client_id, 200));
    audit(visit->r, .event = AUDIT_TAKEN_BACK, .code = log_code_name(LOG_TAKEN_BACK), .user = owner->username,
          .client = client_id);
    return go_back(visit);
}

/* What has happened, and the way on to the page of the apps by a link of that message. */
static int say(visit_t *visit, const char *title, const char *link)
{
    request_rec *r = visit->r;
    json_t *data = page_data(r);

    page_set_link(data, "back", ap_os_escape_path(r->pool, r->uri, 1), page_say(r, link, data));
    return page_message(r, title, data);
}

/* This browser is signed out. */
static int say_goodbye(visit_t *visit)
{
    person_set_cookie(visit->r, visit->conf->session_cookie, "", -1);
    return say(visit, "signed_out", "sign_in");
}

static int sign_out(visit_t *visit, const owner_t *owner, const char *public_id)
{
    int is_known = 0;
    const failure_t *failure = public_id ? session_sign_out(&visit->store, owner->username, public_id, &is_known) : NULL;

    if (failure) {
        return visit_refuse(visit, owner->username, failure);
    }
    if (!is_known) {
        return refuse_unknown(visit, owner);
    }
    log_request(visit->r, LOG_SIGNED_OUT, "user %s ended a session", log_quote(visit->r->pool, owner->username, 64));
    audit(visit->r, .event = AUDIT_SIGN_OUT, .code = log_code_name(LOG_SIGNED_OUT), .user = owner->username);
    return strcmp(public_id, owner->session->public_id) == 0 ? say_goodbye(visit) : go_back(visit);
}

static int sign_out_all(visit_t *visit, const owner_t *owner, const char *but)
{
    const failure_t *failure = session_sign_out_all(&visit->store, owner->username, but);

    if (failure) {
        return visit_refuse(visit, owner->username, failure);
    }
    log_request(visit->r, LOG_SIGNED_OUT, "user %s ended all %ssessions", log_quote(visit->r->pool, owner->username, 64),
                but ? "other " : "");
    audit(visit->r, .event = AUDIT_SIGN_OUT_ALL, .code = log_code_name(LOG_SIGNED_OUT), .user = owner->username);
    return but ? go_back(visit) : say_goodbye(visit);
}

static int refuse_password(visit_t *visit, const owner_t *owner, int status, const char *problem)
{
    return apps_page_password(visit, owner, status, page_say(visit->r, problem, page_data(visit->r)));
}

/* The present password is checked as at a sign-in: counted, and by one hash in its turn. NULL, or the name of what was wrong. */
static const char *check_present(visit_t *visit, const owner_t *owner, const char *password, int *status)
{
    const char *username = owner->username;
    int wait = 0;

    *status = HTTP_OK;
    switch (person_sign_in(visit->r, &username, password, 0, &wait)) {
    case SIGN_IN_GRANTED: break;
    case SIGN_IN_DELAYED: *status = reply_later(visit->r, HTTP_TOO_MANY_REQUESTS, wait); return "problem_too_often";
    case SIGN_IN_BUSY: *status = HTTP_SERVICE_UNAVAILABLE; return "problem_busy";
    case SIGN_IN_DOWN: *status = HTTP_SERVICE_UNAVAILABLE; return "error_unavailable";
    case SIGN_IN_ONE_TIME:
    case SIGN_IN_DENIED: return "problem_present_wrong";
    }
    /* Another provider may have vouched for a password that is not kept here. */
    return strcmp(username, owner->username) == 0 && request_record(visit->r)->password_hash ? NULL : "problem_kept_elsewhere";
}

static const failure_t *change_password(visit_t *visit, const owner_t *owner, const char *hash, int ends_apps)
{
    const failure_t *failure;
    apr_int64_t revoked = 0;

    failure =
        user_change_password(&visit->store, owner->username, request_record(visit->r)->password_hash, hash, ends_apps, &revoked);
    if (failure) {
        return failure;
    }
    log_request(visit->r, LOG_PASSWORD_CHANGED, "user %s changed the password, which ended all sessions%s",
                log_quote(visit->r->pool, owner->username, 64), ends_apps ? ", and took back all that was granted" : "");
    audit(visit->r, .event = AUDIT_PASSWORD, .code = log_code_name(LOG_PASSWORD_CHANGED), .user = owner->username);
    if (ends_apps) {
        audit(visit->r, .event = AUDIT_TAKEN_BACK, .code = log_code_name(LOG_PASSWORD_CHANGED), .user = owner->username,
              .count = revoked);
    }
    failure = visit_begin_session(visit, owner->username, hash);
    return failure ? failure : person_remember_browser(visit->r, &visit->store, owner->username);
}

static int answer_password(visit_t *visit, const owner_t *owner, const params_t *params)
{
    const char *present = params_get(params, "password"), *wanted = params_get(params, "new_password"), *problem, *hash;
    const failure_t *failure;
    int status = HTTP_OK;

    if (!present || !wanted || password_problem(wanted)) {
        return refuse_password(visit, owner, HTTP_OK, present && wanted ? "problem_new_password" : "problem_passwords_empty");
    }
    if ((problem = check_present(visit, owner, present, &status))) {
        return refuse_password(visit, owner, status, problem);
    }
    if (!hashing_enter(visit->r)) {
        return refuse_password(visit, owner, HTTP_SERVICE_UNAVAILABLE, "problem_busy");
    }
    hash = hashing_make(visit->r, wanted);
    hashing_leave(visit->r);
    failure =
        hash ? change_password(visit, owner, hash, params_get(params, "end_apps") != NULL)
             : failure_make(visit->r->pool, OAUTH_UNAVAILABLE, "The password could not be changed.", "it could not be hashed");
    return failure ? visit_refuse(visit, owner->username, failure) : say(visit, "password_changed", "back_to_apps");
}

/* A form of ours, whose owner is signed in. */
static int act(visit_t *visit, const owner_t *owner, const params_t *params)
{
    const char *action = params_get(params, "action");

    if (action && strcmp(action, "take_away") == 0) {
        return take_away(visit, owner, params_get(params, "client"));
    }
    if (action && owner->session) {
        if (strcmp(action, "sign_out") == 0) {
            return sign_out(visit, owner, params_get(params, "session"));
        }
        if (strcmp(action, "sign_out_others") == 0) {
            return sign_out_all(visit, owner, owner->session->public_id);
        }
        if (strcmp(action, "sign_out_all") == 0) {
            return sign_out_all(visit, owner, NULL);
        }
        if (strcmp(action, "password") == 0 && owner->has_own_provider) {
            return answer_password(visit, owner, params);
        }
    }
    return visit_refuse_form(visit, HTTP_BAD_REQUEST, "error_bad_form", "", "the action is none of the page's");
}

/* The sign-in form, or the one behind it; whoever signs in sees the page. */
static int sign_in(visit_t *visit, const params_t *params, const transaction_t *form)
{
    const char *username, *reason = sign_in_form_problem(visit, params, form);
    int status;

    if (reason) {
        return visit_stale_form(visit, form, reason);
    }
    status = sign_in_try(visit, params, &username);
    return status == DECLINED ? go_back(visit) : status;
}

int endpoint_apps_post(request_rec *r)
{
    visit_t visit = visit_of(r);
    const char *body, *reason;
    transaction_t form;
    params_t *params;
    owner_t owner;
    apr_size_t size;
    int status = owner_begin(&visit, "apps", &owner);

    visit.query = "apps=";
    if (status != DECLINED || (status = request_read_body(r, &body, &size)) != OK) {
        return status;
    }
    params = params_parse_form(r->pool, body, size);
    /* mod_auth_form's inline login turns the GET into a POST. */
    if (person_is_given(r) && !params_find(params, "transaction")) {
        return owner.username ? apps_page_show(&visit, &owner, params_parse_form(r->pool, "", 0)) : HTTP_FORBIDDEN;
    }
    if (!request_has_type(r, "application/x-www-form-urlencoded") || params->malformed ||
        params_first_fault(r->pool, params, NULL, &reason)) {
        return visit_refuse_form(&visit, HTTP_BAD_REQUEST, "error_bad_form", "", "malformed form");
    }
    form = visit_read_form(params);
    if (!params_find(params, "action") && !person_is_given(r)) {
        return sign_in(&visit, params, &form);
    }
    if (!owner.username) {
        return visit_stale_form(&visit, &form, "nobody is signed in (any more)");
    }
    if ((reason = visit_form_problem(&visit, TRANSACTION_APPS, owner.username, &form))) {
        return visit_stale_form(&visit, &form, reason);
    }
    return act(&visit, &owner, params);
}
