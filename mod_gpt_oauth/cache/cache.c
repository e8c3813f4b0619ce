/*
 * The memory, the counters and what makes an answer count; the header has the argument. Called by the records of cache/, by
 * grant/ for its own revocations, by the listener for those of others, and by web/http/db.c.
 */
#include "cache/cache.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "base/clock.h"

#define COUNTERS   65536
#define LINE       64
#define DEAD_SHARE 8 /* of the slots, one in so many besides */

typedef struct shared_t {
    _Alignas(LINE) word_t kills, epoch;          /* written at a kill */
    _Alignas(LINE) word_t trusted_until, server; /* written some times a second */
    _Alignas(LINE) _Atomic(apr_uint32_t) counters[COUNTERS];
} shared_t;

struct cache_t {
    shared_t *shared;
    slots_t living, dead;
    apr_uint64_t seed; /* nobody outside knows which ids share a counter */
    apr_int64_t ttl;
    apr_uint64_t issuer;
};

/* An answer in a slot: five words, then the record. */
typedef struct stamp_t {
    apr_uint64_t until; /* cache_clock */
    apr_uint32_t epoch; /* of 32 bits, like the counters: four billion kills within one ttl there are not */
    apr_uint16_t form, size;
    apr_uint16_t counter[4];
    apr_uint32_t value[4];
} stamp_t;

#define STAMP_WORDS (sizeof(stamp_t) / sizeof(apr_uint64_t))

_Static_assert(sizeof(stamp_t) == 5 * sizeof(apr_uint64_t), "a stamp is five words");

apr_int64_t cache_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static apr_size_t aligned(apr_size_t size)
{
    return (size + LINE - 1) / LINE * LINE;
}

apr_status_t cache_create(cache_t **out, apr_pool_t *pconf, apr_uint32_t slots, apr_int64_t ttl)
{
    apr_uint32_t living = slots + slots / 4, dead = slots / DEAD_SHARE;
    cache_t *cache = apr_pcalloc(pconf, sizeof(*cache));
    apr_size_t header = aligned(sizeof(shared_t)), middle = aligned(slots_size(living));
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, LINE + header + middle + slots_size(dead), NULL, pconf);
    char *memory;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* The system gives it full of zeros, and page by page as it is used. */
    memory = (char *)aligned((apr_size_t)apr_shm_baseaddr_get(shm));
    cache->shared = (shared_t *)(void *)memory;
    cache->living = slots_in(memory + header, living);
    cache->dead = slots_in(memory + header + middle, dead);
    cache->ttl = ttl;
    crypto_random(&cache->seed, sizeof(cache->seed));
    *out = cache;
    return APR_SUCCESS;
}

cache_t *cache_at(const cache_t *cache, apr_pool_t *p, const char *issuer)
{
    cache_t *view = apr_pmemdup(p, cache, sizeof(*cache));
    digest_t hash;

    crypto_sha256(issuer, strlen(issuer), &hash);
    memcpy(&view->issuer, hash.byte, sizeof(view->issuer));
    return view;
}

/* FNV-1a from a secret beginning: spreads, and hides nothing but which ids meet. */
static apr_uint16_t counter_of(const cache_t *cache, kill_t kind, const void *id, apr_size_t size)
{
    apr_uint64_t hash = cache->seed ^ (apr_uint64_t)kind;
    const unsigned char *at = id;

    for (; size > 0; size--) {
        hash = (hash ^ *at++) * APR_UINT64_C(0x100000001b3);
    }
    return (apr_uint16_t)(hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48);
}

void cache_kill(cache_t *cache, kill_t kind, const void *id, apr_size_t size)
{
    if (cache) {
        atomic_fetch_add(&cache->shared->kills, 1);
        atomic_fetch_add(&cache->shared->counters[counter_of(cache, kind, id, size)], 1);
    }
}

void cache_kill_all(cache_t *cache)
{
    if (cache) {
        atomic_fetch_add(&cache->shared->kills, 1);
        atomic_fetch_add(&cache->shared->epoch, 1);
    }
}

void cache_trust(cache_t *cache, apr_int64_t until, apr_int64_t server)
{
    apr_uint64_t before = atomic_load(&cache->shared->trusted_until);

    atomic_store(&cache->shared->server, (apr_uint64_t)server);
    while (before < (apr_uint64_t)until &&
           !atomic_compare_exchange_weak(&cache->shared->trusted_until, &before, (apr_uint64_t)until)) {}
}

static slot_key_t key_of(const cache_t *cache, const digest_t *hash)
{
    slot_key_t key;

    memcpy(key.word, hash->byte, DIGEST_SIZE);
    key.word[SLOT_KEY_WORDS - 1] = cache->issuer;
    return key;
}

static int is_trusted(const cache_t *cache, apr_uint64_t now)
{
    return now < atomic_load_explicit(&cache->shared->trusted_until, memory_order_acquire);
}

static int counts(const cache_t *cache, const stamp_t *stamp, apr_uint64_t now)
{
    if (stamp->until <= now || stamp->epoch != (apr_uint32_t)atomic_load_explicit(&cache->shared->epoch, memory_order_acquire)) {
        return 0;
    }
    for (int i = 0; i < 4; i++) {
        if (stamp->value[i] != atomic_load_explicit(&cache->shared->counters[stamp->counter[i]], memory_order_acquire)) {
            return 0;
        }
    }
    return 1;
}

int cache_is_trusted(const cache_t *cache)
{
    return is_trusted(cache, (apr_uint64_t)cache_clock());
}

int cache_find(const cache_t *cache, const digest_t *hash, int form, cache_record_t *record)
{
    apr_uint64_t content[SLOT_CONTENT_WORDS], now;
    const slots_t *both[2];
    slot_key_t key;
    stamp_t stamp;

    if (!cache || !is_trusted(cache, now = (apr_uint64_t)cache_clock())) {
        return 0;
    }
    key = key_of(cache, hash);
    both[0] = &cache->living;
    both[1] = &cache->dead;
    for (int i = 0; i < 2; i++) {
        if (slots_find(both[i], &key, content) < (int)STAMP_WORDS) {
            continue;
        }
        memcpy(&stamp, content, sizeof(stamp));
        if (stamp.form == form && counts(cache, &stamp, now)) {
            record->size = stamp.size;
            memcpy(record->text, content + STAMP_WORDS, stamp.size);
            return 1;
        }
    }
    return 0;
}

cache_ticket_t cache_ticket(const cache_t *cache)
{
    cache_ticket_t ticket = { 0, 0 };

    if (cache && is_trusted(cache, (apr_uint64_t)cache_clock())) {
        ticket.is_good = 1;
        ticket.kills = atomic_load(&cache->shared->kills);
    }
    return ticket;
}

static void root(const cache_t *cache, stamp_t *stamp, int i, kill_t kind, const void *id, apr_size_t size)
{
    stamp->counter[i] = counter_of(cache, kind, id, size);
    stamp->value[i] = atomic_load(&cache->shared->counters[stamp->counter[i]]);
}

static void root_by_name(const cache_t *cache, stamp_t *stamp, int i, kill_t kind, const char *name)
{
    root(cache, stamp, i, kind, name ? name : "", name ? strlen(name) : 0);
}

void cache_keep(cache_t *cache, cache_ticket_t ticket, const cache_roots_t *roots, int is_dead, const cache_record_t *record)
{
    apr_uint64_t content[SLOT_CONTENT_WORDS], now;
    stamp_t stamp = { 0 };
    slot_key_t key;

    if (!ticket.is_good) {
        return;
    }
    if (atomic_load(&cache->shared->server) != (apr_uint64_t)roots->server) {
        cache_kill_all(cache);
        return;
    }
    if (record->size > CACHE_RECORD_MAX) {
        return;
    }
    now = (apr_uint64_t)cache_clock();
    stamp.until = now + (apr_uint64_t)cache->ttl;
    stamp.form = (apr_uint16_t)record->form;
    stamp.size = (apr_uint16_t)record->size;
    stamp.epoch = (apr_uint32_t)atomic_load(&cache->shared->epoch);
    root(cache, &stamp, 0, roots->kind, roots->hash->byte, DIGEST_SIZE);
    root_by_name(cache, &stamp, 1, KILL_GRANT, roots->grant_id);
    root_by_name(cache, &stamp, 2, KILL_CLIENT, roots->client_id);
    root_by_name(cache, &stamp, 3, KILL_USER, roots->username);
    if (atomic_load(&cache->shared->kills) != ticket.kills) {
        return;
    }
    memcpy(content, &stamp, sizeof(stamp));
    memcpy(content + STAMP_WORDS, record->text, (apr_size_t)record->size);
    key = key_of(cache, roots->hash);
    slots_put(is_dead ? &cache->dead : &cache->living, &key, content, (int)(STAMP_WORDS + ((apr_size_t)record->size + 7) / 8),
              (apr_uint32_t)(now / (apr_uint64_t)SECOND));
}
