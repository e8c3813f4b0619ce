#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "grant/authorize.h"
#include "grant/client.h"
#include "grant/transaction.h"
#include "grant/user.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/db.h"
#include "web/endpoint/endpoints.h"
#include "web/http/fetch.h"
#include "web/endpoint/forms.h"
#include "web/endpoint/identity.h"
#include "web/http/log.h"
#include "web/http/page.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/endpoint/route.h"

/* What one pass through the endpoint works on. */
typedef struct visit_t {
    request_rec *r;
    const server_conf_t *conf;
    store_t store;
    const char *key;   /* the transaction cookie's value */
    const char *query; /* the authorization request, encoded for a form */
    authorization_t *request;
    int has_acted; /* the user has signed in at our page or pressed a button there; httpd's own sign-in may need no hand of his */
} visit_t;

static const char *page_title(const failure_t *failure)
{
    switch (failure->error) {
    case OAUTH_UNAVAILABLE: return "Not available at the moment";
    case OAUTH_ACCESS_DENIED: return "No access";
    default: return "This app cannot be connected";
    }
}

/* Errors go to the app where its address is certain, and to a page of our own where it is not, or is a stranger's. */
static int refuse(visit_t *visit, const char *username, const failure_t *failure)
{
    const client_t *client = visit->request ? visit->request->client : NULL;
    const char *uri;

    log_failure(visit->r, "authorization refused", client ? client->id : NULL, username, failure);
    if (!visit->request || !visit->request->redirect_uri || failure->error == OAUTH_UNAVAILABLE) {
        int status = failure->error == OAUTH_UNAVAILABLE ? HTTP_SERVICE_UNAVAILABLE : HTTP_BAD_REQUEST;

        return page_failure(visit->r, status, page_title(failure), failure);
    }
    uri = authorize_failure_uri(visit->r->pool, visit->conf->policy, visit->request, failure);
    if (authorize_is_stranger(visit->request) && !visit->has_acted) {
        return forms_detour(visit->r, page_title(failure), visit->request, failure, uri);
    }
    return reply_redirect(visit->r, uri);
}

static int refuse_form(visit_t *visit, int status, const char *title, const char *description, const char *reason)
{
    const failure_t *failure = failure_make(visit->r->pool, OAUTH_ACCESS_DENIED, description, "%s", reason);

    log_refusal(visit->r, LOG_FORM_REFUSED, "form refused", NULL, NULL, failure);
    return page_failure(visit->r, status, title, failure);
}

/* The browser's key for forms: the cookie it has (several tabs share it), else a new one. */
static void ensure_key(visit_t *visit)
{
    if (!transaction_key_valid(visit->key)) {
        visit->key = transaction_new_key(visit->r->pool);
        identity_set_cookie(visit->r, visit->conf->transaction_cookie, visit->key, 0);
    }
}

/* What the consent page says will be allowed. */
static const char *shown(const visit_t *visit)
{
    return apr_pstrcat(visit->r->pool, visit->request->scope, "|", visit->request->resource, NULL);
}

static transaction_t new_form(visit_t *visit, transaction_stage_t stage, const char *username)
{
    apr_pool_t *p = visit->r->pool;
    transaction_t form = { .id = transaction_new_id(p, visit->store.now),
                           .request = visit->query,
                           .shown = stage == TRANSACTION_CONSENT ? shown(visit) : "" };

    ensure_key(visit);
    form.mac = transaction_mac(p, visit->key, stage, visit->conf->issuer, username, &form);
    return form;
}

static int show_sign_in(visit_t *visit, int status, const char *problem, const char *username)
{
    transaction_t form = new_form(visit, TRANSACTION_SIGN_IN, "");

    return forms_sign_in(visit->r, status, visit->request, &form, problem, username);
}

static int issue(visit_t *visit, const char *username, const char *transaction_id, int remember)
{
    const failure_t *failure;
    const char *code;

    failure = authorize_issue(&visit->store, visit->conf->policy, visit->request, username, transaction_id, remember, &code);
    if (failure) {
        return refuse(visit, username, failure);
    }
    if (!code) {
        return page_message(visit->r, "Already done",
                            "Your answer was sent before. Go back to the app; if it does not go on, connect it anew there.");
    }
    log_request(visit->r, LOG_CLIENT_LET_IN, "user %s let client %s in, with scope %s", log_quote(visit->r->pool, username, 64),
                visit->request->client->id, visit->request->scope);
    return reply_redirect(visit->r, authorize_success_uri(visit->r->pool, visit->conf->policy, visit->request, code));
}

/* The user is known: ask, unless the answer is known too. */
static int decide(visit_t *visit, const char *username)
{
    const failure_t *failure;
    transaction_t form;
    int remembered;

    failure = authorize_remembered(&visit->store, visit->request, username, &remembered);
    if (failure) {
        return refuse(visit, username, failure);
    }
    if (remembered && !visit->r->header_only) {
        return issue(visit, username, transaction_new_id(visit->r->pool, visit->store.now), 0);
    }
    if (visit->request->prompt == PROMPT_NONE) {
        return refuse(visit, username,
                      failure_make(visit->r->pool, OAUTH_CONSENT_REQUIRED, "The user has to be asked first.", NULL));
    }
    form = new_form(visit, TRANSACTION_CONSENT, username);
    return forms_consent(visit->r, visit->conf->policy, visit->request, &form, identity_display_name(visit->r, username));
}

/* The request as it travels in forms: encoded anew, so that no browser finds anything in it to normalise. */
static const char *encode_request(apr_pool_t *p, const params_t *params)
{
    apr_array_header_t *pairs = apr_array_make(p, params->list->nelts, sizeof(const char *));

    for (int i = 0; i < params->list->nelts; i++) {
        const param_t *param = &APR_ARRAY_IDX(params->list, i, param_t);

        APR_ARRAY_PUSH(pairs, const char *) =
            apr_pstrcat(p, params_encode(p, param->name), "=", params_encode(p, param->value), NULL);
    }
    return apr_array_pstrcat(p, pairs, '&');
}

/*
 * A document is fetched for nobody but a user who has signed in. Before that its client may not be known, and then the request is
 * judged twice.
 */
static const failure_t *judge(visit_t *visit, const params_t *params, const char *username)
{
    fetch_t fetch;
    document_fetcher_t fetcher = fetch_for(visit->r, &fetch);

    return authorize_check(&visit->store, visit->conf->policy, params, username ? &fetcher : NULL, &visit->request);
}

static int is_undecided(const visit_t *visit)
{
    return !visit->request->redirect_uri;
}

/* A request as the app sent it, by GET or POST. */
static int begin(visit_t *visit, const params_t *params)
{
    const char *username = NULL;
    const failure_t *failure = judge(visit, params, NULL), *unknown = identity_find(visit->r, &visit->store, &username);

    visit->has_acted = username && !identity_is_given(visit->r);
    if (failure || (failure = unknown) || (username && is_undecided(visit) && (failure = judge(visit, params, username)))) {
        return refuse(visit, username, failure);
    }
    visit->query = encode_request(visit->r->pool, params);
    if (username) {
        return decide(visit, username);
    }
    if (visit->request->prompt == PROMPT_NONE) {
        return refuse(visit, NULL, failure_make(visit->r->pool, OAUTH_LOGIN_REQUIRED, "The user has to sign in first.", NULL));
    }
    return show_sign_in(visit, HTTP_OK, NULL, NULL);
}

static transaction_t read_form(const params_t *params)
{
    const char *what = params_get(params, "shown");

    return (transaction_t){ .id = params_get(params, "transaction"),
                            .request = params_get(params, "request"),
                            .shown = what ? what : "",
                            .mac = params_get(params, "mac") };
}

static const char *form_problem(const visit_t *visit, transaction_stage_t stage, const char *username, const transaction_t *form)
{
    return transaction_problem(visit->r->pool, visit->key, stage, visit->conf->issuer, username, form, visit->store.now);
}

static int stale_form(visit_t *visit, const char *reason)
{
    if (request_cookie_count(visit->r, visit->conf->transaction_cookie) == 0) {
        return refuse_form(visit, HTTP_FORBIDDEN, "Your browser sent no cookie",
                           "It must accept the cookies of this site for you to sign in here. If it does, this page is from "
                           "before it was closed. Go back to the app and connect it anew.",
                           "the browser sent no cookie with the form");
    }
    return refuse_form(visit, HTTP_FORBIDDEN, "This form cannot be used",
                       "It is too old, or was not made for this browser. Go back to the app and connect it anew.", reason);
}

/* The request of a form is judged again: client, redirect URI or scopes may have changed meanwhile. */
static const failure_t *resume(visit_t *visit, const transaction_t *form, const char *username)
{
    visit->query = form->request;
    return judge(visit, params_parse_form(visit->r->pool, form->request, strlen(form->request)), username);
}

static const char *delay_text(apr_pool_t *p, int seconds)
{
    int minutes = (seconds + 59) / 60;

    return apr_psprintf(p, "Too many wrong passwords. Try again in %d minute%s.", minutes, minutes == 1 ? "" : "s");
}

static int sign_in(visit_t *visit, const params_t *params)
{
    const char *typed = params_get(params, "username"), *username = typed, *password = params_get(params, "password");
    const char *cookie, *reason;
    const failure_t *failure;
    transaction_t form = read_form(params);
    int wait = 0;

    if (identity_is_given(visit->r)) {
        return stale_form(visit, "httpd itself has signed a user in, so the module's sign-in page has no say");
    }
    if ((reason = form_problem(visit, TRANSACTION_SIGN_IN, "", &form))) {
        return stale_form(visit, reason);
    }
    if ((failure = resume(visit, &form, NULL))) {
        return refuse(visit, NULL, failure);
    }
    if (!username || !password) {
        return show_sign_in(visit, HTTP_OK, "Enter user name and password.", username);
    }
    switch (identity_sign_in(visit->r, &username, password, &wait)) {
    case SIGN_IN_DELAYED:
        return show_sign_in(visit, reply_later(visit->r, HTTP_TOO_MANY_REQUESTS, wait), delay_text(visit->r->pool, wait),
                            username);
    case SIGN_IN_BUSY:
        return show_sign_in(visit, HTTP_SERVICE_UNAVAILABLE,
                            "Too many people are signing in at the moment. Try again in a few seconds.", username);
    case SIGN_IN_DOWN:
        return refuse(visit, NULL,
                      failure_make(visit->r->pool, OAUTH_UNAVAILABLE,
                                   "Signing in is not possible at the moment. Try again later.",
                                   "no provider could check the password"));
    case SIGN_IN_DENIED: return show_sign_in(visit, HTTP_OK, "User name or password is wrong.", username);
    case SIGN_IN_GRANTED: break;
    }
    visit->has_acted = 1;
    if ((failure = user_check_enabled(&visit->store, username)) ||
        (failure =
             session_begin(&visit->store, visit->conf->policy, username, request_record(visit->r)->password_hash, &cookie))) {
        return refuse(visit, username, failure);
    }
    identity_set_cookie(visit->r, visit->conf->session_cookie, cookie, visit->conf->policy->session_lifetime);
    if ((failure = identity_remember_browser(visit->r, &visit->store, typed))) {
        return refuse(visit, username, failure);
    }
    if (is_undecided(visit) && (failure = resume(visit, &form, username))) {
        return refuse(visit, username, failure);
    }
    return decide(visit, username);
}

static int answer(visit_t *visit, const params_t *params)
{
    const char *decision = params_get(params, "decision"), *username = NULL, *reason;
    const failure_t *failure = identity_find(visit->r, &visit->store, &username);
    transaction_t form = read_form(params);

    if (failure) {
        return refuse(visit, username, failure);
    }
    if (!username) {
        return stale_form(visit, "nobody is signed in (any more)");
    }
    if ((reason = form_problem(visit, TRANSACTION_CONSENT, username, &form))) {
        return stale_form(visit, reason);
    }
    visit->has_acted = 1;
    if ((failure = resume(visit, &form, username))) {
        return refuse(visit, username, failure);
    }
    if (strcmp(form.shown, shown(visit)) != 0) {
        return stale_form(visit, "scopes or resources have changed since, and the user said yes to what the page showed");
    }
    if (strcmp(decision, "allow") == 0) {
        return issue(visit, username, form.id, 1);
    }
    if (strcmp(decision, "deny") == 0) {
        return refuse(visit, username, failure_make(visit->r->pool, OAUTH_ACCESS_DENIED, "The user did not allow it.", NULL));
    }
    return refuse_form(visit, HTTP_BAD_REQUEST, "This form cannot be used", "The decision is neither allow nor deny.",
                       "decision is neither allow nor deny");
}

static params_t *read_query(const request_rec *r)
{
    return params_parse_form(r->pool, r->args ? r->args : "", r->args ? strlen(r->args) : 0);
}

/* Query and body are one request (RFC 6749 section 3.1), and who says a thing in both may mean two. */
static const params_t *join(params_t *query, const params_t *body)
{
    if (body->malformed) {
        query->malformed = body->malformed;
    }
    for (int i = 0; i < body->list->nelts; i++) {
        if (params_find(query, APR_ARRAY_IDX(body->list, i, param_t).name)) {
            query->malformed = "A parameter was sent in the query and in the body. Send it once.";
        }
    }
    apr_array_cat(query->list, body->list);
    return query;
}

/* mod_auth_form's inline login turns the GET into a POST, whose body is user name and password: nothing for a page of ours. */
static int is_elsewhere(const visit_t *visit, const params_t *params)
{
    return identity_is_given(visit->r) && visit->r->args && !params_find(params, "client_id");
}

/* Two URLs that are filled in the wrong way round: whoever asks for a token is a program, and its developer reads the answer. */
static int refuse_token_request(visit_t *visit)
{
    const char *url = route_url(visit->r->pool, visit->conf, "gpt-oauth-token");
    const failure_t *failure = failure_make(
        visit->r->pool, OAUTH_INVALID_REQUEST,
        apr_pstrcat(visit->r->pool, "This is the authorization URL, for browsers. The token URL is ", url, ".", NULL),
        "a token request was sent to the authorization URL; the token URL is %s", url);

    log_failure(visit->r, "authorization refused", NULL, NULL, failure);
    return reply_failure(visit->r, failure);
}

static int is_token_request(const params_t *params)
{
    return params_find(params, "grant_type") && !params_find(params, "response_type");
}

static visit_t visit_of(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);

    return (visit_t){ .r = r, .conf = conf, .store = db_store(r), .key = request_cookie(r, conf->transaction_cookie) };
}

int endpoint_authorize_get(request_rec *r)
{
    visit_t visit = visit_of(r);
    params_t *query = read_query(r);

    return is_token_request(query) ? refuse_token_request(&visit) : begin(&visit, query);
}

int endpoint_authorize_post(request_rec *r)
{
    visit_t visit = visit_of(r);
    const char *body, *problem = NULL;
    const params_t *params;
    apr_size_t size;
    int status;

    if (request_has_type(r, "application/json")) {
        return refuse_token_request(&visit); /* no form of ours, nor a request by RFC 6749 section 3.1 */
    }
    if (!request_has_type(r, "application/x-www-form-urlencoded")) {
        return refuse_form(&visit, HTTP_UNSUPPORTED_MEDIA_TYPE, "This request cannot be read",
                           "Send the form as application/x-www-form-urlencoded.",
                           "Content-Type is not application/x-www-form-urlencoded");
    }
    status = request_read_body(r, &body, &size);
    if (status != OK) {
        return status;
    }
    params = params_parse_form(r->pool, body, size);
    if (!params_find(params, "transaction")) {
        if (is_token_request(params)) {
            return refuse_token_request(&visit);
        }
        return begin(&visit, is_elsewhere(&visit, params) ? read_query(r) : join(read_query(r), params));
    }
    if (params->malformed || params_first_fault(r->pool, params, NULL, &problem)) {
        return refuse_form(&visit, HTTP_BAD_REQUEST, "This form cannot be read", params->malformed ? params->malformed : problem,
                           "malformed form");
    }
    return params_get(params, "decision") ? answer(&visit, params) : sign_in(&visit, params);
}
