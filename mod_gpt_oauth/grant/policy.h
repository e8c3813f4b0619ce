/*
 * What the admin decided for one issuer. web/config fills it once, after the merge of the configuration; read-only from then on.
 */
#ifndef GPT_OAUTH_GRANT_POLICY_H
#define GPT_OAUTH_GRANT_POLICY_H

#include <apr_pools.h>
#include <apr_tables.h>

typedef struct scope_def_t {
    const char *name;
    const char *description; /* shown to the user, plain text */
    int is_default;          /* part of what a request without scope asks for */
    int is_required;         /* part of everything that is granted; a default one too */
    int is_changes;          /* it changes something, where others only read */
    int is_optional;         /* the user may leave it out; never one that is required */
    apr_table_t *texts;      /* description in other languages, by RFC 5646 tag in any case; NULL: none */
    const char *includes;    /* the scopes that it includes by its own words; normalised */
    const char *covers;      /* itself and all that it includes, directly or by way of others; made by policy_finish_scopes */
} scope_def_t;

/* Which clients may have the URL of a metadata document as id: none, those that are built in, any. */
typedef enum { DOCUMENTS_UNSET = -1, CLIENT_DOCUMENTS_OFF, CLIENT_DOCUMENTS_PINNED, CLIENT_DOCUMENTS_FETCH } client_documents_t;

/* Lifetimes are seconds. */
typedef struct policy_t {
    apr_array_header_t *scopes; /* scope_def_t, in the order of the configuration */
    apr_int64_t code_lifetime;
    apr_int64_t access_lifetime;
    apr_int64_t refresh_idle;  /* a refresh token unused for so long is dead */
    apr_int64_t refresh_total; /* a grant lives so long in all */
    apr_int64_t refresh_grace; /* 0: none */
    apr_int64_t session_lifetime;
    client_documents_t documents;
    apr_array_header_t *document_hosts; /* const char *: with CLIENT_DOCUMENTS_FETCH, from where alone; NULL: from anywhere */

    /* Derived of these and of the rest of the configuration. */
    const char *issuer;
    const char *known_scopes;      /* normalised; offline_access included */
    const char *default_scopes;    /* normalised */
    const char *required_scopes;   /* normalised */
    apr_array_header_t *resources; /* const char *, normalised: what `resource` may name (RFC 8707) */
} policy_t;

/*
 * Derives the sets of policy from policy->scopes, and what each scope covers. NULL, or a sentence about an unknown name behind
 * includes, or a circle of them.
 */
const char *policy_finish_scopes(apr_pool_t *p, policy_t *policy);

/* All that a granted set is good for: with what its scopes include. */
const char *policy_held(apr_pool_t *p, const policy_t *policy, const char *granted);

/*
 * Those of asked that the user is told of on lines of their own. What another one of them includes stands below that one; unless
 * the user may leave out that one and not this.
 */
const char *policy_lines(apr_pool_t *p, const policy_t *policy, const char *asked);

/* Those of them that he may leave out. */
const char *policy_choices(apr_pool_t *p, const policy_t *policy, const char *asked);

/*
 * What remains of asked where the user has chosen of these choices only those that are in chosen, whatever else that names: all
 * that is not optional, his choices, and what is optional and comes with one of these.
 */
const char *policy_narrow(apr_pool_t *p, const policy_t *policy, const char *asked, const char *chosen);

/* The definition of a scope, or NULL. */
const scope_def_t *policy_scope(const policy_t *policy, const char *name);

/* 1 when documents may be fetched from this host (and port, where it has one). */
int policy_fetches_documents(const policy_t *policy, const char *host);

/*
 * Checks the values of `resource` (const char *) against the policy and returns them as a set: sorted, one space apart, "" for
 * none. NULL when one is unknown or no resource URI at all: invalid_target.
 */
const char *policy_resources(apr_pool_t *p, const policy_t *policy, const apr_array_header_t *values);

/* Sets of resources are not sets of scopes: a comma is part of a URI. */
int resource_contains(const char *set, const char *resource);
int resource_subset(apr_pool_t *p, const char *inner, const char *outer);

#endif
