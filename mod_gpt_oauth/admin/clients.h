/*
 * What an administrator does with clients, for the command and the console alike. Each judges, changes the store and returns
 * STORE_OK; STORE_REFUSED and *problem, a sentence for him without a hint at another command; or STORE_DOWN, and store->problem
 * says why. What is returned lives in store->pool. Any thread with a store of its own.
 */
#ifndef GPT_OAUTH_ADMIN_CLIENTS_H
#define GPT_OAUTH_ADMIN_CLIENTS_H

#include "store/store.h"

typedef enum {
    CLIENT_KIND_CONFIDENTIAL,
    CLIENT_KIND_PUBLIC,
    CLIENT_KIND_GPT,
    CLIENT_KIND_SERVICE,
    CLIENT_KIND_RESOURCE_SERVER
} client_kind_t;

/* What is wanted, as it was typed: NULL is what was not given. */
typedef struct new_client_t {
    const char *name;
    client_kind_t kind;
    const apr_array_header_t *redirect_uris; /* const char *; may be empty */
    const char *scope;
    const char *resource; /* of a resource server alone */
    const char *links[CLIENT_LINKS];
} new_client_t;

/*
 * *client is set before the store is asked, for the audit log; not where a rule refuses. *secret: shown once; NULL for a public
 * client.
 */
store_status_t admin_client_add(store_t *store, const new_client_t *wanted, client_t **client, const char **secret,
                                const char **problem);

/* These change *client as they change the row. The old secret goes on for a day, or until the new one is used. */
store_status_t admin_client_new_secret(store_t *store, client_t *client, const char **secret, const char **problem);
store_status_t admin_client_set_redirects(store_t *store, client_t *client, apr_array_header_t *uris, const char **problem);
/* NULL, or a sentence: only a client for a GPT is pinned to one, and has fields in the GPT builder. */
const char *admin_client_gpt_problem(apr_pool_t *p, const client_t *client);
store_status_t admin_client_repin(store_t *store, client_t *client, const char **problem);
store_status_t admin_client_set_links(store_t *store, client_t *client, const char *const links[CLIENT_LINKS],
                                      const char **problem);
store_status_t admin_client_set_disabled(store_t *store, client_t *client, int is_disabled, const char **problem);
store_status_t admin_client_remove(store_t *store, client_t *client, const char **problem);

#endif
