/*
 * The check_config hook: finishes the configuration of each server and refuses what cannot work, with a sentence for each fault
 * and what to write. Faults of sections, of names and of directories are found by the files beside this one.
 */
#include "web/setup/check.h"

#include <apr_dbd.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <http_core.h>

/* It needs apr_dbd.h before it. */
#include <mod_dbd.h>

#include "base/crypto.h"
#include "private.h"
#include "store/conninfo.h"
#include "web/config/resource.h"
#include "web/config/section.h"
#include "web/endpoint/plugin_documents.h"
#include "web/http/db.h"
#include "web/http/log.h"

static const char *vhost_name(apr_pool_t *p, const server_rec *s)
{
    return apr_psprintf(p, "GPTOAuthIssuer of %s", s->server_hostname ? s->server_hostname : "the server");
}

/* Those with one database have one listener. */
static int check_listen(apr_pool_t *p, const server_rec *main_server, const server_rec *s, const server_conf_t *conf)
{
    const char *problem = conf->listen && *conf->listen ? store_listen_problem(p, conf->dbd_driver, conf->listen) : NULL;

    for (const server_rec *other = main_server; other != s && !problem; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        if (theirs->issuer && theirs->dbd_driver && theirs->dbd_params && db_is_same(theirs, conf) &&
            strcmp(theirs->listen ? theirs->listen : theirs->dbd_params, conf->listen ? conf->listen : conf->dbd_params) != 0) {
            problem = "another virtual host has the same DBDParams and says something else; write the same line in both, or "
                      "outside of them";
        }
    }
    return problem ? check_complain(s, LOG_LISTEN, vhost_name(p, s), apr_pstrcat(p, "GPTOAuthListen: ", problem, NULL)) : 0;
}

static int check_issuer(apr_pool_t *p, const server_rec *main_server, const server_rec *s, server_conf_t *conf)
{
    const char *where = vhost_name(p, s);
    const char *problem = store_params_problem(p, conf->dbd_driver, conf->dbd_params, NULL);
    int problems = problem ? check_complain(s, LOG_DBD_PARAMS, where, problem) : check_listen(p, main_server, s, conf);

    if (!APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open)) {
        problems += check_complain(s, LOG_NO_MOD_DBD, where,
                                   "mod_dbd is not loaded; write LoadModule dbd_module modules/mod_dbd.so (Debian: a2enmod dbd)");
    }
    /* mod_dbd finds it out only when the first connection is wanted, and says "failed to initialise". */
    if (conf->dbd_max < 1 || conf->dbd_keep > conf->dbd_max || conf->dbd_min > conf->dbd_keep) {
        problems += check_complain(
            s, LOG_DBD_POOL, where,
            apr_psprintf(p,
                         "DBDMin %d, DBDKeep %d and DBDMax %d do not make a pool of connections; write all three, none "
                         "larger than the next, such as DBDMin 1, DBDKeep %d, DBDMax %d",
                         conf->dbd_min, conf->dbd_keep, conf->dbd_max, conf->dbd_max > 1 ? 2 : 1,
                         conf->dbd_max > 1 ? conf->dbd_max : 1));
    }
    if (section_maybe_at(conf->sections, NULL, section_says_auth) && !ap_find_linked_module("mod_authn_core.c")) {
        problems += check_complain(s, LOG_NO_AUTHN_CORE, where,
                                   "mod_authn_core is not loaded, so AuthType has no effect; write LoadModule authn_core_module "
                                   "modules/mod_authn_core.so (Debian: a2enmod authn_core)");
    }
    if (conf->policy->refresh_total < conf->policy->refresh_idle) {
        problems += check_complain(s, LOG_REFRESH_LIFETIME, where,
                                   apr_psprintf(p,
                                                "GPTOAuthRefreshLifetime lets a grant live %" APR_INT64_T_FMT
                                                " seconds unused, but only %" APR_INT64_T_FMT
                                                " in all; write two times, the second one longer, such as 90d 1y",
                                                conf->policy->refresh_idle, conf->policy->refresh_total));
    }
    return problems + check_guards(p, s, conf);
}

static int check_documents(apr_pool_t *pconf, const server_rec *s, server_conf_t *conf)
{
    const char *manifest = manifest_finish(pconf, s, conf), *openapi = openapi_finish(pconf, s, conf);

    return (manifest ? check_complain(s, LOG_MANIFEST, NULL, manifest) : 0) +
           (openapi ? check_complain(s, LOG_OPENAPI, NULL, openapi) : 0);
}

/*
 * httpd would add them to the headers when the body has been read: after the guard has spoken, and for whoever reads them then.
 */
static int check_trailers(const server_rec *s)
{
    const core_server_config *core = ap_get_core_module_config(s->module_config);

    return core->merge_trailers == AP_MERGE_TRAILERS_ENABLE
               ? check_complain(
                     s, LOG_MERGE_TRAILERS, NULL,
                     "MergeTrailers on lets a caller add headers after the body, X-OAuth-User among them, when all checks are "
                     "over; remove the line")
               : 0;
}

/* Apps, consents and sessions go by the name alone, whoever checked the password. */
static void warn_of_several_providers(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    const char *names = NULL, *first = NULL;
    int several = 0;

    for (int i = 0; conf->login_providers && i < conf->login_providers->nelts; i++) {
        const char *name = APR_ARRAY_IDX(conf->login_providers, i, login_provider_t).name;

        /* It remembers what others said, and has no users of its own. */
        if (strcmp(name, "socache") != 0) {
            several |= first && strcmp(name, first) != 0;
            names = first ? apr_pstrcat(p, names, " ", name, NULL) : name;
            first = first ? first : name;
        }
    }
    if (several && !conf->is_guard) {
        log_config(
            s, LOG_SEVERAL_PROVIDERS,
            "GPTOAuthLoginProvider names several providers (%s): whoever is alice of one of them has the apps, consents and "
            "sessions of who is alice of another. Name one alone, or see to it that no name is in two of them",
            names);
    }
}

/* Debian's usual mistake: the lines in conf-enabled, and a site that takes all requests. */
static void warn_of_lone_issuer(const server_rec *main_server, int issuers)
{
    if (issuers == 1 && config_server(main_server)->issuer && main_server->next) {
        log_config(main_server, LOG_LONE_ISSUER,
                   "GPTOAuthIssuer is outside every <VirtualHost> and is not inherited: requests that a virtual host serves "
                   "do not see it. Move it there if they should");
    }
}

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    int problems = 0, issuers = 0;

    (void)plog;
    if (crypto_init() != APR_SUCCESS) {
        check_complain(main_server, LOG_NO_SHA256, NULL,
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
            problems += check_complain(s, code, vhost_name(ptemp, s), problem);
        }
        if (conf->origin) {
            issuers++;
            check_ldap(s, conf);
            warn_of_several_providers(ptemp, s, conf);
            check_server_name(ptemp, s, conf);
            check_console(main_server, s, conf);
            problems +=
                check_issuer(ptemp, main_server, s, conf) + (problem || conf->is_guard ? 0 : check_documents(pconf, s, conf));
        }
    }
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);

        conf->is_beside = !conf->issuer && issuers;
        if (conf->resources && !conf->issuer) {
            problems += check_complain(
                s, LOG_RESOURCE_USELESS, NULL,
                apr_psprintf(ptemp,
                             "GPTOAuthResource %s outside of sections, in a virtual host without GPTOAuthIssuer, has no effect; "
                             "write it where the issuer is, or in the section that it names",
                             APR_ARRAY_IDX(conf->resources, 0, const char *)));
        }
        problems += issuers ? check_trailers(s) + check_pages(pconf, s, conf) : 0;
        /* Sections of the main server may be meant for virtual hosts; where there is no issuer, their requests are refused. */
        problems += check_sections(ptemp, s, conf, conf->issuer || (!s->is_virtual && issuers));
    }
    warn_of_lone_issuer(main_server, issuers);
    return problems ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
