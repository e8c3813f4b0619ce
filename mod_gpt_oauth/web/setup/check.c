#include "web/setup/check.h"

#include <ap_provider.h>
#include <apr_dbd.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <http_core.h>

/* It needs apr_dbd.h before it. */
#include <mod_dbd.h>

#include "base/crypto.h"
#include "base/scope.h"
#include "private.h"
#include "store/conninfo.h"
#include "web/config/config.h"
#include "web/config/resource.h"
#include "web/endpoint/documents.h"
#include "web/http/log.h"
#include "web/endpoint/route.h"
#include "web/config/section.h"

/* One line to the terminal of configtest and to the error log; returns 1 for counting. */
static int complain(const server_rec *s, log_code_t code, const char *where, const char *problem)
{
    log_config(s, code, "%s%s%s", where ? where : "", where ? ": " : "", problem);
    return 1;
}

static const char *place(apr_pool_t *p, const ap_directive_t *at)
{
    return at ? apr_psprintf(p, "%s:%d", at->filename, at->line_num) : NULL;
}

static const char *vhost_name(apr_pool_t *p, const server_rec *s)
{
    return apr_psprintf(p, "GPTOAuthIssuer of %s", s->server_hostname ? s->server_hostname : "the server");
}

static int check_section(apr_pool_t *p, const server_rec *s, const section_t *section, int has_home)
{
    const ap_directive_t *parent = section->at->parent;
    const char *where = place(p, section->at);

    if (!has_home && section->conf->auth_path) {
        return complain(
            s, LOG_NO_ISSUER, where,
            "AuthType GPTOAuth stands in a virtual host without GPTOAuthIssuer; write GPTOAuthIssuer https://NAME there");
    }
    if (!section->path && !section->conf->resource && config_ways_in(section->conf)->oauth) {
        return complain(s, LOG_NO_RESOURCE, where,
                        "AuthType GPTOAuth in a section that is no plain <Location /path> needs a name for what it guards; "
                        "write GPTOAuthResource https://NAME/path beside it");
    }
    /* Without it mod_authz_core goes by the Require of an outer section, and that is often "all granted". */
    if (section->conf->auth_path && parent && !section_has_requirement(parent->first_child)) {
        return complain(
            s, LOG_NO_REQUIREMENT, where,
            apr_psprintf(p,
                         "%s %s has AuthType GPTOAuth and no Require that asks for anything, so the tokens would decide nothing; "
                         "write beside it Require oauth-scope and the scopes that are needed",
                         parent->directive, parent->args));
    }
    return 0;
}

static int check_sections(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, int has_home)
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
            problems += complain(
                s, LOG_OWN_PATH, place(p, section->at),
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
    const char *where = place(p, requirement->at);

    if (type) {
        return complain(s, LOG_OTHER_AUTH_TYPE, where,
                        apr_psprintf(p,
                                     "Require %s is for tokens, but the AuthType here is %s; write AuthType GPTOAuth beside it",
                                     requirement->at->args, type));
    }
    if (requirement->scope && !policy_scope(conf->policy, requirement->scope)) {
        return complain(
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

static int check_requirements(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    int problems = 0;

    for (int i = 0; i < conf->requirements->nelts; i++) {
        problems += check_requirement(p, s, conf, &APR_ARRAY_IDX(conf->requirements, i, requirement_t));
    }
    return problems;
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
    const char *type = other_auth_type(p, conf, service->at, service->path), *where = place(p, service->at);

    if (type) {
        return complain(
            s, LOG_OTHER_AUTH_TYPE, where,
            apr_psprintf(p, "%s goes with AuthType GPTOAuth, but the AuthType here is %s; write AuthType GPTOAuth beside it",
                         service->at->directive, type));
    }
    if (service->conf->service_key && !may_take_keys(p, conf, service)) {
        return complain(s, LOG_KEY_USELESS, where,
                        "GPTOAuthServiceKey opens nothing here, since only tokens do; write GPTOAuthCredentials service (or "
                        "header:NAME) beside it");
    }
    return 0;
}

static int check_services(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    int problems = 0;

    for (int i = 0; i < conf->services->nelts; i++) {
        problems += check_service(p, s, conf, &APR_ARRAY_IDX(conf->services, i, section_t));
    }
    return problems;
}

static int check_issuer(apr_pool_t *p, const server_rec *s, server_conf_t *conf)
{
    const char *where = vhost_name(p, s);
    const char *problem = store_params_problem(p, conf->dbd_driver, conf->dbd_params, NULL);
    int problems = 0;

    if (problem) {
        problems += complain(s, LOG_DBD_PARAMS, where, problem);
    }
    if (!APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open)) {
        problems += complain(s, LOG_NO_MOD_DBD, where,
                             "mod_dbd is not loaded; write LoadModule dbd_module modules/mod_dbd.so (Debian: a2enmod dbd)");
    }
    /* mod_dbd finds it out only when the first connection is wanted, and says "failed to initialise". */
    if (conf->dbd_max < 1 || conf->dbd_keep > conf->dbd_max || conf->dbd_min > conf->dbd_keep) {
        problems +=
            complain(s, LOG_DBD_POOL, where,
                     apr_psprintf(p,
                                  "DBDMin %d, DBDKeep %d and DBDMax %d give no pool of connections; write all three, none "
                                  "larger than the next, such as DBDMin 1, DBDKeep %d, DBDMax %d",
                                  conf->dbd_min, conf->dbd_keep, conf->dbd_max, conf->dbd_max > 1 ? 2 : 1,
                                  conf->dbd_max > 1 ? conf->dbd_max : 1));
    }
    if (is_guarded(conf, NULL) && !ap_find_linked_module("mod_authn_core.c")) {
        problems += complain(s, LOG_NO_AUTHN_CORE, where,
                             "mod_authn_core is not loaded, so AuthType has no effect; write LoadModule authn_core_module "
                             "modules/mod_authn_core.so (Debian: a2enmod authn_core)");
    }
    if (conf->policy->refresh_total < conf->policy->refresh_idle) {
        problems += complain(s, LOG_REFRESH_LIFETIME, where,
                             apr_psprintf(p,
                                          "GPTOAuthRefreshLifetime lets a grant live %" APR_INT64_T_FMT
                                          " seconds unused, but only %" APR_INT64_T_FMT
                                          " in all; write two times of which the second is the longer, such as 90d 1y",
                                          conf->policy->refresh_idle, conf->policy->refresh_total));
    }
    return problems + (conf->is_guard ? 0 : check_path(p, s, conf)) + check_requirements(p, s, conf) + check_services(p, s, conf);
}

static int check_documents(apr_pool_t *pconf, const server_rec *s, server_conf_t *conf)
{
    const char *manifest = manifest_finish(pconf, s, conf), *openapi = openapi_finish(pconf, s, conf);

    return (manifest ? complain(s, LOG_MANIFEST, NULL, manifest) : 0) + (openapi ? complain(s, LOG_OPENAPI, NULL, openapi) : 0);
}

/*
 * httpd would add them to the headers when the body has been read: after the guard has spoken, and for whoever reads them then.
 */
static int check_trailers(const server_rec *s)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);

    return core->merge_trailers == AP_MERGE_TRAILERS_ENABLE
               ? complain(
                     s, LOG_MERGE_TRAILERS, NULL,
                     "MergeTrailers on lets a caller add headers behind the body, X-OAuth-User among them, when all checks are "
                     "over; take the line out")
               : 0;
}

/* <AuthnProviderAlias ldap NAME>; NAME is the baton. */
static int is_alias_of_ldap(const ap_directive_t *line, const void *name)
{
    apr_pool_t *p;
    const char *args = line->args;
    int found;

    apr_pool_create(&p, NULL);
    found = strcasecmp(ap_getword_conf(p, &args), "ldap") == 0 && strncasecmp(args, name, strlen(name)) == 0 &&
            (!args[strlen(name)] || strchr("> \t\"", args[strlen(name)]));
    apr_pool_destroy(p);
    return found;
}

static int asks_ldap(const server_conf_t *conf)
{
    for (int i = 0; conf->login_providers && i < conf->login_providers->nelts; i++) {
        const char *name = APR_ARRAY_IDX(conf->login_providers, i, login_provider_t).name;

        if (strcasecmp(name, "ldap") == 0 || section_find_line(ap_conftree, "<AuthnProviderAlias", is_alias_of_ldap, name)) {
            return 1;
        }
    }
    return 0;
}

/* A directory takes ALICE and alice for one, and without these directives httpd calls people as they typed it. */
static void warn_of_ldap(const server_rec *s, const server_conf_t *conf)
{
    if (asks_ldap(conf) && !section_find_line(ap_conftree, "AuthLDAPRemoteUserAttribute", NULL, NULL) &&
        !section_find_line(ap_conftree, "AuthLDAPRemoteUserIsDN", NULL, NULL)) {
        log_config(s, LOG_LDAP_SPELLINGS,
                   "GPTOAuthLoginProvider asks a directory by ldap, which takes ALICE and alice for one user, while "
                   "httpd calls him as he typed his name, so that each spelling has grants of its own: write "
                   "AuthLDAPRemoteUserAttribute uid (or another attribute that names him) where AuthLDAPURL stands");
    }
}

/* Debian's usual mistake: the lines in conf-enabled, and a site that takes all requests. */
static void warn_of_lone_issuer(const server_rec *main_server, int issuers)
{
    if (issuers == 1 && config_server(main_server)->issuer && main_server->next) {
        log_config(main_server, LOG_LONE_ISSUER,
                   "GPTOAuthIssuer stands outside every <VirtualHost> and is not inherited: requests that a virtual host takes "
                   "know nothing of it. If they should, move it there");
    }
}

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    int problems = 0, issuers = 0;

    (void)plog;
    if (crypto_init() != APR_SUCCESS) {
        complain(main_server, LOG_NO_SHA256, NULL,
                 "OpenSSL cannot compute SHA-256; is its default provider switched off in openssl.cnf?");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        log_code_t code;
        const char *problem = config_finish(pconf, conf, &code);

        if (conf->origin) {
            resource_finish(pconf, conf);
        }
        if (problem) {
            problems += complain(s, code, vhost_name(ptemp, s), problem);
        }
        if (conf->origin) {
            issuers++;
            warn_of_ldap(s, conf);
            check_server_name(ptemp, s, conf);
            problems += check_issuer(ptemp, s, conf) + (problem || conf->is_guard ? 0 : check_documents(pconf, s, conf));
        }
    }
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);

        conf->is_beside = !conf->issuer && issuers;
        if (conf->resources && !conf->issuer) {
            problems += complain(
                s, LOG_RESOURCE_USELESS, NULL,
                apr_psprintf(ptemp,
                             "GPTOAuthResource %s outside of sections, in a virtual host without GPTOAuthIssuer, says nothing; "
                             "write it where the issuer is, or in the section that it names",
                             APR_ARRAY_IDX(conf->resources, 0, const char *)));
        }
        problems += issuers ? check_trailers(s) : 0;
        /* Sections of the main server may be meant for virtual hosts; where there is no issuer, their requests are refused. */
        problems += check_sections(ptemp, s, conf, conf->issuer || (!s->is_virtual && issuers));
    }
    warn_of_lone_issuer(main_server, issuers);
    return problems ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
