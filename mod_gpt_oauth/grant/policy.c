/*
 * Works out once which scopes there are and what each includes, and judges the values of resource (RFC 8707 section 2) by what is
 * protected here. Called after the configuration was merged, and then for each request.
 */
#include "grant/policy.h"

#include <apr_strings.h>
#include <string.h>

#include "base/array.h"
#include "base/scope.h"
#include "base/uri.h"

static scope_def_t *find_scope(const policy_t *policy, const char *name)
{
    for (int i = 0; i < policy->scopes->nelts; i++) {
        scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (strcmp(def->name, name) == 0) {
            return def;
        }
    }
    return NULL;
}

const scope_def_t *policy_scope(const policy_t *policy, const char *name)
{
    return find_scope(policy, name);
}

static const char *cover(apr_pool_t *p, const policy_t *policy, scope_def_t *def);

/* One scope after the other that def includes, each with what it covers itself. */
static const char *cover_included(apr_pool_t *p, const policy_t *policy, scope_def_t *def)
{
    const char *covers = def->name, *problem;
    char *rest, *name;

    for (name = apr_strtok(apr_pstrdup(p, def->includes), " ", &rest); name; name = apr_strtok(NULL, " ", &rest)) {
        scope_def_t *included = find_scope(policy, name);

        if (!included) {
            return apr_psprintf(p,
                                "GPTOAuthScope %s includes %s, which is not defined; write GPTOAuthScope %s \"what it allows\"",
                                def->name, name, name);
        }
        problem = cover(p, policy, included);
        if (problem) {
            return problem;
        }
        covers = scope_union(p, covers, included->covers);
    }
    def->covers = covers;
    return NULL;
}

static const char *cover(apr_pool_t *p, const policy_t *policy, scope_def_t *def)
{
    if (!def->covers) {
        def->covers = ""; /* on the way */
        return cover_included(p, policy, def);
    }
    return *def->covers
               ? NULL
               : apr_psprintf(p,
                              "GPTOAuthScope %s includes itself, directly or through others; remove one includes from the circle",
                              def->name);
}

const char *policy_finish_scopes(apr_pool_t *p, policy_t *policy)
{
    const char *problem = NULL;

    policy->known_scopes = SCOPE_OFFLINE;
    policy->default_scopes = policy->required_scopes = "";
    /* Virtual hosts may share the definitions. */
    for (int i = 0; i < policy->scopes->nelts; i++) {
        APR_ARRAY_IDX(policy->scopes, i, scope_def_t).covers = NULL;
    }
    for (int i = 0; i < policy->scopes->nelts && !problem; i++) {
        scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        policy->known_scopes = scope_union(p, policy->known_scopes, def->name);
        if (def->is_default || def->is_required) {
            policy->default_scopes = scope_union(p, policy->default_scopes, def->name);
        }
        if (def->is_required) {
            policy->required_scopes = scope_union(p, policy->required_scopes, def->name);
        }
        problem = cover(p, policy, def);
    }
    return problem;
}

const char *policy_held(apr_pool_t *p, const policy_t *policy, const char *granted)
{
    const char *held = granted;

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (*def->includes && scope_contains(granted, def->name)) {
            held = scope_union(p, held, def->covers);
        }
    }
    return held;
}

/* The names among asked of those scopes for which is_wanted holds. */
static const char *pick(apr_pool_t *p, const policy_t *policy, const char *asked,
                        int (*is_wanted)(const policy_t *, const char *, const scope_def_t *))
{
    const char *picked = "";

    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *def = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (scope_contains(asked, def->name) && is_wanted(policy, asked, def)) {
            picked = scope_union(p, picked, def->name);
        }
    }
    return picked;
}

static int has_line(const policy_t *policy, const char *asked, const scope_def_t *def)
{
    for (int i = 0; i < policy->scopes->nelts; i++) {
        const scope_def_t *other = &APR_ARRAY_IDX(policy->scopes, i, scope_def_t);

        if (other != def && scope_contains(asked, other->name) && scope_contains(other->covers, def->name) &&
            (!other->is_optional || def->is_optional)) {
            return 0;
        }
    }
    return 1;
}

static int is_optional(const policy_t *policy, const char *asked, const scope_def_t *def)
{
    (void)policy;
    (void)asked;
    return def->is_optional;
}

static int is_choice(const policy_t *policy, const char *asked, const scope_def_t *def)
{
    return def->is_optional && has_line(policy, asked, def);
}

const char *policy_lines(apr_pool_t *p, const policy_t *policy, const char *asked)
{
    return pick(p, policy, asked, has_line);
}

const char *policy_choices(apr_pool_t *p, const policy_t *policy, const char *asked)
{
    return pick(p, policy, asked, is_choice);
}

const char *policy_narrow(apr_pool_t *p, const policy_t *policy, const char *asked, const char *chosen)
{
    const char *optional = pick(p, policy, asked, is_optional), *choices = pick(p, policy, asked, is_choice);
    const char *kept = scope_union(p, scope_without(p, asked, optional), scope_intersect(p, choices, chosen));
    const char *with_them = scope_intersect(p, scope_without(p, optional, choices), policy_held(p, policy, kept));

    return scope_union(p, kept, with_them);
}

int policy_fetches_documents(const policy_t *policy, const char *host)
{
    return !policy->document_hosts || array_has(policy->document_hosts, host);
}

/*
 * The resource that value names; NULL: none. Clients send the URL that somebody typed: a query in it tells the application
 * something, and not which resource is meant, as none has one.
 */
static const char *known_resource(apr_pool_t *p, const policy_t *policy, const char *value)
{
    const char *resource = uri_normalise_resource(p, value), *query = resource ? strchr(resource, '?') : NULL;

    if (query) {
        resource = uri_normalise_resource(p, apr_pstrmemdup(p, resource, (apr_size_t)(query - resource)));
    }
    return resource && array_has(policy->resources, resource) ? resource : NULL;
}

const char *policy_resources(apr_pool_t *p, const policy_t *policy, const apr_array_header_t *values)
{
    apr_array_header_t *set = apr_array_make(p, 2, sizeof(const char *));

    for (int i = 0; values && i < values->nelts; i++) {
        const char *resource = known_resource(p, policy, APR_ARRAY_IDX(values, i, const char *));

        if (!resource) {
            return NULL;
        }
        if (!array_has(set, resource)) {
            APR_ARRAY_PUSH(set, const char *) = resource;
        }
    }
    array_sort(set);
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
