/*
 * AuthType GPTOAuth: who is let in by a token or a key, how the others are challenged (RFC 6750 section 3, RFC 9728 section
 * 5.1), and what the application gets to know. Its hooks are registered in mod_gpt_oauth.c.
 */
#include "web/guard/guard.h"

#include <httpd.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

#include "base/meter.h"
#include "base/params.h"
#include "base/scope.h"
#include "grant/verify.h"
#include "private.h"
#include "web/config/config.h"
#include "web/guard/credentials.h"
#include "web/http/log.h"
#include "web/guard/need.h"
#include "web/guard/refusal.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/config/resource.h"
#include "web/guard/scrub.h"
#include "web/http/throttle.h"

/* Never on the module's own URLs. */
static int is_in_force(request_rec *r)
{
    return !request_record(r)->endpoint && request_is_guarded(r);
}

/* Once for each request that came over the wire, whatever it leads to; a look that httpd takes ahead is none. */
static void count(request_rec *r, verdict_meter_t verdict)
{
    request_t *record;

    if (r->main) {
        return;
    }
    record = request_record(request_initial(r));
    if (!record->is_counted) {
        record->is_counted = 1;
        meter_add(config_server(r->server)->meter, METER_VERDICTS + (int)verdict, 1);
    }
}

static verdict_meter_t verdict_of(const failure_t *failure)
{
    switch (failure->error) {
    case OAUTH_UNAVAILABLE: return VERDICT_UNAVAILABLE;
    case OAUTH_ACCESS_DENIED: return VERDICT_KEY;
    default: return failure->verdict != VERDICT_NONE ? failure->verdict : VERDICT_MALFORMED;
    }
}

/* Where the guard is in force. */
static const access_t *access_here(request_rec *r)
{
    request_rec *at = r;
    const access_t *access;

    /* An internal redirect within one section inherits r->user without a new check; within another one it was checked there. */
    while (!request_record(at)->access && (at->prev || at->main)) {
        at = at->prev ? at->prev : at->main;
    }
    access = request_record(at)->access;
    return r->user && access && strcmp(r->user, access_principal(r->pool, access)) == 0 ? access : NULL;
}

const access_t *guard_access(request_rec *r)
{
    const access_t *access = access_here(r);

    return access && is_in_force(r) ? access : NULL;
}

int guard_refuse_trace(request_rec *r)
{
    if (r->method_number != M_TRACE || !config_server(r->server)->issuer) {
        return DECLINED;
    }
    log_request(r, LOG_TRACE, "TRACE refused, as everywhere in a virtual host with GPTOAuthIssuer");
    return HTTP_METHOD_NOT_ALLOWED;
}

/* RFC 6750 section 3. What a section takes in a header of its own has no registered scheme. */
static const char *challenge_scheme(request_rec *r, const ways_in_t *ways)
{
    return ways->oauth || ways->service
               ? "Bearer"
               : apr_pstrcat(r->pool, "ApiKey header=\"", APR_ARRAY_IDX(ways->headers, 0, const char *), "\",", NULL);
}

/*
 * RFC 9728 section 5.1. One challenge on one line; every value comes from the configuration or is a constant. Clients search it
 * for scope= and the like without parsing it.
 */
static void challenge(request_rec *r, const failure_t *failure)
{
    const server_conf_t *conf = config_server(r->server);
    const ways_in_t *ways = config_ways_in(config_dir(r));
    const resource_t *resource = ways->oauth ? resource_of(r) : NULL;
    const char *scope = need_of(r);
    const char *text = apr_pstrcat(r->pool, challenge_scheme(r, ways), " realm=\"", conf->issuer ? conf->issuer : "", "\"", NULL);

    if (ap_is_HTTP_ERROR(r->status)) {
        return; /* an ErrorDocument which is guarded itself: the refusal that it is to explain has its challenge */
    }
    if (failure) {
        text = apr_pstrcat(r->pool, text, ", error=\"", oauth_error_name(failure->error), "\", error_description=\"",
                           failure->description, "\"", NULL);
    }
    if (!scope && ways->oauth && conf->issuer) {
        scope = conf->policy->default_scopes;
    }
    if (scope && *scope) {
        text = apr_pstrcat(r->pool, text, ", scope=\"", scope, "\"", NULL);
    }
    if (resource) {
        text = apr_pstrcat(r->pool, text, ", resource_metadata=\"", resource->metadata, "\"", NULL);
    }
    apr_table_setn(r->err_headers_out, "WWW-Authenticate", text);
}

static int refuse(request_rec *r, log_code_t code, const failure_t *failure)
{
    int status = oauth_error_status(failure->error);

    request_record(r)->refusal = failure;
    count(r, code == LOG_KEY_REFUSED ? VERDICT_KEY : verdict_of(failure));
    log_refusal(r, code, "access refused", NULL, NULL, failure);
    if (status == HTTP_SERVICE_UNAVAILABLE) {
        reply_later(r, status, RETRY_AFTER_DOWN);
    } else if (failure->error != OAUTH_ACCESS_DENIED) {
        challenge(r, failure);
    }
    return status;
}

/* Where keys are the only way in there is nothing to be had by asking again (403); a client that has a token too may try that. */
static int refuse_key(request_rec *r, const failure_t *failure)
{
    int wait = failure->error == OAUTH_INVALID_TOKEN ? throttle_count(r, THROTTLE_KEY, NULL) : 0;
    int is_key = failure->error == OAUTH_INVALID_TOKEN || failure->error == OAUTH_ACCESS_DENIED;

    if (wait) {
        count(r, VERDICT_THROTTLED);
        log_refusal(r, LOG_KEYS_THROTTLED, "access refused (429)", NULL, NULL, failure);
        request_record(r)->refusal = failure_make(
            r->pool, failure->error, "Too many wrong keys came from this address. Correct the key, then try again later.", NULL);
        return reply_later(r, HTTP_TOO_MANY_REQUESTS, wait);
    }
    if (failure->error == OAUTH_INVALID_TOKEN && !config_ways_in(config_dir(r))->oauth) {
        failure = failure_make(r->pool, OAUTH_ACCESS_DENIED, failure->description, "%s", failure->reason);
    }
    return refuse(r, is_key ? LOG_KEY_REFUSED : oauth_error_code(failure->error), failure);
}

/* Nothing that opens this section was sent. The challenge has no error then (RFC 6750 section 3.1), the body has one. */
static int ask(request_rec *r)
{
    const ways_in_t *ways = config_ways_in(config_dir(r));
    const char *wanted = ways->oauth ? "an access token in the Authorization header (Bearer)"
                         : ways->service
                             ? "a key in the Authorization header (Bearer)"
                             : apr_pstrcat(r->pool, "a key in the header ", APR_ARRAY_IDX(ways->headers, 0, const char *), NULL);

    request_record(r)->refusal = failure_make(
        r->pool, OAUTH_INVALID_TOKEN, apr_pstrcat(r->pool, "This address needs ", wanted, "; none was sent.", NULL), NULL);
    count(r, VERDICT_NO_CREDENTIAL);
    challenge(r, NULL);
    return HTTP_UNAUTHORIZED;
}

static int refuse_without_issuer(request_rec *r)
{
    log_request(r, LOG_NO_ISSUER,
                "AuthType GPTOAuth in the virtual host %s, which has no GPTOAuthIssuer: every request is refused; write "
                "GPTOAuthIssuer https://NAME there, as it is not inherited",
                r->server->server_hostname ? r->server->server_hostname : "of this address");
    request_record(r)->refusal =
        failure_make(r->pool, OAUTH_SERVER_ERROR,
                     "This address is not set up yet. Its administrator will find the reason in the error log.", NULL);
    return HTTP_INTERNAL_SERVER_ERROR;
}

static int refuse_plain_http(request_rec *r)
{
    count(r, VERDICT_PLAIN_HTTP);
    log_request(r, LOG_PLAIN_HTTP,
                "plain http refused; behind a proxy that terminates TLS write ServerName https://NAME in this virtual host");
    request_record(r)->refusal = failure_make(r->pool, OAUTH_INVALID_REQUEST, "This address must be called over https.", NULL);
    return HTTP_FORBIDDEN;
}

static const failure_t *check_audience(request_rec *r, const access_t *access)
{
    const resource_t *resource = *access->resource ? resource_of(r) : NULL;

    return verify_audience(r->pool, access, resource ? resource->uri : NULL, config_require_audience(config_dir(r)));
}

int guard_check_authn(request_rec *r)
{
    const server_conf_t *conf = config_server(r->server);
    const failure_t *failure;
    const access_t *access;
    credential_t credential;

    if (!is_in_force(r)) {
        return DECLINED;
    }
    if (!conf->issuer) {
        return refuse_without_issuer(r);
    }
    if (request_is_insecure(r)) {
        return refuse_plain_http(r);
    }
    if (request_is_preflight(r)) {
        request_record(r)->is_preflight = 1;
        count(r, VERDICT_PREFLIGHT);
        r->finfo.filetype = APR_REG;        /* mod_dir and mod_negotiation would tell by redirects and errors what is there */
        r->user = apr_pstrdup(r->pool, ""); /* httpd wants one behind authentication; fixups takes it away again */
        return OK;
    }
    failure = credentials_read(r, &credential);
    if (!failure && credential.kind == CREDENTIAL_NONE) {
        return ask(r);
    }
    if (!failure) {
        failure = credentials_verify(r, &credential, &access);
    }
    if (!failure && credential.kind == CREDENTIAL_TOKEN) {
        failure = check_audience(r, access);
    }
    if (failure) {
        return credential.kind == CREDENTIAL_KEY ? refuse_key(r, failure) : refuse(r, oauth_error_code(failure->error), failure);
    }
    request_record(r)->access = access;
    r->user = apr_pstrdup(r->pool, access_principal(r->pool, access));
    r->ap_auth_type = apr_pstrdup(r->pool, ap_auth_type(r));
    return OK;
}

int guard_note_failure(request_rec *r, const char *auth_type)
{
    if (!auth_type || strcasecmp(auth_type, AUTH_TYPE) != 0) {
        return DECLINED;
    }
    if (!apr_table_get(r->err_headers_out, "WWW-Authenticate")) {
        challenge(r, NULL);
    }
    return OK;
}

/* By a Require that says no more. */
static const failure_t *not_allowed(request_rec *r)
{
    count(r, VERDICT_FORBIDDEN);
    return failure_make(r->pool, OAUTH_ACCESS_DENIED, "The caller may not use this address.", NULL);
}

int guard_check_authz(request_rec *r)
{
    request_t *record = request_record(r);
    const access_t *access;
    const failure_t *failure;
    int rc;

    if (record->is_inner || !is_in_force(r)) {
        return DECLINED;
    }
    if (request_is_preflight(r)) {
        return OK; /* the Require lines that need no user have had their say before (access_checker_ex) */
    }
    record->is_inner = 1;
    rc = ap_run_auth_checker(r); /* the other modules', once */
    record->is_inner = 0;
    if ((rc != HTTP_UNAUTHORIZED && rc != HTTP_FORBIDDEN) || !r->user) { /* 403: AuthzSendForbiddenOnFailure */
        return rc;
    }
    /* Who is known and not allowed gains nothing by signing in again, except with more scope. */
    if (!record->lacks_scope) {
        apr_table_unset(r->err_headers_out, "WWW-Authenticate");
        record->refusal = not_allowed(r);
        return HTTP_FORBIDDEN;
    }
    access = guard_access(r);
    failure =
        failure_make(r->pool, OAUTH_INSUFFICIENT_SCOPE,
                     access && !access->client_id ? "This needs more than the service key allows."
                                                  : "This needs more than the user has allowed this app.",
                     "the %s lacks a scope; this needs %s", access && !access->client_id ? "service key" : "token", need_of(r));
    record->refusal = failure;
    count(r, VERDICT_SCOPE);
    log_failure(r, "access refused", access ? access->client_id : NULL, r->user, failure);
    challenge(r, failure);
    return HTTP_FORBIDDEN;
}

/*
 * The request has no identity header yet. Servers of Python and Java take a header for Latin-1: a name beyond ASCII reaches their
 * applications as another one.
 */
static void tell(request_rec *r, int how, const char *header, const char *value)
{
    apr_table_addn(r->headers_in, header, how == PASS_HEADERS_ENCODED ? params_encode(r->pool, value) : value);
}

static void export_identity(request_rec *r, const access_t *access)
{
    int how = config_pass_headers(config_dir(r));

    apr_table_setn(r->subprocess_env, "OAUTH_SCOPE", access->scope);
    if (access->client_id) { /* a service key belongs to no client */
        apr_table_setn(r->subprocess_env, "OAUTH_CLIENT_ID", access->client_id);
        apr_table_setn(r->subprocess_env, "OAUTH_GRANT_ID", access->grant_id);
    }
    if (how != PASS_HEADERS_OFF) {
        tell(r, how, HEADER_USER, r->user);
        tell(r, how, HEADER_SCOPE, access->scope);
    }
    if (how != PASS_HEADERS_OFF && access->client_id) {
        tell(r, how, HEADER_CLIENT, access->client_id);
    }
}

/*
 * What was sent to a section is for nobody who answers in its place either, an ErrorDocument above all. Nor is an answer for
 * whoever asks mod_cache next: of a request whose credential is hidden it cannot know that it had one.
 */
static void keep_private(request_rec *r)
{
    for (request_rec *at = r; at; at = at->prev ? at->prev : at->main) {
        if (is_in_force(at) && !config_pass_token(config_dir(at))) {
            credentials_hide(r, config_dir(at));
        }
        if (request_record(at)->access) {
            r->no_cache = 1;
        }
    }
}

/*
 * Here nobody guards, and what a caller says of himself would look like the word of the host that does, to a backend of both.
 * Unless the administrator knows that this one is called by that one alone.
 */
static void scrub_beside_guard(request_rec *r)
{
    if (config_server(r->server)->is_beside && config_dir(r)->pass_headers != PASS_HEADERS_ON && scrub_identity(r)) {
        log_request(r, LOG_IDENTITY_HEADERS,
                    "%s or its like removed from a request, as this virtual host has no GPTOAuthIssuer; if nobody but a guarded "
                    "Location of another host sends them here, write GPTOAuthPassHeaders on in a <Location /> here",
                    HEADER_USER);
    }
}

int guard_fixups(request_rec *r)
{
    const access_t *access;

    if (!config_server(r->server)->issuer) {
        scrub_beside_guard(r);
        return DECLINED;
    }
    scrub_identity(r); /* what a guarded section left to an internal redirect or a sub-request */
    keep_private(r);
    if (!is_in_force(r)) {
        return DECLINED;
    }
    if (r->user && !*r->user) {
        r->user = NULL;
    }
    access = access_here(r);
    if (access) {
        count(r, VERDICT_ALLOWED);
        export_identity(r, access);
    }
    return DECLINED;
}

/* A Require that looks at no user, an address say, refuses ahead of the guard and of its own accord. */
void guard_explain(request_rec *r)
{
    const failure_t *failure = request_record(r)->refusal;

    if (!failure && r->status == HTTP_FORBIDDEN && is_in_force(r) && !guard_access(r)) {
        failure = not_allowed(r);
    }
    if (failure) {
        refusal_explain(r, failure);
    }
}
