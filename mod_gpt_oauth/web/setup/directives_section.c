/*
 * Setters of what a section is to this module: AuthType, which is mod_authn_core's and overheard, GPTOAuthResource (RFC 8707)
 * and GPTOAuthPassHeaders. Sections that say something are noted, for the checks and for what is published.
 */
#include <apr_strings.h>
#include <http_core.h>

#include "base/array.h"
#include "base/uri.h"
#include "web/config/section.h"
#include "web/setup/directives.h"

section_t *section_note(cmd_parms *cmd, apr_array_header_t *sections, const dir_conf_t *conf)
{
    const ap_directive_t *parent = cmd->directive ? cmd->directive->parent : NULL;
    const char *path = parent ? section_path(cmd->pool, parent) : NULL;
    section_t *section = NULL;

    for (int i = 0; i < sections->nelts; i++) {
        if (APR_ARRAY_IDX(sections, i, section_t).conf == conf) {
            section = &APR_ARRAY_IDX(sections, i, section_t);
        }
    }
    if (!section) {
        section = apr_array_push(sections);
        section->conf = conf;
        section->server = cmd->server;
        section->at = cmd->directive;
        section->path = NULL;
    }
    if (path) {
        section->path = path;
    }
    return section;
}

/* mod_authn_core's directive, overheard to learn where this module guards: every module that knows a directive is asked. */
const char *hear_auth_type(cmd_parms *cmd, void *dir, const char *type)
{
    dir_conf_t *conf = dir;
    section_t *section;

    if (strcasecmp(type, AUTH_TYPE) != 0) {
        return DECLINE_CMD;
    }
    if (ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        return "AuthType GPTOAuth is not allowed in .htaccess: write it in a <Location> of the server's configuration";
    }
    section = section_note(cmd, config_server(cmd->server)->sections, conf);
    conf->auth_path = section->path ? section->path : "";
    return DECLINE_CMD;
}

/* In a section its resource, and outside of them what else the issuer gives tokens for, or the origin that a guard guards. */
const char *add_resource(cmd_parms *cmd, void *dir, const char *uri)
{
    server_conf_t *server = config_server(cmd->server);
    dir_conf_t *conf = dir;
    const char *resource = uri_normalise_resource(cmd->pool, uri);
    uri_t parsed;

    if (!resource || !uri_parse(cmd->pool, resource, &parsed) ||
        (strcmp(parsed.scheme, "https") != 0 && !uri_host_is_loopback(parsed.host))) {
        return apr_psprintf(
            cmd->pool, "GPTOAuthResource %s: write an absolute https URI without fragment, such as https://api.example.com/mcp",
            uri);
    }
    if (parsed.query) {
        return apr_psprintf(cmd->pool, "GPTOAuthResource %s: a resource has no query; leave out what begins with ?", uri);
    }
    if (!ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT)) {
        if (!server->resources) {
            server->resources = apr_array_make(cmd->pool, 2, sizeof(const char *));
        }
        APR_ARRAY_PUSH(server->resources, const char *) = resource;
        return NULL;
    }
    if (conf->resource) {
        return apr_psprintf(cmd->pool, "GPTOAuthResource %s: this section is %s already; a section is one resource", uri,
                            conf->resource);
    }
    conf->resource = resource;
    section_note(cmd, config_server(cmd->server)->sections, conf);
    return NULL;
}

const char *set_pass_headers(cmd_parms *cmd, void *dir, const char *how)
{
    static const char *const words[] = {
        [PASS_HEADERS_OFF] = "off", [PASS_HEADERS_ON] = "on", [PASS_HEADERS_ENCODED] = "encoded"
    };
    int known = array_word(words, COUNT(words), how);
    dir_conf_t *conf = dir;

    if (known >= 0) {
        conf->pass_headers = known;
        return NULL;
    }
    return apr_psprintf(cmd->pool, "GPTOAuthPassHeaders %s: write off, on, or encoded (percent-encoded UTF-8)", how);
}
