#include "web/check.h"

#include <ap_provider.h>
#include <apr_dbd.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

/* It needs apr_dbd.h before it. */
#include <mod_dbd.h>

#include "base/crypto.h"
#include "base/scope.h"
#include "private.h"
#include "store/conninfo.h"
#include "web/config.h"

/* One line to the terminal of configtest and to the error log; returns 1 for counting. */
static int complain(const server_rec *s, const char *where, const char *problem)
{
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_ERR, 0, s, "GPT001: %s%s%s", where ? where : "", where ? ": " : "", problem);
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

static int check_sections(apr_pool_t *p, const server_rec *s, const server_conf_t *conf, int has_home)
{
    int problems = 0;

    for (int i = 0; i < conf->sections->nelts; i++) {
        const section_t *section = &APR_ARRAY_IDX(conf->sections, i, section_t);

        if (section->server != s) {
            continue; /* inherited; complained of where it stands */
        }
        if (!has_home && section->conf->auth_path) {
            problems += complain(
                s, place(p, section->at),
                "AuthType GPTOAuth stands in a virtual host without GPTOAuthIssuer; write GPTOAuthIssuer https://NAME there");
        } else if (!section->path && !section->conf->resource) {
            problems += complain(s, place(p, section->at),
                                 "AuthType GPTOAuth in a section that is no plain <Location> needs a name for what it guards; "
                                 "write GPTOAuthResource https://NAME beside it");
        }
    }
    return problems;
}

static int check_required_scopes(apr_pool_t *p, const server_rec *s, const server_conf_t *conf)
{
    int problems = 0;

    for (int i = 0; i < conf->required_scopes->nelts; i++) {
        const required_scope_t *required = &APR_ARRAY_IDX(conf->required_scopes, i, required_scope_t);

        if (!policy_scope(conf->policy, required->scope)) {
            problems += complain(
                s, place(p, required->at),
                apr_psprintf(p, "Require oauth-scope names %s, which is not defined; write GPTOAuthScope %s \"what it allows\"",
                             required->scope, required->scope));
        }
    }
    return problems;
}

static int check_issuer(apr_pool_t *p, const server_rec *s, server_conf_t *conf)
{
    const char *where = vhost_name(p, s);
    const char *problem = store_params_problem(p, conf->dbd_driver, conf->dbd_params);
    int problems = 0;

    if (problem) {
        problems += complain(s, where, problem);
    }
    if (!APR_RETRIEVE_OPTIONAL_FN(ap_dbd_open)) {
        problems +=
            complain(s, where, "mod_dbd is not loaded; write LoadModule dbd_module modules/mod_dbd.so (Debian: a2enmod dbd)");
    }
    if (!conf->login_providers && !ap_lookup_provider(AUTHN_PROVIDER_GROUP, OWN_PROVIDER, AUTHN_PROVIDER_VERSION)) {
        problems += complain(s, where, "the provider " OWN_PROVIDER " is not registered");
    }
    return problems + check_required_scopes(p, s, conf);
}

int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    int problems = 0, issuers = 0;

    (void)plog;
    if (crypto_init() != APR_SUCCESS) {
        complain(main_server, NULL, "OpenSSL cannot compute SHA-256; is its default provider switched off in openssl.cnf?");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);
        const char *problem = config_finish(pconf, conf);

        if (problem) {
            problems += complain(s, vhost_name(ptemp, s), problem);
        }
        if (conf->issuer && conf->policy) {
            issuers++;
            problems += check_issuer(ptemp, s, conf);
        }
    }
    for (server_rec *s = main_server; s; s = s->next) {
        const server_conf_t *conf = config_server(s);

        /* Sections of the main server may be meant for virtual hosts; where there is no issuer, their requests are refused. */
        problems += check_sections(ptemp, s, conf, conf->issuer || (!s->is_virtual && issuers));
    }
    return problems ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
