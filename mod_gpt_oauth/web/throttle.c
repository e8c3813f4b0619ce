#include "web/throttle.h"

#include <apr_shm.h>
#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#include "base/crypto.h"
#include "web/request.h"

#define SLOTS  16384 /* for each kind */
#define WINDOW 300   /* seconds */

/* A slot: 32 bits of whose it is, 16 of which window of time, 16 of how many. Who comes upon another's slot takes it over. */
typedef _Atomic(apr_uint64_t) slot_t;

static slot_t *slots;
static digest_t key;

static const unsigned limits[THROTTLE_KINDS] = {
    [THROTTLE_CLIENT] = 100, [THROTTLE_GRANT] = 300, [THROTTLE_PASSWORD] = 10,      [THROTTLE_ADDRESS] = 100,
    [THROTTLE_KEY] = 100,    [THROTTLE_USER] = 100,  [THROTTLE_REGISTRATION] = 300, [THROTTLE_DOCUMENT] = 60
};

apr_status_t throttle_create(apr_pool_t *pconf)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, THROTTLE_KINDS * SLOTS * sizeof(*slots), NULL, pconf);

    if (rv == APR_SUCCESS) {
        slots = apr_shm_baseaddr_get(shm);
        for (int i = 0; i < THROTTLE_KINDS * SLOTS; i++) {
            atomic_init(&slots[i], 0);
        }
        crypto_random(key.byte, sizeof(key.byte));
    }
    return rv;
}

/* The slot, and in *owner what stands in its upper half now while it is this party's. */
static slot_t *find(const request_rec *r, throttle_t kind, const char *who, apr_int64_t now, apr_uint64_t *owner)
{
    char *text = apr_psprintf(r->pool, "%d %s %s", (int)kind, kind == THROTTLE_USER ? "" : request_network(r),
                              kind == THROTTLE_ADDRESS || !who ? "" : who);
    apr_uint32_t bits[2];
    digest_t hash;

    ap_str_tolower(text); /* where a provider folds case, spellings are no other users */
    crypto_hmac(key.byte, sizeof(key.byte), text, strlen(text), &hash);
    memcpy(bits, hash.byte, sizeof(bits));
    *owner = (apr_uint64_t)bits[0] << 16 | ((apr_uint64_t)(now / WINDOW) & 0xffff);
    return &slots[(apr_uint32_t)kind * SLOTS + bits[1] % SLOTS];
}

int throttle_count(const request_rec *r, throttle_t kind, const char *who)
{
    apr_int64_t now = apr_time_sec(apr_time_now());
    apr_uint64_t owner, seen, count;
    slot_t *slot = find(r, kind, who, now, &owner);

    seen = atomic_load(slot);
    do {
        count = seen >> 16 == owner ? seen & 0xffff : 0;
        count += count < 0xffff;
    } while (!atomic_compare_exchange_weak(slot, &seen, owner << 16 | count));
    return count > limits[kind] ? (int)(WINDOW - now % WINDOW) : 0;
}

void throttle_forgive(const request_rec *r, throttle_t kind, const char *who)
{
    apr_uint64_t owner, seen;
    slot_t *slot = find(r, kind, who, apr_time_sec(apr_time_now()), &owner);

    seen = atomic_load(slot);
    while (seen >> 16 == owner && (seen & 0xffff) && !atomic_compare_exchange_weak(slot, &seen, seen - 1)) {}
}
