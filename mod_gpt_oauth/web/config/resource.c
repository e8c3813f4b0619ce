/*
 * Works out the protected resources of a virtual host (RFC 8707, RFC 9728) when the configuration is finished, and finds the one
 * that a request is about. Called by web/setup/check.c, then by the guard and the resource endpoint.
 */
#include "web/config/resource.h"

#include <apr_strings.h>

#include "base/scope.h"
#include "base/uri.h"
#include "base/well_known.h"
#include "web/config/section.h"

/* The resource of a section without GPTOAuthResource. */
static const char *default_uri(apr_pool_t *p, const server_conf_t *conf, const char *path)
{
    return uri_normalise_resource(p, apr_pstrcat(p, conf->origin, ap_os_escape_path(p, path, 1), NULL));
}

static const char *uri_of(apr_pool_t *p, const server_conf_t *conf, const section_t *section)
{
    return section->conf->resource || !section->path ? section->conf->resource : default_uri(p, conf, section->path);
}

static const char *without_slash(apr_pool_t *p, const char *path)
{
    apr_size_t size = strlen(path);

    return size && path[size - 1] == '/' ? apr_pstrmemdup(p, path, size - 1) : path;
}

/* The path of a URI as r->uri has it. */
static const char *decoded(apr_pool_t *p, const char *path)
{
    char *copy = apr_pstrdup(p, path);

    ap_unescape_url(copy);
    return without_slash(p, copy);
}

/* What the Require lines of all sections of this resource ask for. */
static const char *scopes_of(apr_pool_t *p, const server_conf_t *conf, const char *uri)
{
    const char *scopes = "";

    for (int i = 0; i < conf->requirements->nelts; i++) {
        const requirement_t *requirement = &APR_ARRAY_IDX(conf->requirements, i, requirement_t);
        const section_t *section = requirement->scope ? section_of_line(p, conf->sections, requirement->at, NULL) : NULL;
        const char *theirs = section ? uri_of(p, conf, section) : NULL;

        if (theirs && strcmp(theirs, uri) == 0 && !section_overrules(section, requirement->at)) {
            scopes = scope_union(p, scopes, requirement->scope);
        }
    }
    return *scopes ? scopes : conf->policy->default_scopes;
}

static void add(apr_pool_t *p, server_conf_t *conf, const section_t *section, const char *path, const char *metadata)
{
    resource_t *resource = apr_array_push(conf->guarded);

    resource->uri = uri_of(p, conf, section);
    resource->section = section->conf->resource ? NULL : section->path;
    resource->path = path;
    resource->scopes = scopes_of(p, conf, resource->uri);
    resource->metadata = metadata;
}

static void add_section(apr_pool_t *p, server_conf_t *conf, const section_t *section)
{
    const char *uri = uri_of(p, conf, section), *path, *origin;
    uri_t parsed;

    /* Where no token opens anything there is none to ask for; where there is no URI, check.c has complained. */
    if (!config_ways_in(section->conf)->oauth || !uri || !uri_parse(p, uri, &parsed)) {
        return;
    }
    origin = uri_origin(p, &parsed);
    APR_ARRAY_PUSH(conf->policy->resources, const char *) = uri;
    path = strcmp(origin, conf->origin) == 0 ? decoded(p, parsed.path) : NULL;
    /* RFC 9728 section 3.1. What is called by another origin has its document where this host is known to be asked. */
    if (path || !section->path) {
        add(p, conf, section, path, apr_pstrcat(p, origin, WELL_KNOWN_RESOURCE, parsed.path, NULL));
    }
    if (section->path && (!path || strcmp(path, without_slash(p, section->path)) != 0)) {
        add(p, conf, section, without_slash(p, section->path),
            apr_pstrcat(p, conf->origin, WELL_KNOWN_RESOURCE, ap_os_escape_path(p, section->path, 1), NULL));
    }
}

void resource_finish(apr_pool_t *p, server_conf_t *conf)
{
    conf->guarded = apr_array_make(p, 4, sizeof(resource_t));
    conf->policy->resources = apr_array_make(p, 4, sizeof(const char *));
    for (int i = 0; i < conf->sections->nelts; i++) {
        add_section(p, conf, &APR_ARRAY_IDX(conf->sections, i, section_t));
    }
    if (conf->resources && !conf->is_guard) {
        apr_array_cat(conf->policy->resources, conf->resources);
    }
}

const resource_t *resource_of(const request_rec *r)
{
    const apr_array_header_t *guarded = config_server(r->server)->guarded;
    const dir_conf_t *dir = config_dir(r);

    for (int i = 0; guarded && (dir->resource || dir->auth_path) && i < guarded->nelts; i++) {
        const resource_t *resource = &APR_ARRAY_IDX(guarded, i, resource_t);

        if (dir->resource ? strcmp(resource->uri, dir->resource) == 0
                          : resource->section && strcmp(resource->section, dir->auth_path) == 0) {
            return resource;
        }
    }
    return NULL;
}

const resource_t *resource_at(apr_pool_t *p, const server_conf_t *conf, const char *path)
{
    path = without_slash(p, path);
    for (int i = 0; i < conf->guarded->nelts; i++) {
        const resource_t *resource = &APR_ARRAY_IDX(conf->guarded, i, resource_t);

        if (resource->path && strcmp(resource->path, path) == 0) {
            return resource;
        }
    }
    return NULL;
}
