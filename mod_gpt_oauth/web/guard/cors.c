/*
 * The headers by which a browser lets pages of other origins read an answer (Fetch, "HTTP-CORS protocol"), and the answers to
 * the questions that it asks ahead. All of it runs in hooks and a filter, registered from mod_gpt_oauth.c.
 */
#include "web/guard/cors.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "base/array.h"
#include "base/uri.h"
#include "web/config/config.h"
#include "web/http/reply.h"
#include "web/http/request.h"

#define FILTER       "GPT_OAUTH_CORS"
#define ANY          "*"
#define ALLOW_ORIGIN "Access-Control-Allow-Origin"

/* `*` would not cover Authorization. What MCP clients send, then ChatGPT. */
#define REQUEST_HEADERS                                                                                                          \
    "Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID, "           \
    "openai-conversation-id, openai-ephemeral-user-id"
#define REQUEST_METHODS  "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
#define RESPONSE_HEADERS "WWW-Authenticate, Mcp-Session-Id"
#define MAX_AGE          "7200" /* the longest that Chromium keeps to */

static ap_filter_rec_t *filter;
static apr_array_header_t *anybody;
static cors_rule_t (*rule_of)(request_rec *);

const char *cors_add_origin(cmd_parms *cmd, void *dir, const char *origin)
{
    dir_conf_t *conf = dir;
    const char *problem = strcmp(origin, ANY) == 0 ? NULL : uri_origin_problem(cmd->pool, origin);

    if (problem) {
        return apr_psprintf(cmd->pool, "GPTOAuthAllowOrigin %s: %s", origin, problem);
    }
    if (!conf->allow_origins) {
        conf->allow_origins = apr_array_make(cmd->pool, 2, sizeof(const char *));
    } else if (strcmp(origin, ANY) == 0 || strcmp(APR_ARRAY_IDX(conf->allow_origins, 0, const char *), ANY) == 0) {
        return "GPTOAuthAllowOrigin: * means every origin; write it alone, or the origins without it";
    }
    APR_ARRAY_PUSH(conf->allow_origins, const char *) = origin;
    return NULL;
}

/* Simple string comparison: browsers write an origin in one way only (RFC 6454 section 6.2). */
static const char *allowed(const apr_array_header_t *origins, const char *origin)
{
    for (int i = 0; i < origins->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(origins, i, const char *);

        if (strcmp(entry, ANY) == 0 || (origin && strcmp(entry, origin) == 0)) {
            return entry;
        }
    }
    return NULL;
}

static void drop_all(apr_table_t *headers)
{
    static const char *const names[] = { ALLOW_ORIGIN,
                                         "Access-Control-Allow-Credentials",
                                         "Access-Control-Allow-Methods",
                                         "Access-Control-Allow-Headers",
                                         "Access-Control-Max-Age",
                                         "Access-Control-Expose-Headers" };

    for (int i = 0; i < COUNT(names); i++) {
        apr_table_unset(headers, names[i]);
    }
}

static void speak(request_rec *r, const char *origin)
{
    const apr_array_header_t *keys = config_ways_in(config_dir(r))->headers;
    const char *exposed = apr_table_get(r->headers_out, "Access-Control-Expose-Headers");

    drop_all(r->headers_out);
    drop_all(r->err_headers_out);
    if (!origin || strcmp(origin, ANY) != 0) {
        apr_table_mergen(r->headers_out, "Vary", "Origin"); /* httpd leaves each name once */
    }
    if (!origin) {
        return;
    }
    apr_table_setn(r->headers_out, ALLOW_ORIGIN, origin);
    if (request_is_preflight(r)) {
        apr_table_setn(r->headers_out, "Access-Control-Allow-Methods", REQUEST_METHODS);
        apr_table_setn(r->headers_out, "Access-Control-Allow-Headers",
                       keys ? apr_pstrcat(r->pool, REQUEST_HEADERS ", ", apr_array_pstrcat(r->pool, keys, ','), NULL)
                            : REQUEST_HEADERS);
        apr_table_setn(r->headers_out, "Access-Control-Max-Age", MAX_AGE);
    } else {
        /* Which headers of its own a page may read, the application knows best. */
        apr_table_setn(r->headers_out, "Access-Control-Expose-Headers",
                       exposed ? apr_pstrcat(r->pool, RESPONSE_HEADERS, ", ", exposed, NULL) : RESPONSE_HEADERS);
    }
}

/* Who may read it; NULL: nothing is said. */
static apr_array_header_t *readers(request_rec *r)
{
    switch (rule_of(r)) {
    case CORS_ANYBODY: return anybody;
    case CORS_NOBODY: return NULL;
    default: return config_dir(r)->allow_origins;
    }
}

/* A preflight where other origins may be let in, or that the guard let pass: nothing behind that runs without a token. */
static int answer_preflight(request_rec *r)
{
    if (!request_record(r)->is_preflight && (!request_is_preflight(r) || !readers(r))) {
        return DECLINED;
    }
    return reply_options(r, NULL);
}

static apr_status_t write_headers(ap_filter_t *f, apr_bucket_brigade *bb)
{
    ap_remove_output_filter(f);
    speak(f->r, allowed(f->ctx, apr_table_get(request_initial(f->r)->headers_in, "Origin")));
    return ap_pass_brigade(f->next, bb);
}

static void insert(request_rec *r)
{
    /* What was asked for decides, not the error document or index file that it was redirected to. */
    apr_array_header_t *origins = r->main ? NULL : readers(request_initial(r));

    if (origins) {
        ap_add_output_filter_handle(filter, origins, r, r->connection);
    }
}

void cors_register(apr_pool_t *p, cors_rule_t (*rule)(request_rec *r))
{
    static const char *const before_headers[] = { "mod_headers.c", NULL };

    rule_of = rule;
    anybody = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(anybody, const char *) = ANY;
    filter = ap_register_output_filter(FILTER, write_headers, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_insert_filter(insert, NULL, before_headers, APR_HOOK_LAST);
    ap_hook_handler(answer_preflight, NULL, NULL, APR_HOOK_REALLY_FIRST); /* ahead of the module's own endpoints too */
    ap_hook_insert_error_filter(insert, NULL, before_headers, APR_HOOK_LAST);
}
