/*
 * Listens to directives of other modules that say where the database is, how this server is called and which certificates are
 * let in. Each declines, so that the module whose directive it is gets it too.
 */
#include <apr_strings.h>
#include <http_core.h>

#include "web/setup/directives.h"

const char *hear_dbd_driver(cmd_parms *cmd, void *dir, const char *driver)
{
    (void)dir;
    config_server(cmd->server)->dbd_driver = driver;
    return DECLINE_CMD;
}

const char *hear_dbd_params(cmd_parms *cmd, void *dir, const char *params)
{
    (void)dir;
    config_server(cmd->server)->dbd_params = params;
    return DECLINE_CMD;
}

/* cmd->info is the member's offset in server_conf_t. */
const char *hear_dbd_limit(cmd_parms *cmd, void *dir, const char *text)
{
    int *limit = (int *)(void *)((char *)config_server(cmd->server) + (apr_size_t)cmd->info);
    apr_int64_t number = apr_strtoi64(text, NULL, 10);

    (void)dir;
    *limit = number >= 0 && number < 10000 ? (int)number : CONFIG_UNSET;
    return DECLINE_CMD;
}

/* Anywhere in this virtual host: TLS sessions go from one Location to another. */
const char *hear_verify_client(cmd_parms *cmd, void *dir, const char *mode)
{
    (void)dir;
    if (strcasecmp(mode, "optional_no_ca") == 0 && !ap_check_cmd_context(cmd, NOT_IN_HTACCESS)) {
        config_server(cmd->server)->takes_any_certificate = 1;
    }
    return DECLINE_CMD;
}

const char *hear_server_name(cmd_parms *cmd, void *dir, const char *name)
{
    (void)dir;
    (void)name;
    config_server(cmd->server)->server_name = cmd->directive;
    return DECLINE_CMD;
}
