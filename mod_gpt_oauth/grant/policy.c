#include "grant/policy.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/uri.h"

const scope_def_t *policy_scope(const policy_t *policy, const char *name)
{
    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (strcmp(def->name, name) == 0) {
            return def;
        }
    }
    return NULL;
}

static int in_list(const apr_array_header_t *list, const char *text)
{
    for (int i = 0; i < list->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(list, i, const char *), text) == 0) {
            return 1;
        }
    }
    return 0;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *policy_resources(apr_pool_t *p, const policy_t *policy, const apr_array_header_t *values)
{
    apr_array_header_t *set = apr_array_make(p, 2, sizeof(const char *));

    for (int i = 0; values && i < values->nelts; i++) {
        const char *resource = uri_normalise_resource(p, APR_ARRAY_IDX(values, i, const char *));

        if (!resource || !in_list(policy->resources, resource)) {
            return NULL;
        }
        if (!in_list(set, resource)) {
            APR_ARRAY_PUSH(set, const char *) = resource;
        }
    }
    if (set->nelts > 1) {
        qsort(set->elts, (size_t)set->nelts, sizeof(const char *), compare_text);
    }
    return apr_array_pstrcat(p, set, ' ');
}

int resource_contains(const char *set, const char *resource)
{
    apr_size_t size = strlen(resource);

    for (const char *at = set; *at; at += strspn(at, " ")) {
        apr_size_t length = strcspn(at, " ");

        if (length == size && memcmp(at, resource, size) == 0) {
            return 1;
        }
        at += length;
    }
    return 0;
}

int resource_subset(apr_pool_t *p, const char *inner, const char *outer)
{
    char *rest, *resource;

    for (resource = apr_strtok(apr_pstrdup(p, inner), " ", &rest); resource; resource = apr_strtok(NULL, " ", &rest)) {
        if (!resource_contains(outer, resource)) {
            return 0;
        }
    }
    return 1;
}
