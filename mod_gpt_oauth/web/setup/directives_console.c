/*
 * Setters of who may use the console: GPTOAuthAdmin and GPTOAuthHelpDesk.
 */
#include <ap_expr.h>
#include <apr_strings.h>

#include "grant/user.h"
#include "private.h"
#include "web/setup/directives.h"

/* The words in an expression by which it would ask what the caller says of himself; NULL: there are none. */
static const char *said_by_caller(apr_pool_t *p, const char *text)
{
    static const char *const words[] = { "HTTP:",       "HTTP_",       "HTTP(",       "%{REQ:",       "REQ(",
                                         "REQ_NOVARY",  "REQUEST_",    "CONTENT_",    "DOCUMENT_URI", "SCRIPT_FILENAME",
                                         "SCRIPT_UR",   "SCRIPT_NAME", "REMOTE_HOST", "REMOTE_IDENT", "QUERY_STRING",
                                         "THE_REQUEST", "PATH_INFO",   "SERVER_NAME", "SERVER_PORT",  "SERVER_PROTOCOL",
                                         NULL };
    char *upper = apr_pstrdup(p, text);

    apr_collapse_spaces(upper, upper);
    ap_str_toupper(upper);
    for (const char *const *word = words; *word; word++) {
        if (strstr(upper, *word)) {
            return *word;
        }
    }
    return NULL;
}

static const char *read_expression(cmd_parms *cmd, role_rule_t *rule, const char *text)
{
    const char *problem = NULL, *word = said_by_caller(cmd->pool, text);

    if (word) {
        return apr_psprintf(cmd->pool,
                            "%s: the expression asks for %s, which whoever sends a request may make up; ask for what httpd's "
                            "sign-in found out, as %%{reqenv:…}",
                            cmd->cmd->name, word);
    }
    rule->text = text;
    rule->expr = ap_expr_parse_cmd(cmd, text, AP_EXPR_FLAG_DONT_VARY, &problem, NULL);
    return problem ? apr_psprintf(cmd->pool, "%s: the expression cannot be read: %s", cmd->cmd->name, problem) : NULL;
}

const char *add_role(cmd_parms *cmd, void *dir, const char *text)
{
    role_rule_t **place = (role_rule_t **)(void *)((char *)config_server(cmd->server) + (apr_size_t)cmd->info);
    role_rule_t *rule = *place ? *place : apr_pcalloc(cmd->pool, sizeof(*rule));
    const char *problem;

    (void)dir;
    *place = rule;
    if (strncmp(text, "expr=", 5) == 0) {
        if (rule->expr) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": there can be one expression; join two of them with ||", NULL);
        }
        return read_expression(cmd, rule, text + 5);
    }
    problem = user_sign_in_problem(cmd->pool, text);
    if (problem) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no user's name: %s", cmd->cmd->name, text, problem);
    }
    if (!rule->names) {
        rule->names = apr_array_make(cmd->pool, 4, sizeof(const char *));
    }
    APR_ARRAY_PUSH(rule->names, const char *) = text;
    return NULL;
}
