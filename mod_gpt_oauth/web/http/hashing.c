/*
 * Says whose turn it is to hash a password, and how long a refusal takes. Called by sign-ins (web/endpoint). Turns, places in the
 * queue and the attempts of networks are words in shared memory, changed by compare-and-exchange alone.
 */
#include "web/http/hashing.h"

#include <ap_mpm.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/meter.h"
#include "base/password.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/log.h"
#include "web/http/request.h"
#include "web/http/shared.h"

/* All times are those of base/clock.h, in microseconds. */
#define TURNS_MAX  64
#define PLACES_MAX 64
#define TURN_MAX   5000000
#define WAIT_MAX   2500000
#define WAIT_STEP  10000
#define WAIT_OVER  (2 * WAIT_MAX) /* who waits since then was killed */
#define LOG_PAUSE  10000000
#define REPLY_STEP 3 /* hashes of our own */

#define NETWORKS  4096
#define HALF_LIFE 64000000 /* of what is remembered of a network's attempts */

/* What a request keeps of its hashes, in microseconds; all 0 at first. */
typedef struct hashing_t {
    apr_uint64_t turn;  /* until when it has its turn; 0: it has none */
    apr_uint64_t began; /* when it got it */
    apr_uint64_t took;  /* the last hash of our own; 0: there was none */
} hashing_t;

static struct {
    mark_t turns[TURNS_MAX];   /* until when; past or 0: free */
    mark_t places[PLACES_MAX]; /* the attempts of the network in 16 bits, since when in 48: the lesser number is the first */
    mark_t tries[NETWORKS];    /* in which half-life in the upper half, how many in the lower */
    mark_t turned_away, logged;
} * hall;
static int turn_count, place_count;
static digest_t key;

static apr_uint64_t now(void)
{
    return (apr_uint64_t)clock_us();
}

/* What its control group leaves a container of the processors; 0: all. */
static int processor_quota(apr_pool_t *p)
{
    char line[64] = "", *rest;
    apr_int64_t quota, period;
    apr_file_t *file;

    if (apr_file_open(&file, "/sys/fs/cgroup/cpu.max", APR_READ, APR_OS_DEFAULT, p) != APR_SUCCESS) {
        return 0;
    }
    apr_file_gets(line, sizeof(line), file);
    apr_file_close(file);
    quota = apr_strtoi64(line, &rest, 10); /* 0 for the word max */
    period = apr_strtoi64(rest, NULL, 10);
    return quota <= 0 || period <= 0 ? 0 : quota < period ? 1 : (int)(quota / period);
}

static int processors(apr_pool_t *p)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    int quota = processor_quota(p);
#ifdef CPU_COUNT
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        count = CPU_COUNT(&set);
    }
#endif
    return (int)(quota && quota < count ? quota : count);
}

static int clamp(int count, int max)
{
    return count < 1 ? 1 : count > max ? max : count;
}

apr_status_t hashing_create(apr_pool_t *pconf)
{
    int daemons = 1, threads = 1;
    void *memory;
    apr_status_t rv = shared_create(pconf, sizeof(*hall), &memory, &key);

    if (rv == APR_SUCCESS) {
        hall = memory;
        ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &daemons);
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
        threads = clamp(daemons, INT_MAX) * clamp(threads, INT_MAX);
        /* One of several stays free for requests that hash nothing, which would else wait for one. */
        turn_count = clamp(processors(pconf) - 1, clamp(threads / 4, TURNS_MAX));
        place_count = clamp(turn_count < 2 ? 8 : 4 * turn_count, clamp(threads / 8, PLACES_MAX));
    }
    return rv;
}

static hashing_t *hashing_of(request_rec *r)
{
    request_t *record = request_record(r);

    if (!record->hashing) {
        record->hashing = apr_pcalloc(r->pool, sizeof(*record->hashing));
    }
    return record->hashing;
}

/* Where the attempts of the request's network are counted. Few share it, and nobody knows with whom. */
static mark_t *tries_of(const request_rec *r)
{
    return &hall->tries[crypto_keyed_bits(&key, request_network(r)) % NETWORKS];
}

/* One more, and how many it had before; each half-life halves them. */
static apr_uint64_t count_try(const request_rec *r)
{
    mark_t *tries = tries_of(r);
    apr_uint64_t seen = atomic_load(tries), period, age, count;

    do {
        period = now() / HALF_LIFE;
        age = period > seen >> 32 ? period - (seen >> 32) : 0;
        count = age < 32 ? (seen & 0xffffffff) >> age : 0;
    } while (!atomic_compare_exchange_weak(tries, &seen, period << 32 | (count < 0xffff ? count + 1 : count)));
    return count;
}

void hashing_forgive(const request_rec *r)
{
    mark_t *tries = tries_of(r);
    apr_uint64_t seen = atomic_load(tries);

    while ((seen & 0xffffffff) && !atomic_compare_exchange_weak(tries, &seen, seen - 1)) {}
}

static int waits(apr_uint64_t place, apr_uint64_t at)
{
    return place && (apr_int64_t)(at - (place & 0xffffffffffff)) < WAIT_OVER; /* who came after at waits, too */
}

/* A free place, or that of the last in the order if he comes after this one, who is then sent away. NULL: neither. */
static mark_t *take_place(apr_uint64_t own)
{
    apr_uint64_t at = now(), seen[PLACES_MAX], last;
    int found;

    do {
        last = own;
        found = -1;
        for (int i = 0; i < place_count; i++) {
            seen[i] = atomic_load(&hall->places[i]);
            if (!waits(seen[i], at)) {
                found = i;
                break;
            }
            if (seen[i] > last) {
                last = seen[i];
                found = i;
            }
        }
    } while (found >= 0 && !atomic_compare_exchange_strong(&hall->places[found], &seen[found], own));
    return found < 0 ? NULL : &hall->places[found];
}

/* Whether so many turns are free that one is for this place. */
static int is_next(apr_uint64_t own)
{
    apr_uint64_t at = now(), place;
    int ahead = 0, free_turns = 0;

    for (int i = 0; i < place_count; i++) {
        place = atomic_load(&hall->places[i]);
        ahead += place < own && waits(place, at);
    }
    for (int i = 0; i < turn_count; i++) {
        free_turns += atomic_load(&hall->turns[i]) <= at;
    }
    return ahead < free_turns;
}

static int take_turn(hashing_t *hashing)
{
    apr_uint64_t at = now(), seen;

    for (int i = 0; i < turn_count; i++) {
        seen = atomic_load(&hall->turns[i]);
        if (seen <= at && atomic_compare_exchange_strong(&hall->turns[i], &seen, at + TURN_MAX)) {
            hashing->turn = at + TURN_MAX;
            hashing->began = at;
            return 1;
        }
    }
    return 0;
}

/* 1: a turn; 0: none in time, or the place was lost to somebody who comes first. */
static int wait_in(mark_t *place, apr_uint64_t own, hashing_t *hashing)
{
    apr_uint64_t since = now(), mine = own;
    int done = 0;

    while (atomic_load(place) == own && !(done = is_next(own) && take_turn(hashing)) && now() - since < WAIT_MAX) {
        apr_sleep(WAIT_STEP);
    }
    atomic_compare_exchange_strong(place, &mine, 0);
    return done;
}

/* A line now and then: a flood must not fill the disk too. */
static void log_turned_away(const request_rec *r)
{
    apr_uint64_t at = now(), logged = atomic_load(&hall->logged);

    atomic_fetch_add(&hall->turned_away, 1);
    if ((!logged || at - logged > LOG_PAUSE) && atomic_compare_exchange_strong(&hall->logged, &logged, at)) {
        log_request(r, LOG_SIGN_INS_TURNED_AWAY,
                    "%d sign-ins turned away, this one from %s: more want to sign in than the processors can hash passwords "
                    "for, %d at a time; networks that try often come last",
                    (int)atomic_exchange(&hall->turned_away, 0), request_address(r), turn_count);
    }
}

int hashing_enter(request_rec *r)
{
    apr_uint64_t own = count_try(r) << 48 | now();
    mark_t *place = take_place(own);
    int done = place && wait_in(place, own, hashing_of(r));

    if (!done) {
        meter_add(config_server(r->server)->meter, METER_TURNED_AWAY, 1);
        log_turned_away(r);
    }
    return done;
}

void hashing_leave(request_rec *r)
{
    hashing_t *hashing = hashing_of(r);
    apr_uint64_t seen;

    /* Two with the same ticket would be just as free. */
    for (int i = 0; i < turn_count && hashing->turn; i++) {
        seen = hashing->turn;
        if (atomic_compare_exchange_strong(&hall->turns[i], &seen, 0)) {
            break;
        }
    }
    hashing->turn = 0;
}

static void count(request_rec *r, apr_uint64_t took)
{
    meter_add(config_server(r->server)->meter, METER_HASHES, 1);
    meter_add(config_server(r->server)->meter, METER_HASH_TIME, took);
}

const char *hashing_make(request_rec *r, const char *password)
{
    apr_uint64_t start = now();
    const char *hash = password_hash(r->pool, password);

    count(r, now() - start);
    return hash;
}

int hashing_verify(request_rec *r, const char *hash, const char *password)
{
    hashing_t *hashing = hashing_of(r);
    int has_turn = hashing->turn != 0, fits;
    apr_uint64_t start;

    if (!has_turn && !hashing_enter(r)) {
        return -1;
    }
    start = now();
    fits = password_verify(hash, password);
    hashing->took = now() - start;
    count(r, hashing->took);
    log_request(r, LOG_PASSWORD_HASHED, "hashed a password in %d ms", (int)(hashing->took / 1000));
    if (!has_turn) {
        hashing_leave(r);
    }
    return fits;
}

int hashing_was_done(request_rec *r)
{
    return hashing_of(r)->took != 0;
}

void hashing_even_out(request_rec *r)
{
    const hashing_t *hashing = hashing_of(r);
    apr_uint64_t step = REPLY_STEP * hashing->took;

    if (step) {
        apr_sleep((apr_interval_time_t)(step - (now() - hashing->began) % step));
    }
}

hashing_state_t hashing_state(void)
{
    hashing_state_t state = { .turns = turn_count, .places = place_count };
    apr_uint64_t at = now();

    for (int i = 0; i < turn_count; i++) {
        state.hashing += atomic_load(&hall->turns[i]) > at;
    }
    for (int i = 0; i < place_count; i++) {
        state.waiting += waits(atomic_load(&hall->places[i]), at);
    }
    return state;
}
