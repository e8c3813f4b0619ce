/*
 * The OpenAPI document: checked and completed with servers and security when the configuration is read (web/setup/check.c), and
 * served as it was then.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>

#include "base/file.h"
#include "base/json.h"
#include "base/openapi.h"
#include "base/uri.h"
#include "private.h"
#include "web/endpoint/plugin_documents.h"
#include "web/endpoint/endpoints.h"
#include "web/http/log.h"
#include "web/http/reply.h"
#include "web/endpoint/route.h"
#include "web/config/section.h"

#define SCHEME       "GPTOAuth"
#define FINDINGS_MAX 50 /* who has so many reads no more of them */

static json_t *oauth_scheme(apr_pool_t *p, const server_conf_t *conf)
{
    json_t *scopes = json_object();

    for (int i = 0; i < conf->policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(conf->policy->scopes, i, scope_def_t);

        json_object_set_new(scopes, def->name, json_string(def->description));
    }
    return json_own(p, json_pack("{s:s, s:{s:{s:s, s:s, s:o}}}", "type", "oauth2", "flows", "authorizationCode",
                                 "authorizationUrl", route_url(p, conf, "gpt-oauth-authorize"), "tokenUrl",
                                 route_url(p, conf, "gpt-oauth-token"), "scopes", scopes));
}

/* NULL where nothing guards it. */
static const ways_in_t *ways_into(const server_conf_t *conf, const char *path)
{
    const section_t *guard = section_at(conf->sections, path, section_says_auth);
    const section_t *ways = section_at(conf->services, path, section_says_credentials);

    return guard ? config_ways_in(ways ? ways->conf : guard->conf) : NULL;
}

/*
 * A GPT has one way to authenticate at all operations: OAuth, unless every operation that is guarded takes service keys alone.
 * NULL for OAuth.
 */
static const ways_in_t *key_alone(apr_pool_t *p, const server_conf_t *conf, json_t *document)
{
    const char *url = json_string_value(json_object_get(json_array_get(json_object_get(document, "servers"), 0), "url")), *path;
    const ways_in_t *found = NULL;
    json_t *item;
    uri_t server;

    if (!url || !uri_parse(p, url[0] == '/' ? apr_pstrcat(p, conf->origin, url, NULL) : url, &server)) {
        server.path = "";
    }
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        const ways_in_t *ways = ways_into(conf, apr_pstrcat(p, strcmp(server.path, "/") == 0 ? "" : server.path, path, NULL));

        if (ways && ways->oauth) {
            return NULL;
        }
        found = found ? found : ways;
    }
    return found;
}

static void fill_security(apr_pool_t *p, const server_conf_t *conf, json_t *document, openapi_security_t *security)
{
    const ways_in_t *key = key_alone(p, conf, document);

    security->name = SCHEME;
    security->scopes = json_own(p, key ? json_array() : json_words(p, conf->policy->default_scopes));
    if (!key) {
        security->scheme = oauth_scheme(p, conf);
    } else if (key->service) {
        security->scheme = json_own(p, json_pack("{s:s, s:s}", "type", "http", "scheme", "bearer"));
    } else {
        security->scheme = json_own(p, json_pack("{s:s, s:s, s:s}", "type", "apiKey", "in", "header", "name",
                                                 APR_ARRAY_IDX(key->headers, 0, const char *)));
    }
}

static void warn(const server_rec *s, const server_conf_t *conf, const char *finding)
{
    log_config(s, LOG_OPENAPI_BUILDER, "%s: %s", conf->openapi_file, finding);
}

/* The text that is served; NULL when there is none, and *problem says why. */
static const char *make_text(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, const char **problem)
{
    const char *text;
    json_t *document;
    file_t file;
    openapi_security_t security;
    apr_array_header_t *findings;

    *problem = file_read(p, conf->openapi_file, OPENAPI_FILE_MAX, &file);
    if (*problem) {
        *problem = apr_psprintf(p, "it cannot be read: %s", *problem);
        return NULL;
    }
    document = openapi_parse(p, file.text, file.size, problem);
    if (!document) {
        return NULL;
    }
    fill_security(p, conf, document, &security);
    if (!openapi_complete(p, document, conf->origin, &security)) {
        log_config(s, LOG_OPENAPI_SCHEME,
                   "%s: none of its security schemes is of the type that this server needs; leave securitySchemes out",
                   conf->openapi_file);
    }
    text = json_print(p, document);
    findings = openapi_review(p, document, strlen(text), conf->origin);
    for (int i = 0; i < findings->nelts && i < FINDINGS_MAX; i++) {
        warn(s, conf, APR_ARRAY_IDX(findings, i, const char *));
    }
    if (findings->nelts > FINDINGS_MAX) {
        warn(s, conf, apr_psprintf(p, "and %d more like it", findings->nelts - FINDINGS_MAX));
    }
    return text;
}

const char *openapi_finish(apr_pool_t *p, const server_rec *s, server_conf_t *conf)
{
    const char *problem = NULL, *text;
    apr_pool_t *temporary;

    if (!conf->openapi_file) {
        return NULL;
    }
    apr_pool_create(&temporary, p);
    text = make_text(temporary, s, conf, &problem);
    conf->openapi_text = text ? apr_pstrdup(p, text) : NULL;
    problem = text ? NULL : apr_psprintf(p, "GPTOAuthOpenAPI %s: %s", conf->openapi_file, problem);
    apr_pool_destroy(temporary);
    return problem;
}

int endpoint_openapi(request_rec *r)
{
    return reply_document(r, config_server(r->server)->openapi_text);
}
