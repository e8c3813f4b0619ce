#include "base/meter.h"
#include "base/meter_families.h"

#include <string.h>

#include <apr_thread_proc.h>

#include "base/clock.h"
#include "tap.h"

#define THREADS 200
#define EACH    1000

static meter_t *meter;

static void *APR_THREAD_FUNC count(apr_thread_t *thread, void *unused)
{
    (void)unused;
    for (int i = 0; i < EACH; i++) {
        meter_add(meter, METER_CODES, 1);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static apr_uint64_t codes(void)
{
    meter_reading_t reading;

    meter_read(meter, clock_us(), &reading);
    return reading.total[METER_CODES];
}

static void run_threads(apr_pool_t *p)
{
    apr_thread_t *threads[THREADS];
    apr_status_t ignored;

    for (int i = 0; i < THREADS; i++) {
        apr_thread_create(&threads[i], NULL, count, NULL, p);
    }
    for (int i = 0; i < THREADS; i++) {
        apr_thread_join(&ignored, threads[i]);
    }
}

static void test_names(void)
{
    int next = 0, wrong = 0;

    for (const meter_family_t *family = meter_families; family->name; family++) {
        int numbers = (family->outer.name ? family->outer.count : 1) * (family->inner.name ? family->inner.count : 1);

        wrong += family->first != next;
        next += family->kind == METER_IS_HISTOGRAM ? LATENCY_BOUNDS + 2 : numbers;
    }
    ok(!wrong && next == METERS, "each number has a name, and no two the same");
}

static void test_hour(void)
{
    const apr_int64_t minute = 60 * SECOND, start = clock_us();
    meter_reading_t reading;

    /* One more in each minute, for two hours. */
    for (int i = 0; i < 120; i++) {
        meter_add(meter, METER_TOKENS, 1);
        meter_note(meter, start + i * minute);
        meter_note(meter, start + i * minute + SECOND);
    }
    meter_read(meter, start + 119 * minute, &reading);
    ok(reading.total[METER_TOKENS] == 120 && reading.recent[METER_TOKENS] == 60, "the last hour is told from the rest");
    ok(reading.span == 60 * minute, "... and is one");
}

void test_meter(apr_pool_t *p)
{
    meter_t *again, *other;
    meter_reading_t reading;
    apr_pool_t *child;

    test_names();
    ok(meter_create(&meter, p, 64, "https://a.example") == APR_SUCCESS &&
           meter_create(&other, p, 64, "https://b.example") == APR_SUCCESS,
       "two meters");
    apr_pool_create(&child, p);
    meter_child_init(child);
    run_threads(child);
    ok(codes() == THREADS * EACH, "more threads than there are slots lose nothing");
    run_threads(child);
    ok(codes() == 2 * THREADS * EACH, "... nor do those that take their slots");

    meter_add(other, METER_CODES, 5);
    ok(codes() == 2 * THREADS * EACH, "another issuer's are its own");
    meter_add(NULL, METER_CODES, 1);
    ok(meter_create(&again, p, 64, "https://a.example") == APR_SUCCESS && again == meter, "after a restart it is the same one");

    meter_latency(meter, 500);
    meter_latency(meter, 501);
    meter_latency(meter, 60 * SECOND);
    meter_read(meter, clock_us(), &reading);
    ok(reading.total[METER_LATENCY] == 1 && reading.total[METER_LATENCY + 1] == 1 &&
           reading.total[METER_LATENCY + LATENCY_BOUNDS] == 1 && reading.total[METER_LATENCY_SUM] == 60 * SECOND + 1001,
       "times go to their buckets");
    ok(reading.recent[METER_CODES] == 2 * THREADS * EACH, "within the first hour all of it is of the last one");
    test_hour();
    apr_pool_destroy(child);
}
