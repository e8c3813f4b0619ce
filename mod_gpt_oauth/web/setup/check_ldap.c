/*
 * Warns of sign-ins by a directory that takes ALICE and alice for one user, where httpd would make two of them. Called by
 * check.c, for each issuer.
 */
#include <httpd.h>
#include <apr_strings.h>
#include <http_config.h>

#include "private.h"
#include "web/config/section.h"
#include "web/http/log.h"
#include "web/setup/check.h"

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

void check_ldap(const server_rec *s, const server_conf_t *conf)
{
    if (asks_ldap(conf) && !section_find_line(ap_conftree, "AuthLDAPRemoteUserAttribute", NULL, NULL) &&
        !section_find_line(ap_conftree, "AuthLDAPRemoteUserIsDN", NULL, NULL)) {
        log_config(s, LOG_LDAP_SPELLINGS,
                   "GPTOAuthLoginProvider asks a directory by ldap, which takes ALICE and alice for one user, while "
                   "httpd names the user as typed, so that each spelling has grants of its own: write "
                   "AuthLDAPRemoteUserAttribute uid (or another attribute that names the user) next to AuthLDAPURL");
    }
}
