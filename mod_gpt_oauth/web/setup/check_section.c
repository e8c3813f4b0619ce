/*
 * Checks what stands in sections: AuthType and its Require, a name for what is guarded, GPTOAuthCredentials and
 * GPTOAuthServiceKey. Called by check.c, for each server.
 */
#include <apr_strings.h>
#include <http_core.h>

#include "private.h"
#include "web/config/section.h"
#include "web/endpoint/route.h"
#include "web/setup/check.h"

static int check_section(apr_pool_t *p, const server_rec *s, const section_t *section, int has_home)
{
    const ap_directive_t *parent = section->at->parent;
    const char *where = check_place(p, section->at);

    if (!has_home && section->conf->auth_path) {
        return check_complain(
            s, LOG_NO_ISSUER, where,
            "AuthType GPTOAuth is used in a virtual host without GPTOAuthIssuer; write GPTOAuthIssuer https://NAME there");
    }
    if (!section->path && !section->conf->resource && config_ways_in(section->conf)->oauth) {
        return check_complain(
            s, LOG_NO_RESOURCE, where,
            "AuthType GPTOAuth in a section that is not a plain <Location /path> needs a name for what it guards; "
            "write GPTOAuthResource https://NAME/path beside it");
    }
    /* Without it mod_authz_core goes by the Require of an outer section, and that is often "all granted". */
    if (section->conf->auth_path && parent && !section_has_requirement(parent->first_child)) {
        return check_complain(
            s, LOG_NO_REQUIREMENT, where,
            apr_psprintf(p,
                         "%s %s has AuthType GPTOAuth and no Require that asks for anything, so the tokens would decide nothing; "
                         "write beside it Require oauth-scope and the scopes that are needed",
                         parent->directive, parent->args));
    }
    return 0;
}

int check_sections(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, int has_home)
{
    int problems = 0;

    for (int i = 0; i < conf->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(conf->sections, i, section_t);

        /* What is inherited is complained of where it stands. */
        problems += section->server == s ? check_section(p, s, section, has_home) : 0;
    }
    return problems;
}

typedef struct place_t {
    apr_pool_t *p;
    const char *path;
} place_t;

/* Not in an <If>, which comes too late for it. */
static int sets_public_handler(const ap_directive_t *line, const void *baton)
{
    const place_t *at = baton;
    const ap_directive_t *outer = section_around(line);
    const char *args = line->args, *path = section_location(at->p, line);

    return outer && strcasecmp(outer->directive, "<Location") == 0 && path && strcmp(path, at->path) == 0 &&
           route_is_public(ap_getword_conf(at->p, &args));
}

/* What is reserved below GPTOAuthPath, and taken by a SetHandler of this module: there a guard has something to guard. */
static int is_taken(apr_pool_t *p, const server_conf_t *conf, const char *path)
{
    const place_t at = { p, path };

    return route_is_reserved(conf, path) && section_find_line(ap_conftree, "SetHandler", sets_public_handler, &at);
}

/* The module's own URLs are never guarded. */
static int check_path(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    int problems = 0;

    for (int i = 0; i < conf->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(conf->sections, i, section_t);

        if (section->path && section->conf->auth_path && route_is_own(conf, section->path) && !is_taken(p, conf, section->path)) {
            problems += check_complain(
                s, LOG_OWN_PATH, check_place(p, section->at),
                apr_psprintf(p,
                             "AuthType GPTOAuth for %s can guard nothing: this URL is the module's own, as are all below "
                             "%s; write another path here, or for those in GPTOAuthPath",
                             section->path, conf->path));
        }
    }
    return problems;
}

/* May a guard be in force at path (NULL: anywhere)? */
static int is_guarded(const server_conf_t *conf, const char *path)
{
    return section_maybe_at(conf->sections, path, section_says_auth) != NULL;
}

/* The AuthType in force at a line, when it is another module's; "missing": none is; NULL: it is, or may be, AuthType GPTOAuth. */
static const char *other_auth_type(apr_pool_t *p, const server_conf_t *conf, const ap_directive_t *line, const char *path)
{
    const char *type = section_auth_type(p, line);

    if (!type) {
        return is_guarded(conf, path) ? NULL : "missing";
    }
    return strcasecmp(type, AUTH_TYPE) == 0 || strstr(type, "%{") ? NULL : type;
}

/* Is it there in the main server, whose lines are not in force where a virtual host has some of its own? */
static int is_hidden(const server_conf_t *conf, const char *scope)
{
    const policy_t hidden = { .scopes = conf->hidden_scopes };

    return conf->hidden_scopes && policy_scope(&hidden, scope);
}

static int check_requirement(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, const requirement_t *requirement)
{
    const char *type = other_auth_type(p, conf, requirement->at, section_location(p, requirement->at));
    const char *where = check_place(p, requirement->at);

    if (type) {
        return check_complain(
            s, LOG_OTHER_AUTH_TYPE, where,
            apr_psprintf(p, "Require %s is for tokens, but the AuthType here is %s; write AuthType GPTOAuth beside it",
                         requirement->at->args, type));
    }
    if (requirement->scope && !policy_scope(conf->policy, requirement->scope)) {
        return check_complain(
            s, LOG_UNKNOWN_SCOPE, where,
            apr_psprintf(p, "Require oauth-scope names %s, which is not defined; write GPTOAuthScope %s \"what it allows\"%s",
                         requirement->scope, requirement->scope,
                         !is_hidden(conf, requirement->scope)
                             ? ""
                             : apr_psprintf(p,
                                            " in the virtual host %s too: its own GPTOAuthScope lines replace those of the main "
                                            "server",
                                            s->server_hostname)));
    }
    return 0;
}

static int takes_keys(const section_t *section)
{
    return section->conf->ways_in && (section->conf->ways_in->service || section->conf->ways_in->headers);
}

/* Does the section that says `service` let keys in, by its own directive or another that is, or may be, in force there? */
static int may_take_keys(apr_pool_t *p, const server_conf_t *conf, const section_t *service)
{
    const section_t *section = section_of_line(p, conf->services, service->at, section_says_credentials);

    return section ? takes_keys(section) : section_maybe_at(conf->services, section_location(p, service->at), takes_keys) != NULL;
}

static int check_service(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, const section_t *service)
{
    const char *type = other_auth_type(p, conf, service->at, service->path), *where = check_place(p, service->at);

    if (type) {
        return check_complain(
            s, LOG_OTHER_AUTH_TYPE, where,
            apr_psprintf(p, "%s needs AuthType GPTOAuth, but the AuthType here is %s; write AuthType GPTOAuth beside it",
                         service->at->directive, type));
    }
    if (service->conf->service_key && !may_take_keys(p, conf, service)) {
        return check_complain(
            s, LOG_KEY_USELESS, where,
            "GPTOAuthServiceKey opens nothing here, since only tokens do; write GPTOAuthCredentials service (or "
            "header:NAME) beside it");
    }
    return 0;
}

int check_guards(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    int problems = conf->is_guard ? 0 : check_path(p, s, conf);

    for (int i = 0; i < conf->requirements->nelts; i++) {
        problems += check_requirement(p, s, conf, &APR_ARRAY_IDX(conf->requirements, i, requirement_t));
    }
    for (int i = 0; i < conf->services->nelts; i++) {
        problems += check_service(p, s, conf, &APR_ARRAY_IDX(conf->services, i, section_t));
    }
    return problems;
}
