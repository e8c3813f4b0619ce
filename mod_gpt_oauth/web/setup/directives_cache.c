/*
 * Setters of what is kept in memory of access tokens and service keys (cache/cache.h), one for all virtual hosts, since those
 * with the same database share it; and of where to listen for what ends it.
 */
#include <apr_lib.h>
#include <apr_strings.h>

#include "cache/cache.h"
#include "web/setup/directives.h"

#define SLOTS_MIN 64
#define TTL_MAX   (24 * 3600)

const char *set_cache(cmd_parms *cmd, void *dir, const char *text)
{
    const char *problem = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    apr_int64_t slots = 0;
    char *rest = NULL;

    (void)dir;
    if (problem) {
        return problem;
    }
    if (strcasecmp(text, "off") != 0) {
        slots = apr_strtoi64(text, &rest, 10);
        if (!apr_isdigit(*text) || *rest || slots < SLOTS_MIN || slots > CACHE_SLOTS_MAX) {
            return apr_psprintf(cmd->pool, "GPTOAuthCache %s: write the number of tokens to keep, from %d to %d, or off", text,
                                SLOTS_MIN, CACHE_SLOTS_MAX);
        }
    }
    config_server(cmd->server)->cache_slots = (int)slots;
    return NULL;
}

const char *set_cache_ttl(cmd_parms *cmd, void *dir, const char *text)
{
    const char *problem = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)dir;
    return problem ? problem : parse_duration(cmd, text, 1, TTL_MAX, &config_server(cmd->server)->cache_ttl);
}

const char *set_listen(cmd_parms *cmd, void *dir, const char *text)
{
    const char *problem = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)dir;
    config_server(cmd->server)->listen = strcasecmp(text, "off") == 0 ? "" : text;
    return problem;
}
