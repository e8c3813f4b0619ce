/*
 * What an administrator does with service keys. Returns and *problem as in admin/clients.h.
 */
#ifndef GPT_OAUTH_ADMIN_KEYS_H
#define GPT_OAUTH_ADMIN_KEYS_H

#include "store/store.h"

/* As it was typed; NULL is what was not given. */
typedef struct new_key_t {
    const char *name;
    const char *issuer; /* NULL: every issuer of the database */
    const char *scope;
    int may_introspect, may_register;
    const char *expires; /* 90d, or the last day, 2030-12-31; NULL: never */
} new_key_t;

/* *key is set before the store is asked, for the audit log; not where a rule refuses. *text: the key, shown once. */
store_status_t admin_key_add(store_t *store, const new_key_t *wanted, service_key_t **key, const char **text,
                             const char **problem);
/* Of store->issuer and of all issuers, or of any where that is NULL. *key: the one that was revoked. */
store_status_t admin_key_revoke(store_t *store, const char *name, service_key_t **key, const char **problem);

/*
 * 1 when the key ends within KEY_ENDS_SOON, or half of its life if that is less, or has ended: doctor and the console warn.
 * Whoever has to hand out another one may be on holiday.
 */
#define KEY_ENDS_SOON (14 * 86400)
int admin_key_ends_soon(const service_key_t *key, apr_int64_t now);

#endif
