/*
 * Finds the role of a user by the directives. Called by endpoint.c on every request to the console.
 */
#include "web/console/role.h"

#include <ap_expr.h>
#include <http_main.h>

#include "base/fold.h"
#include "private.h"
#include "web/endpoint/person.h"
#include "web/http/db.h"
#include "web/http/log.h"

int role_has_name(const role_rule_t *rule, const char *name)
{
    for (int i = 0; rule && rule->names && i < rule->names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rule->names, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_true(request_rec *r, const role_rule_t *rule)
{
    const char *problem = NULL;
    int value;

    if (!rule->expr || !person_is_given(r)) {
        return 0;
    }
    value = ap_expr_exec(r, rule->expr, &problem);
    if (value < 0 || problem) {
        log_request(r, LOG_CONSOLE_REFUSED, "the expression of a role cannot be evaluated, so nobody has it by that: %s",
                    problem ? problem : "no reason given");
        return 0;
    }
    return value > 0;
}

static int has(request_rec *r, const role_rule_t *rule, const char *username)
{
    return rule && (role_has_name(rule, username) || is_true(r, rule));
}

role_t role_of(request_rec *r, const char *username)
{
    const server_conf_t *conf = config_server(r->server);

    if (has(r, conf->admins, username)) {
        return ROLE_ADMIN;
    }
    return has(r, conf->help_desk, username) ? ROLE_HELP_DESK : ROLE_NONE;
}

static int names(apr_pool_t *p, const role_rule_t *rule, const char *folded)
{
    for (int i = 0; rule && rule->names && i < rule->names->nelts; i++) {
        if (strcmp(name_fold(p, APR_ARRAY_IDX(rule->names, i, const char *)), folded) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Users belong to all issuers of a database, and so do those who have a role at one of them. */
static const server_conf_t *next_console(const server_conf_t *conf, const server_rec **s)
{
    for (; *s; *s = (*s)->next) {
        const server_conf_t *theirs = config_server(*s);

        if (theirs == conf || (theirs->issuer && db_is_same(theirs, conf))) {
            *s = (*s)->next;
            return theirs;
        }
    }
    return NULL;
}

int role_is_named(request_rec *r, const char *username)
{
    const server_rec *s = ap_server_conf;
    const char *folded = name_fold(r->pool, username);

    for (const server_conf_t *conf; (conf = next_console(config_server(r->server), &s));) {
        if (names(r->pool, conf->admins, folded) || names(r->pool, conf->help_desk, folded)) {
            return 1;
        }
    }
    return 0;
}

int role_has_expression(request_rec *r)
{
    const server_rec *s = ap_server_conf;

    for (const server_conf_t *conf; (conf = next_console(config_server(r->server), &s));) {
        if ((conf->admins && conf->admins->expr) || (conf->help_desk && conf->help_desk->expr)) {
            return 1;
        }
    }
    return 0;
}
