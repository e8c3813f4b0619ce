#include "tap.h"
#include "base/counts.h"

#include <pthread.h>
#include <string.h>

#define BUCKETS 4
#define LIMIT   10
#define THREADS 8

static count_t places[BUCKETS * COUNTS_WAYS];
static const counts_t counts = { places, BUCKETS, LIMIT };

/* Of the first bucket. */
static apr_uint64_t key_of(unsigned number)
{
    return (apr_uint64_t)(number + 1) << 32;
}

static unsigned add(unsigned number, apr_uint32_t window)
{
    count_t *place;

    return counts_add(&counts, key_of(number), window, &place);
}

static unsigned add_often(unsigned number, apr_uint32_t window, int times)
{
    unsigned count = 0;

    while (times-- > 0) {
        count = add(number, window);
    }
    return count;
}

static void *add_thousand(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        add(7, 5);
    }
    return unused;
}

void test_counts(apr_pool_t *p)
{
    pthread_t threads[THREADS];
    count_t *place;

    (void)p;
    ok(add(0, 1) == 1 && add(0, 1) == 2 && add(1, 1) == 1, "each party is counted by itself");
    ok(add(0, 2) == 1, "in each window anew");
    counts_take_back(&counts, key_of(0), 2);
    counts_take_back(&counts, key_of(0), 2);
    counts_take_back(&counts, key_of(99), 2);
    ok(add(0, 2) == 1, "what is taken back was not counted, and nothing is less than none");

    memset(places, 0, sizeof(places));
    ok(add_often(0, 1, LIMIT + 1) == LIMIT + 1, "a party above its limit");
    for (unsigned i = 1; i < 5000; i++) {
        add(i, 1);
    }
    ok(add(0, 1) == LIMIT + 2, "case 329: ... stays there, whoever else is counted");
    add_often(6000, 1, LIMIT);
    for (unsigned i = 1; i < 5000; i++) {
        add(i, 1);
    }
    ok(add(6000, 1) == LIMIT + 1, "case 329: one near to it does not give way to lower ones either");
    ok(add(0, 2) == 1, "in the next window all begin anew");

    memset(places, 0, sizeof(places));
    for (unsigned i = 0; i < COUNTS_WAYS; i++) {
        add_often(i, 1, LIMIT + 1);
    }
    ok(counts_add(&counts, key_of(100), 1, &place) == COUNTS_MAX && !place,
       "case 329: where all are above the limit, so is a newcomer");
    ok(counts_add(&counts, key_of(3), 1, &place) == LIMIT + 2 && place, "a place");
    counts_begin_anew(place, key_of(3), 1);
    ok(add(3, 1) == 2, "begins anew");
    counts_begin_anew(place, key_of(4), 1);
    ok(add(3, 1) == 3, "but not for another party");

    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, add_thousand, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ok(add(7, 5) == 8001, "eight threads at once");
    ok(add_often(8, 6, 70000) == COUNTS_MAX, "a count ends somewhere");
}
