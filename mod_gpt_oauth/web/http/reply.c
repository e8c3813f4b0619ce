/*
 * How answers leave: JSON, documents, errors by RFC 6749 section 5.2, redirects, the headers of all of them, and the log line
 * of a refusal. The guard and the endpoints call it.
 */
#include "web/http/reply.h"

#include <httpd.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/crypto.h"
#include "base/json.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/audit.h"
#include "web/http/log.h"
#include "web/http/request.h"

#define DOCUMENT_SECONDS "300"

void reply_no_store(request_rec *r)
{
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "Pragma", "no-cache");
    apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
}

int reply_later(request_rec *r, int status, int seconds)
{
    apr_table_setn(r->err_headers_out, "Retry-After", apr_itoa(r->pool, seconds));
    return status;
}

int reply_text(request_rec *r, int status, const char *type, const char *text)
{
    reply_no_store(r);
    r->status = status;
    ap_set_content_type(r, type);
    ap_set_content_length(r, (apr_off_t)strlen(text));
    ap_rputs(text, r);
    return OK;
}

int reply_json_text(request_rec *r, int status, const char *text)
{
    return reply_text(r, status, "application/json;charset=UTF-8", text);
}

int reply_json(request_rec *r, int status, const json_t *object)
{
    return reply_json_text(r, status, json_print(r->pool, object));
}

static int send_document(request_rec *r, const char *text)
{
    apr_size_t size = strlen(text);
    digest_t hash;
    int status;

    crypto_sha256(text, size, &hash);
    apr_table_setn(r->headers_out, "ETag", apr_pstrcat(r->pool, "\"", crypto_base64url(r->pool, hash.byte, 16), "\"", NULL));
    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=" DOCUMENT_SECONDS);
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    if ((status = ap_meets_conditions(r)) != OK) {
        return status;
    }
    ap_set_content_type(r, "application/json;charset=UTF-8");
    ap_set_content_length(r, (apr_off_t)size);
    ap_rputs(text, r);
    return OK;
}

int reply_empty(request_rec *r)
{
    reply_no_store(r);
    r->status = HTTP_OK;
    ap_set_content_length(r, 0);
    return OK;
}

int reply_document(request_rec *r, const char *json)
{
    return r->method_number == M_GET /* HEAD too */ ? send_document(r, json) : reply_method(r, REPLY_BY_GET);
}

const char *reply_failure_text(apr_pool_t *p, const failure_t *failure)
{
    return json_print(p, json_own(p, json_pack("{s:s, s:s}", "error", oauth_error_name(failure->error), "error_description",
                                               failure->description)));
}

int reply_failure_status(request_rec *r, int status, const failure_t *failure)
{
    if (status == HTTP_SERVICE_UNAVAILABLE) {
        reply_later(r, status, RETRY_AFTER_DOWN);
    }
    return reply_json_text(r, status, reply_failure_text(r->pool, failure));
}

int reply_failure(request_rec *r, const failure_t *failure)
{
    return reply_failure_status(r, oauth_error_status(failure->error), failure);
}

int reply_nothing(request_rec *r)
{
    return reply_failure_status(r, HTTP_NOT_FOUND,
                                failure_make(r->pool, OAUTH_INVALID_REQUEST, "There is nothing at this address.", NULL));
}

int reply_method(request_rec *r, const char *allow)
{
    const failure_t *failure;

    if (r->method_number == M_OPTIONS) {
        return reply_options(r, allow);
    }
    failure = failure_make(r->pool, OAUTH_INVALID_REQUEST,
                           apr_pstrcat(r->pool, "This address does not accept that method; it accepts ", allow, ".", NULL), NULL);
    apr_table_set(r->err_headers_out, "Allow", allow);
    return reply_failure_status(r, HTTP_METHOD_NOT_ALLOWED, failure);
}

int reply_options(request_rec *r, const char *allow)
{
    if (allow) {
        apr_table_set(r->err_headers_out, "Allow", allow);
    }
    r->status = HTTP_NO_CONTENT;
    return OK;
}

int reply_redirect(request_rec *r, const char *uri)
{
    reply_no_store(r);
    apr_table_set(r->headers_out, "Location", uri);
    r->status = r->method_number == M_POST ? HTTP_SEE_OTHER : HTTP_MOVED_TEMPORARILY;
    return OK;
}

/* The guarded section that r is in, for the end of a line; "" in none. */
static const char *guarded_section(request_rec *r)
{
    const dir_conf_t *dir = config_dir(r);

    if (request_record(r)->endpoint || !request_is_guarded(r) || !dir->auth_path) {
        return "";
    }
    /* Other sections than a plain <Location /path> have a name only where tokens open them. */
    return *dir->auth_path ? apr_pstrcat(r->pool, ", Location ", dir->auth_path, NULL)
           : dir->resource ? apr_pstrcat(r->pool, ", resource ", dir->resource, NULL)
                           : "";
}

/* Of the guard's refusals are no lines, and of what a throttle refuses one a minute (throttle.c). */
static void audit_refusal(request_rec *r, log_code_t code, const char *client_id, const char *username, const failure_t *failure)
{
    audit_event_t event = failure->ended_grant ? AUDIT_REUSE : request_record(r)->event;
    int is_throttled = code >= LOG_SECRETS_THROTTLED && code <= LOG_REGISTRATIONS_THROTTLED;

    if (event && !(is_throttled && event != AUDIT_REUSE)) {
        audit(r, .event = event, .result = failure->error == OAUTH_UNAVAILABLE ? AUDIT_FAILED : AUDIT_REFUSED,
              .code = log_code_name(code), .client = client_id, .user = username, .grant = failure->ended_grant);
        request_record(r)->event = AUDIT_NONE; /* whatever comes now, this is the line about it */
    }
}

void log_failure(request_rec *r, const char *what, const char *client_id, const char *username, const failure_t *failure)
{
    log_refusal(r, oauth_error_code(failure->error), what, client_id, username, failure);
}

void log_refusal(request_rec *r, log_code_t code, const char *what, const char *client_id, const char *username,
                 const failure_t *failure)
{
    const char *reference = request_record(r)->reference;

    audit_refusal(r, code, client_id, username, failure);
    log_request(r, code, "%s: %s: %s (client %s, user %s, URI %s%s%s%s)", what, oauth_error_name(failure->error), failure->reason,
                log_quote(r->pool, client_id, 64), log_quote(r->pool, username, 64), log_quote(r->pool, r->uri, 200),
                guarded_section(r), reference ? ", reference " : "", reference ? reference : "");
}
