/*
 * The setter of GPTOAuthStatus: who may read the status page by his address. Called by httpd, by way of directives.c.
 */
#include <apr_network_io.h>
#include <apr_strings.h>

#include "web/setup/directives.h"

const char *add_status_address(cmd_parms *cmd, void *dir, const char *text)
{
    const char *problem = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    server_conf_t *conf = config_server(cmd->server);
    char *address = apr_pstrdup(cmd->temp_pool, text), *bits = strchr(address, '/');
    apr_ipsubnet_t *subnet;

    (void)dir;
    if (problem) {
        return problem;
    }
    if (!conf->status_addresses) {
        conf->status_addresses = apr_array_make(cmd->pool, 2, sizeof(apr_ipsubnet_t *));
    }
    if (strcasecmp(text, "none") == 0) {
        conf->is_status_closed = 1;
        return NULL;
    }
    if (bits) {
        *bits++ = '\0';
    }
    if (apr_ipsubnet_create(&subnet, address, bits, cmd->pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "GPTOAuthStatus %s: write an address or network, such as 192.0.2.7 or 2001:db8::/64, or none", text);
    }
    APR_ARRAY_PUSH(conf->status_addresses, apr_ipsubnet_t *) = subnet;
    return NULL;
}
