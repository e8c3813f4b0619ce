/*
 * What the steps of the authorization endpoint (RFC 6749 section 3.1) have in common: refusals, the judgement of the request, and
 * the forms that carry it. authorize.c begins a visit, sign_in.c and consent.c go on with it.
 */
#include "web/endpoint/visit.h"

#include <httpd.h>
#include <apr_strings.h>

#include "grant/user.h"
#include "private.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/person.h"
#include "web/http/audit.h"
#include "web/http/db.h"
#include "web/http/fetch.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/page.h"

visit_t visit_of(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    visit_t visit = { .r = r, .conf = conf, .store = db_store(r), .key = request_cookie(r, conf->transaction_cookie) };

    visit.began_at = visit.store.now;
    return visit;
}

params_t *visit_query(const request_rec *r)
{
    return params_parse_form(r->pool, r->args ? r->args : "", r->args ? strlen(r->args) : 0);
}

/* The name of a message. */
static const char *title_of(const failure_t *failure)
{
    switch (failure->error) {
    case OAUTH_UNAVAILABLE: return "error_unavailable";
    case OAUTH_ACCESS_DENIED: return "error_no_access";
    default: return "error_not_connected";
    }
}

const char *visit_encode(apr_pool_t *p, const params_t *params)
{
    apr_array_header_t *pairs = apr_array_make(p, params->list->nelts, sizeof(const char *));

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        APR_ARRAY_PUSH(pairs, const char *) =
            apr_pstrcat(p, params_encode(p, param->name), "=", params_encode(p, param->value), NULL);
    }
    return apr_array_pstrcat(p, pairs, '&');
}

/* What is longer can be made anew by the app alone. */
#define FRESH_MAX 4096

static apr_size_t length_of(const params_t *params)
{
    apr_size_t length = 0;

    for (int i = 0; i < params->list->nelts && length <= FRESH_MAX; i++) {
        length += strlen(APR_ARRAY_IDX(params->list, i, param_t).name) + strlen(APR_ARRAY_IDX(params->list, i, param_t).value);
    }
    return length;
}

/* The link by which the request is made anew. */
static void add_retry(const visit_t *visit, json_t *data, const char *message)
{
    apr_pool_t *p = visit->r->pool;
    const char *query = visit->query                                           ? visit->query
                        : visit->asked && length_of(visit->asked) <= FRESH_MAX ? visit_encode(p, visit->asked)
                                                                               : NULL;

    if (query && strlen(query) <= 3 * FRESH_MAX) {
        page_set_link(data, "retry", apr_pstrcat(p, ap_os_escape_path(p, visit->r->uri, 1), "?", query, NULL),
                      page_say(visit->r, message, data));
    }
}

/* The link to the app, which learns of the failure, where it is certain that it is one. */
static void add_back(const visit_t *visit, json_t *data, const failure_t *failure)
{
    const authorization_t *request = visit->request;

    if (request && request->redirect_uri && !authorize_is_stranger(request)) {
        forms_add_back(visit->r, data, request, authorize_failure_uri(visit->r->pool, visit->conf->policy, request, failure));
    }
}

int visit_refuse(visit_t *visit, const char *username, const failure_t *failure)
{
    const client_t *client = visit->request ? visit->request->client : NULL;
    const char *uri;

    request_reference(visit->r);
    log_failure(visit->r, "authorization refused", client ? client->id : NULL, username, failure);
    if (!visit->request || !visit->request->redirect_uri || failure->error == OAUTH_UNAVAILABLE) {
        int status = failure->error == OAUTH_UNAVAILABLE ? HTTP_SERVICE_UNAVAILABLE : HTTP_BAD_REQUEST;
        json_t *data = page_data(visit->r);

        if (failure->error == OAUTH_UNAVAILABLE) {
            add_retry(visit, data, "retry"); /* what failed for want of the database may go well next time */
            add_back(visit, data, failure);
        }
        return page_failure(visit->r, status, title_of(failure), failure, data);
    }
    uri = authorize_failure_uri(visit->r->pool, visit->conf->policy, visit->request, failure);
    if (authorize_is_stranger(visit->request) && !visit->has_acted) {
        return forms_detour(visit->r, title_of(failure), visit->request, failure, uri);
    }
    return reply_redirect(visit->r, uri);
}

int visit_refuse_form(visit_t *visit, int status, const char *title, const char *description, const char *reason)
{
    const failure_t *failure = failure_make(visit->r->pool, OAUTH_ACCESS_DENIED, description, "%s", reason);
    json_t *data = page_data(visit->r);

    request_reference(visit->r);
    log_refusal(visit->r, LOG_FORM_REFUSED, "form refused", NULL, NULL, failure);
    add_retry(visit, data, "start_afresh");
    add_back(visit, data, failure);
    return page_failure(visit->r, status, title, failure, data);
}

/* The browser's key for forms: the cookie it has (several tabs share it), else a new one. */
static void ensure_key(visit_t *visit)
{
    if (!transaction_key_valid(visit->key)) {
        visit->key = transaction_new_key(visit->r->pool);
        person_set_cookie(visit->r, visit->conf->transaction_cookie, visit->key, 0);
    }
}

const char *visit_shown(const visit_t *visit)
{
    const authorization_t *request = visit->request;
    apr_pool_t *p = visit->r->pool;

    return apr_pstrcat(p, request->scope, "|", request->resource, "|", policy_choices(p, visit->conf->policy, request->scope),
                       NULL);
}

transaction_t visit_new_form(visit_t *visit, transaction_stage_t stage, const char *username)
{
    apr_pool_t *p = visit->r->pool;
    int is_consent = stage == TRANSACTION_CONSENT;
    transaction_t form = { .id = transaction_new_id(p, is_consent ? visit->began_at : visit->store.now),
                           .request = visit->query,
                           .shown = is_consent ? visit_shown(visit) : "" };

    ensure_key(visit);
    form.mac = transaction_mac(p, visit->key, stage, visit->conf->issuer, username, &form);
    return form;
}

int visit_show_sign_in(visit_t *visit, int status, const char *problem, const char *username)
{
    transaction_t form = visit_new_form(visit, TRANSACTION_SIGN_IN, "");
    const char *filled = username ? username : visit->request ? visit->request->prompt.login_hint : NULL;

    return forms_sign_in(visit->r, status, visit->request, &form, problem, filled && *filled ? filled : NULL);
}

const failure_t *visit_begin_session(visit_t *visit, const char *username, const char *password_hash)
{
    const char *cookie;
    const failure_t *failure = session_begin(&visit->store, visit->conf->policy, username, password_hash,
                                             apr_table_get(visit->r->headers_in, "User-Agent"), &cookie);

    if (!failure) {
        person_set_cookie(visit->r, visit->conf->session_cookie, cookie, visit->conf->policy->session_lifetime);
    }
    return failure;
}

const failure_t *visit_let_in(visit_t *visit, const char *username, const char *typed, const char *password_hash, const char *how)
{
    const failure_t *failure;

    /* The session that this browser had before is nobody's any more. */
    if ((failure = user_check_enabled(&visit->store, username)) ||
        (failure = session_end(&visit->store, request_cookie(visit->r, visit->conf->session_cookie))) ||
        (failure = visit_begin_session(visit, username, password_hash))) {
        return failure;
    }
    log_request(visit->r, LOG_SIGNED_IN, "user %s signed in from %s%s", log_quote(visit->r->pool, username, 64),
                request_address(visit->r), how);
    audit(visit->r, .event = AUDIT_SIGN_IN, .code = log_code_name(LOG_SIGNED_IN), .user = username);
    return person_remember_browser(visit->r, &visit->store, typed);
}

const failure_t *visit_judge(visit_t *visit, const params_t *params, const char *username)
{
    fetch_t fetch;
    client_document_fetcher_t fetcher = fetch_for(visit->r, &fetch);

    request_record(visit->r)->ui_locales = params_get(params, "ui_locales");
    request_record(visit->r)->language = 0;
    return authorize_check(&visit->store, visit->conf->policy, params, username ? &fetcher : NULL, &visit->request);
}

int visit_is_undecided(const visit_t *visit)
{
    return !visit->request->redirect_uri;
}

transaction_t visit_read_form(const params_t *params)
{
    const char *what = params_get(params, "shown");

    return (transaction_t){ .id = params_get(params, "transaction"),
                            .request = params_get(params, "request"),
                            .shown = what ? what : "",
                            .mac = params_get(params, "mac") };
}

const char *visit_form_problem(const visit_t *visit, transaction_stage_t stage, const char *username, const transaction_t *form)
{
    return transaction_problem(visit->r->pool, visit->key, stage, visit->conf->issuer, username, form, visit->store.now);
}

int visit_stale_form(visit_t *visit, const transaction_t *form, const char *reason)
{
    /* Whoever made the form up can make up a link to this endpoint just as well; it is encoded anew all the same. */
    visit->query = NULL;
    visit->asked = form->request && strlen(form->request) <= FRESH_MAX
                       ? params_parse_form(visit->r->pool, form->request, strlen(form->request))
                       : NULL;
    if (request_cookie_count(visit->r, visit->conf->transaction_cookie) == 0) {
        return visit_refuse_form(visit, HTTP_FORBIDDEN, "error_no_cookie", "", "the browser sent no cookie with the form");
    }
    return visit_refuse_form(visit, HTTP_FORBIDDEN, "error_stale", "", reason);
}

const failure_t *visit_resume(visit_t *visit, const transaction_t *form, const char *username)
{
    visit->query = form->request;
    visit->began_at = transaction_began(form);
    return visit_judge(visit, params_parse_form(visit->r->pool, form->request, strlen(form->request)), username);
}
