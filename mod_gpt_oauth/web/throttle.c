#include "web/throttle.h"

#include <apr_shm.h>
#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#include "base/crypto.h"
#include "web/request.h"

#define SLOTS  65536
#define WINDOW 300 /* seconds */

/* A slot: the number of the window in the upper half, how many in the lower. A new window begins at zero. */
static _Atomic(apr_uint32_t) *slots;

static const unsigned limits[] = {
    [THROTTLE_CLIENT] = 100, [THROTTLE_GRANT] = 300, [THROTTLE_PASSWORD] = 10, [THROTTLE_ADDRESS] = 100
};

apr_status_t throttle_create(apr_pool_t *pconf)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, SLOTS * sizeof(*slots), NULL, pconf);

    if (rv == APR_SUCCESS) {
        slots = apr_shm_baseaddr_get(shm);
        for (int i = 0; i < SLOTS; i++) {
            atomic_init(&slots[i], 0);
        }
    }
    return rv;
}

static _Atomic(apr_uint32_t) *slot_of(const request_rec *r, throttle_t kind, const char *who)
{
    const char *key =
        apr_psprintf(r->pool, "%d %s %s", (int)kind, request_address(r), kind == THROTTLE_ADDRESS || !who ? "" : who);
    digest_t hash;

    crypto_sha256(key, strlen(key), &hash);
    return &slots[(hash.byte[0] << 8 | hash.byte[1]) % SLOTS];
}

static int over_limit(throttle_t kind, unsigned count, apr_int64_t now)
{
    return count > limits[kind] ? (int)(WINDOW - now % WINDOW) : 0;
}

int throttle_count(const request_rec *r, throttle_t kind, const char *who)
{
    _Atomic(apr_uint32_t) *slot = slot_of(r, kind, who);
    apr_int64_t now = apr_time_sec(apr_time_now());
    apr_uint32_t window = (apr_uint32_t)(now / WINDOW) & 0xffff;
    apr_uint32_t seen = atomic_load(slot), count;

    do {
        count = seen >> 16 == window ? seen & 0xffff : 0;
        count += count < 0xffff;
    } while (!atomic_compare_exchange_weak(slot, &seen, window << 16 | count));
    return over_limit(kind, count, now);
}

int throttle_wait(const request_rec *r, throttle_t kind, const char *who)
{
    apr_int64_t now = apr_time_sec(apr_time_now());
    apr_uint32_t seen = atomic_load(slot_of(r, kind, who));

    return seen >> 16 == ((apr_uint32_t)(now / WINDOW) & 0xffff) ? over_limit(kind, (seen & 0xffff) + 1, now) : 0;
}
