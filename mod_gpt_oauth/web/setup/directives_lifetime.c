/*
 * Setters of the lifetimes: of codes, tokens, grants and sign-ins (RFC 6749 sections 4.1.2 and 10.4).
 */
#include <apr_strings.h>

#include "base/times.h"
#include "web/setup/directives.h"

/* Durations as everywhere in httpd ("90s", "2h"), and days and years besides, since refresh tokens live that long. */
#define YEARS_10 (10 * TIMES_YEAR)

const char *parse_duration(cmd_parms *cmd, const char *text, apr_int64_t low, apr_int64_t high, apr_int64_t *seconds)
{
    apr_int64_t duration;

    if (times_duration(text, &duration) && duration >= low && duration <= high) {
        *seconds = duration;
        return NULL;
    }
    return apr_psprintf(cmd->pool, "%s %s: write a number and s, m, h, d or y, between %" APR_INT64_T_FMT "s and %s",
                        cmd->cmd->name, text, low,
                        high == YEARS_10 ? "10y" : apr_psprintf(cmd->pool, "%" APR_INT64_T_FMT "m", high / 60));
}

/* cmd->info is the member's offset in policy_t. */
static apr_int64_t *lifetime_of(const cmd_parms *cmd)
{
    return (apr_int64_t *)(void *)((char *)config_server(cmd->server)->policy + (apr_size_t)cmd->info);
}

const char *set_lifetime(cmd_parms *cmd, void *dir, const char *text)
{
    /* RFC 6749 section 4.1.2: ten minutes at most for a code. */
    apr_int64_t high = (apr_size_t)cmd->info == APR_OFFSETOF(policy_t, code_lifetime) ? 600 : YEARS_10;

    (void)dir;
    return parse_duration(cmd, text, 1, high, lifetime_of(cmd));
}

const char *set_refresh_grace(cmd_parms *cmd, void *dir, const char *text)
{
    (void)dir;
    return parse_duration(cmd, text, 0, 3600, &config_server(cmd->server)->policy->refresh_grace);
}

const char *set_refresh_lifetime(cmd_parms *cmd, void *dir, const char *idle, const char *total)
{
    server_conf_t *conf = config_server(cmd->server);
    const char *problem = parse_duration(cmd, idle, 60, YEARS_10, &conf->policy->refresh_idle);

    (void)dir;
    if (!problem && total) {
        problem = parse_duration(cmd, total, 60, YEARS_10, &conf->policy->refresh_total);
    }
    return problem;
}
