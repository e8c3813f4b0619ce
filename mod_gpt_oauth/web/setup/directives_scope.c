/*
 * The setters of GPTOAuthScope, with all that stands behind its description, and of GPTOAuthScopeText. Whether the scopes fit
 * together is found out when all are known (grant/policy.c).
 */
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/scope.h"
#include "base/text.h"
#include "web/setup/directives.h"

/* The member of def that a word sets; NULL: none. */
static int *flag_of(scope_def_t *def, const char *word)
{
    return strcasecmp(word, "default") == 0    ? &def->is_default
           : strcasecmp(word, "required") == 0 ? &def->is_required
           : strcasecmp(word, "changes") == 0  ? &def->is_changes
           : strcasecmp(word, "optional") == 0 ? &def->is_optional
                                               : NULL;
}

/* What may come after the description: words in any order, and at the end includes with the names of other scopes. */
static const char *read_options(apr_pool_t *p, scope_def_t *def, int argc, char *const argv[])
{
    int i = 0;

    for (; i < argc && strcasecmp(argv[i], "includes") != 0; i++) {
        int *flag = flag_of(def, argv[i]);

        if (!flag) {
            return apr_psprintf(p,
                                "GPTOAuthScope %s: \"%s\" is not understood; after the description (in quotes) may come the "
                                "words default, required, changes and optional, and then includes with the names of other scopes",
                                def->name, argv[i]);
        }
        *flag = 1;
    }
    if (def->is_required && def->is_optional) {
        return apr_psprintf(p,
                            "GPTOAuthScope %s: required and optional contradict each other; keep required if nobody is to have "
                            "a token without this scope, and optional if the user may leave it out",
                            def->name);
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

/* NULL when text can be shown to the user; else what is wrong with it, behind the directive and its first value. */
static const char *words_problem(apr_pool_t *p, const char *directive, const char *name, const char *what, const char *text)
{
    if (!text[strspn(text, " \t")]) {
        return apr_psprintf(p, "%s %s: the %s is empty; say in a few words what the user allows", directive, name, what);
    }
    if (!utf8_valid(text, strlen(text))) {
        return apr_psprintf(p, "%s %s: the %s is not UTF-8; save this file in that encoding", directive, name, what);
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
    def.name = argv[0];
    def.description = argv[1];
    if ((problem = words_problem(cmd->pool, "GPTOAuthScope", def.name, "description", def.description)) ||
        (problem = read_options(cmd->pool, &def, argc - 2, argv + 2))) {
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

/* As much of RFC 5646 as Accept-Language can name (RFC 9110 section 12.5.4): letters, and subtags of letters and digits. */
static int is_language_tag(const char *tag)
{
    apr_size_t size = 0;

    while (apr_isalpha(tag[size])) {
        size++;
    }
    if (size < 2 || size > 8) {
        return 0;
    }
    while (tag[size] == '-') {
        apr_size_t begin = ++size;

        while (apr_isalnum(tag[size])) {
            size++;
        }
        if (size == begin || size - begin > 8) {
            return 0;
        }
    }
    return !tag[size];
}

const char *add_scope_text(cmd_parms *cmd, void *dir, const char *name, const char *language, const char *words)
{
    const policy_t *policy = config_server(cmd->server)->policy;
    scope_def_t *def = NULL;
    const char *problem;

    (void)dir;
    for (int i = 0; policy->scopes && i < policy->scopes->nelts && !def; i++) {
        scope_def_t *other = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        def = strcmp(other->name, name) == 0 ? other : NULL;
    }
    if (!def) {
        return apr_psprintf(cmd->pool,
                            "GPTOAuthScopeText %s: this scope is not defined yet; write the line below its GPTOAuthScope, in the "
                            "same virtual host",
                            name);
    }
    if (!is_language_tag(language)) {
        return apr_psprintf(cmd->pool,
                            "GPTOAuthScopeText %s: \"%s\" is no language tag; after the scope comes one such as de or pt-BR, and "
                            "then the words in quotes",
                            name, language);
    }
    if ((problem = words_problem(cmd->pool, "GPTOAuthScopeText", name, "text", words))) {
        return problem;
    }
    if (!def->texts) {
        def->texts = apr_table_make(cmd->pool, 3);
    }
    if (apr_table_get(def->texts, language)) {
        return apr_psprintf(cmd->pool, "GPTOAuthScopeText %s: there is a text in %s already; keep one of the two lines", name,
                            language);
    }
    apr_table_setn(def->texts, language, words);
    return NULL;
}
