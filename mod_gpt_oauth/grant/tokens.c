/*
 * What the grants of the token endpoint share. Called by redeem.c, refresh.c and service_account.c.
 */
#include "grant/tokens.h"

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

apr_int64_t tokens_expiry(const store_t *store, const policy_t *policy, apr_int64_t grant_end)
{
    apr_int64_t end = store->now + policy->access_lifetime;

    return end < grant_end ? end : grant_end;
}
