/*
 * Counting without locks: each place is one 64-bit word with its owner, its window and its count, changed by
 * compare-and-exchange. Called by the throttles (web/http/throttle.c), whose table all of httpd's processes share.
 */
#include "base/counts.h"

#include <stdatomic.h>

static count_t *bucket(const counts_t *counts, apr_uint64_t key)
{
    return &counts->places[(apr_size_t)((apr_uint32_t)key % counts->buckets) * COUNTS_WAYS];
}

/* What stands in the upper bits of a count while it is this party's. */
static apr_uint64_t owner(apr_uint64_t key, apr_uint32_t window)
{
    return key >> 32 << 16 | (window & 0xffff);
}

static count_t *find(const counts_t *counts, apr_uint64_t key, apr_uint32_t window)
{
    count_t *places = bucket(counts, key);

    for (int i = 0; i < COUNTS_WAYS; i++) {
        if (atomic_load(&places[i].count) >> 16 == owner(key, window)) {
            return &places[i];
        }
    }
    return NULL;
}

/* The place that gives way, and in *seen what stood in it; NULL: none does. All who look at one moment choose the same one. */
static count_t *choose(const counts_t *counts, apr_uint64_t key, apr_uint32_t window, apr_uint64_t *seen)
{
    count_t *places = bucket(counts, key), *chosen = NULL;
    unsigned lowest = counts->limit + 1;

    for (int i = 0; i < COUNTS_WAYS && lowest > 0; i++) {
        apr_uint64_t value = atomic_load(&places[i].count);
        unsigned count = (value >> 16 & 0xffff) == (window & 0xffff) ? value & 0xffff : 0;

        if (count < lowest) {
            lowest = count;
            chosen = &places[i];
            *seen = value;
        }
    }
    return chosen;
}

unsigned counts_add(const counts_t *counts, apr_uint64_t key, apr_uint32_t window, count_t **place)
{
    apr_uint64_t seen;

    for (;;) {
        *place = find(counts, key, window);
        if (*place) {
            seen = atomic_load(&(*place)->count);
            if (seen >> 16 == owner(key, window)) {
                unsigned count = (unsigned)(seen & 0xffff) + ((seen & 0xffff) < COUNTS_MAX);

                if (atomic_compare_exchange_weak(&(*place)->count, &seen, owner(key, window) << 16 | count)) {
                    return count;
                }
            }
            continue; /* somebody was faster */
        }
        *place = choose(counts, key, window, &seen);
        if (!*place) {
            return COUNTS_MAX;
        }
        if (atomic_compare_exchange_weak(&(*place)->count, &seen, owner(key, window) << 16 | 1)) {
            atomic_store(&(*place)->note, 0);
            return 1;
        }
    }
}

unsigned counts_get(const counts_t *counts, apr_uint64_t key, apr_uint32_t window)
{
    count_t *place = find(counts, key, window);
    apr_uint64_t seen = place ? atomic_load(&place->count) : 0;

    return seen >> 16 == owner(key, window) ? (unsigned)(seen & 0xffff) : 0;
}

void counts_take_back(const counts_t *counts, apr_uint64_t key, apr_uint32_t window)
{
    count_t *place = find(counts, key, window);
    apr_uint64_t seen = place ? atomic_load(&place->count) : 0;

    while (place && seen >> 16 == owner(key, window) && (seen & 0xffff) &&
           !atomic_compare_exchange_weak(&place->count, &seen, seen - 1)) {}
}

void counts_begin_anew(count_t *place, apr_uint64_t key, apr_uint32_t window)
{
    apr_uint64_t seen = atomic_load(&place->count);

    while (seen >> 16 == owner(key, window) &&
           !atomic_compare_exchange_weak(&place->count, &seen, owner(key, window) << 16 | 1)) {}
}
