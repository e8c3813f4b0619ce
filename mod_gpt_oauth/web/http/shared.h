/*
 * Memory that all children share, and the key by which a place in it is found: nobody outside knows it, and so nobody can look
 * for a place that is also a victim's.
 */
#ifndef GPT_OAUTH_WEB_SHARED_H
#define GPT_OAUTH_WEB_SHARED_H

#include <apr_pools.h>

#include "base/crypto.h"

/* A word that several children change at once. */
typedef _Atomic(apr_uint64_t) mark_t;

/*
 * In the parent, before the children begin: size bytes of 0 in *memory and a random key, or what the system says in place of
 * memory. It lasts as long as pconf.
 */
apr_status_t shared_create(apr_pool_t *pconf, apr_size_t size, void **memory, digest_t *key);

#endif
