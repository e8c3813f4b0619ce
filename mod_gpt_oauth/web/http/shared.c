/*
 * Makes the memory that httpd's processes share, before there is more than one. Called by hashing.c, throttle.c and turns.c, each
 * for its own.
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
