/*
 * Warns where users and clients belong to the administrators of another virtual host, too. Called by check.c.
 */
#include "private.h"
#include "web/console/role.h"
#include "web/http/db.h"
#include "web/http/log.h"
#include "web/setup/check.h"

static int includes(const role_rule_t *rule, const role_rule_t *other)
{
    for (int i = 0; other && other->names && i < other->names->nelts; i++) {
        if (!role_has_name(rule, APR_ARRAY_IDX(other->names, i, const char *))) {
            return 0;
        }
    }
    return 1;
}

static int is_same(const role_rule_t *rule, const role_rule_t *other)
{
    const char *text = rule && rule->text ? rule->text : "", *theirs = other && other->text ? other->text : "";

    return strcmp(text, theirs) == 0 && includes(rule, other) && includes(other, rule);
}

void check_console(const server_rec *main_server, const server_rec *s, const server_conf_t *conf)
{
    for (const server_rec *other = main_server; other != s && !conf->is_guard; other = other->next) {
        const server_conf_t *theirs = config_server(other);

        if (theirs->issuer && !theirs->is_guard && db_is_same(theirs, conf) &&
            (!is_same(theirs->admins, conf->admins) || !is_same(theirs->help_desk, conf->help_desk))) {
            log_config(
                s, LOG_ADMINS_DIFFER,
                "%s and %s have one database, and other administrators or another help desk (GPTOAuthAdmin, "
                "GPTOAuthHelpDesk): users and clients belong to both, so that each of these can make himself one at the other; "
                "write the same lines in both, or give each a database of its own",
                theirs->issuer, conf->issuer);
            return;
        }
    }
}
