/*
 * Scopes (base/scope): sets are normalised, and the algebra of sets holds for them. The input is two lines, one for each set.
 */
#include "fuzz.h"
#include "base/scope.h"

#include <apr_strings.h>

#include <string.h>

static void look_at_set(apr_pool_t *p, const char *set, apr_size_t size)
{
    char *rest, *token, *last = NULL;
    int count = 0;

    HOLDS(strlen(set) <= size);
    for (token = apr_strtok(apr_pstrdup(p, set), " ", &rest); token; token = apr_strtok(NULL, " ", &rest), count++) {
        HOLDS(scope_token_valid(token) && scope_contains(set, token));
        HOLDS(!last || strcmp(last, token) < 0);
        last = token;
    }
    HOLDS(count <= SCOPE_COUNT_MAX && !strstr(set, "  "));
    HOLDS(strcmp(scope_normalise(p, set), set) == 0);
    HOLDS(scope_subset(set, set) && scope_subset("", set));
    HOLDS(!*scope_without(p, set, set) && !strcmp(scope_without(p, set, ""), set));
    HOLDS(!strcmp(scope_intersect(p, set, set), set) && !strcmp(scope_union(p, set, set), set));
}

static void look_at_two(apr_pool_t *p, const char *a, const char *b)
{
    const char *both = scope_intersect(p, a, b), *all = scope_union(p, a, b), *rest = scope_without(p, a, b);

    HOLDS(!strcmp(both, scope_intersect(p, b, a)) && !strcmp(all, scope_union(p, b, a)));
    HOLDS(scope_subset(both, a) && scope_subset(both, b) && scope_subset(a, all) && scope_subset(b, all));
    HOLDS(!strcmp(scope_union(p, both, rest), a) && !*scope_intersect(p, rest, b));
    HOLDS(scope_subset(a, b) == !*rest && scope_subset(a, b) == !strcmp(all, b));
}

void fuzz_scope(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *line = memchr(data, '\n', size);
    apr_size_t first = line ? (apr_size_t)(line - data) : size;
    const char *a = scope_normalise(p, apr_pstrmemdup(p, data, first));
    const char *b = line ? scope_normalise(p, apr_pstrmemdup(p, line + 1, size - first - 1)) : "";

    if (a) {
        look_at_set(p, a, first);
    }
    if (a && b) {
        look_at_two(p, a, b);
    }
}
