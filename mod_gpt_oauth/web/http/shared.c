/*
 * Shared memory as throttle.c, hashing.c and turns.c each have a piece of, made once before httpd starts its children.
 */
#include "web/http/shared.h"

#include <apr_shm.h>
#include <string.h>

apr_status_t shared_create(apr_pool_t *pconf, apr_size_t size, void **memory, digest_t *key)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, size, NULL, pconf);

    if (rv == APR_SUCCESS) {
        *memory = apr_shm_baseaddr_get(shm);
        memset(*memory, 0, size);
        crypto_random(key->byte, sizeof(key->byte));
    }
    return rv;
}
