/*
 * What the grants of the token endpoint share. Called by redeem.c, refresh.c and service_account.c.
 */
#include "grant/tokens.h"

#include "base/scope.h"

const failure_t *invalid_grant(apr_pool_t *p, const char *description, const char *reason)
{
    return failure_make(p, OAUTH_INVALID_GRANT, description, "%s", reason);
}

const failure_t *tokens_narrow_resource(apr_pool_t *p, const policy_t *policy, const char *granted,
                                        const apr_array_header_t *asked, const char **resource)
{
    const char *set;

    *resource = granted;
    if (!asked || asked->nelts == 0) {
        return NULL;
    }
    set = policy_resources(p, policy, asked);
    /* Clients that name the resource at the token endpoint alone get the bound token they ask for: it can do less. */
    if (!set || (*granted && !resource_subset(p, set, granted))) {
        return failure_make(p, OAUTH_INVALID_TARGET,
                            "The parameter resource names something that was not granted or is not protected here.", NULL);
    }
    *resource = set;
    return NULL;
}

int tokens_as_granted(store_t *store, const policy_t *policy, const char *scope, const apr_array_header_t *resources,
                      access_token_t *access)
{
    int has_resource = resources && resources->nelts > 0;

    access->scope = scope_normalise(store->pool, scope ? scope : "");
    access->resource = has_resource ? policy_resources(store->pool, policy, resources) : NULL;
    access->expires_at = store->now + policy->access_lifetime;
    if (!access->scope || (has_resource && !access->resource)) {
        return 0;
    }
    if (!*access->scope) {
        access->scope = NULL;
    }
    return 1;
}

void tokens_issued(const store_t *store, const issued_t *issued, tokens_t *tokens)
{
    tokens->expires_in = issued->expires_at - store->now;
    tokens->scope = issued->scope;
    tokens->username = issued->username;
    tokens->grant_id = issued->grant_id;
}

apr_int64_t tokens_expiry(const store_t *store, const policy_t *policy, apr_int64_t grant_end)
{
    apr_int64_t end = store->now + policy->access_lifetime;

    return end < grant_end ? end : grant_end;
}
