/*
 * The setter of GPTOAuthScope, with all that stands behind its description. Whether the scopes fit together is found out when
 * all are known (grant/policy.c).
 */
#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "web/setup/directives.h"

/* What may come after the description: default, required, and at the end includes with the names of other scopes. */
static const char *read_options(apr_pool_t *p, scope_def_t *def, int argc, char *const argv[])
{
    int i = 0;

    for (; i < argc && strcasecmp(argv[i], "includes") != 0; i++) {
        if (strcasecmp(argv[i], "default") == 0) {
            def->is_default = 1;
        } else if (strcasecmp(argv[i], "required") == 0) {
            def->is_required = 1;
        } else {
            return apr_psprintf(p,
                                "GPTOAuthScope %s: \"%s\" is not understood; after the description (in quotes) may come the "
                                "words default and required, and then includes with the names of other scopes",
                                def->name, argv[i]);
        }
    }
    if (i == argc - 1) {
        return apr_psprintf(p, "GPTOAuthScope %s: includes what? Write the names of other scopes after the word", def->name);
    }
    for (i++; i < argc; i++) {
        if (!scope_token_valid(argv[i]) || strcmp(argv[i], SCOPE_OFFLINE) == 0) {
            return apr_psprintf(p, "GPTOAuthScope %s: \"%s\" is not a scope that can be included; separate several with spaces",
                                def->name, argv[i]);
        }
        def->includes = scope_union(p, def->includes, argv[i]);
    }
    return NULL;
}

const char *add_scope(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    policy_t *policy = config_server(cmd->server)->policy;
    scope_def_t def = { .includes = "" };
    const char *problem;

    (void)dir;
    if (argc < 2) {
        return "GPTOAuthScope needs a name and a description for the user: "
               "GPTOAuthScope notes.read \"Read your notes\" [default]";
    }
    if (!scope_token_valid(argv[0])) {
        return apr_psprintf(
            cmd->pool, "GPTOAuthScope %s: a scope's name is printable ASCII without space, comma, quote and backslash", argv[0]);
    }
    if (strcmp(argv[0], SCOPE_OFFLINE) == 0) {
        return "GPTOAuthScope offline_access: this scope is known without being defined";
    }
    if (!argv[1][strspn(argv[1], " \t")]) {
        return apr_psprintf(cmd->pool, "GPTOAuthScope %s: the description is empty; say in a few words what the user allows",
                            argv[0]);
    }
    if (!utf8_valid(argv[1], strlen(argv[1]))) {
        return apr_psprintf(cmd->pool, "GPTOAuthScope %s: the description is not UTF-8; save this file in that encoding",
                            argv[0]);
    }
    def.name = argv[0];
    def.description = argv[1];
    problem = read_options(cmd->pool, &def, argc - 2, argv + 2);
    if (problem) {
        return problem;
    }
    if (!policy->scopes) {
        policy->scopes = apr_array_make(cmd->pool, 4, sizeof(scope_def_t));
    }
    for (int i = 0; i < policy->scopes->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(policy->scopes, i, scope_def_t).name, def.name) == 0) {
            return apr_psprintf(cmd->pool, "GPTOAuthScope %s is defined twice; keep one of the two lines", def.name);
        }
    }
    APR_ARRAY_PUSH(policy->scopes, scope_def_t) = def;
    return NULL;
}
