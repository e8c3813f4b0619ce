/*
 * The memory of the numbers, who counts where, and adding up. Called by whoever counts; web/http/meters.c makes the meters, and
 * web/status/ reads them.
 */
#include "base/meter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/meter_families.h"

typedef _Atomic(apr_uint64_t) word_t;

#define LINE   64
#define STRIDE ((METERS + LINE / 8 - 1) / (LINE / 8) * (LINE / 8)) /* words of a slot: whole lines */
#define COMMON 1                                                   /* the slot of all who have none of their own */

#define SLOTS_MAX 16384
#define MINUTE    (60 * SECOND)
#define HOUR      (60 * MINUTE)
#define MINUTES   64 /* that are kept: an hour, and some that are being written or a little long */

/* Who has which slot, for the meters of all issuers alike. */
typedef struct owners_t {
    word_t used;    /* no slot above was ever taken */
    word_t owner[]; /* a process; 0: free */
} owners_t;

/* What the parent knows by itself: what children write into the shared memory it does not go by. */
typedef struct room_t {
    owners_t *owners;
    apr_uint64_t slots;
} room_t;

typedef struct minute_t {
    word_t at; /* clock_us; 0: never */
    word_t value[METERS];
} minute_t;

struct meter_t {
    const room_t *room;
    apr_time_t began;
    apr_int64_t since; /* the same by clock_us */
    minute_t *minutes;
    word_t *newest; /* how many minutes were ever noted */
    word_t *slots;  /* STRIDE for each */
};

static room_t *room;
static pthread_key_t ending;
static int has_ending;

/* The slot of this thread, from 1; 0: none yet. */
static _Thread_local apr_size_t own;

/* What another build of the module has left in the memory is not ours to read. */
static unsigned layout(void)
{
    unsigned hash = 2166136261u ^ METERS;

    for (const meter_family_t *family = meter_families; family->name; family++) {
        for (const char *at = family->name; *at; at++) {
            hash = (hash ^ (unsigned char)*at) * 16777619u;
        }
        hash = (hash ^ (unsigned)family->first) * 16777619u;
    }
    return hash;
}

static char *memory(apr_pool_t *p, apr_size_t size, apr_status_t *rv)
{
    apr_shm_t *shm;
    char *start;

    /* The system gives it full of zeros, and page by page as it is used. */
    if ((*rv = apr_shm_create(&shm, size + LINE, NULL, p)) != APR_SUCCESS) {
        return NULL;
    }
    start = apr_shm_baseaddr_get(shm);
    return start + (LINE - (apr_size_t)start % LINE) % LINE;
}

/* What a key of the pool names, from before a restart; NULL: nothing yet. */
static void *find(apr_pool_t *process, const char *key)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, key, process);
    return found;
}

static apr_status_t make_room(apr_pool_t *process, const char *key, int threads)
{
    apr_uint64_t slots = threads < 64 ? 64 : threads > SLOTS_MAX ? SLOTS_MAX : (apr_uint64_t)threads;
    apr_status_t rv = APR_SUCCESS;
    void *shared;

    room = find(process, key);
    if (!room && (shared = memory(process, sizeof(owners_t) + (slots + 1) * sizeof(word_t), &rv))) {
        room = apr_pcalloc(process, sizeof(*room));
        room->owners = shared;
        room->slots = slots;
        atomic_init(&room->owners->used, COMMON);
        apr_pool_userdata_set(room, key, NULL, process);
    }
    return rv;
}

static apr_status_t make_meter(meter_t **out, apr_pool_t *process, const char *key)
{
    apr_size_t minutes = (MINUTES * sizeof(minute_t) + LINE - 1) / LINE * LINE;
    meter_t *meter = find(process, key);
    apr_status_t rv = APR_SUCCESS;
    char *at;

    if (!meter && (at = memory(process, LINE + minutes + (apr_size_t)room->slots * STRIDE * sizeof(word_t), &rv))) {
        meter = apr_pcalloc(process, sizeof(*meter));
        meter->room = room;
        meter->began = apr_time_now();
        meter->since = clock_us();
        meter->newest = (word_t *)(void *)at;
        meter->minutes = (minute_t *)(void *)(at + LINE);
        meter->slots = (word_t *)(void *)(at + LINE + minutes);
        apr_pool_userdata_set(meter, key, NULL, process);
    }
    *out = meter;
    return rv;
}

apr_status_t meter_create(meter_t **meter, apr_pool_t *process, int threads, const char *issuer)
{
    apr_pool_t *p; /* process lasts from restart to restart */
    apr_status_t rv;

    apr_pool_create(&p, process);
    rv = make_room(process, apr_psprintf(p, "gpt-oauth-meters %x", layout()), threads);
    if (rv == APR_SUCCESS) {
        rv = make_meter(meter, process, apr_psprintf(p, "gpt-oauth-meter %x %s", layout(), issuer));
    }
    apr_pool_destroy(p);
    return rv;
}

/* A thread ends: what it counted stays in its slot. */
static void give_back(void *slot)
{
    atomic_store_explicit(&room->owners->owner[(apr_size_t)slot], 0, memory_order_release);
}

static apr_status_t forget_ending(void *unused)
{
    (void)unused;
    has_ending = 0;
    pthread_key_delete(ending);
    return APR_SUCCESS;
}

/* A process that is no more. One that is not ours to signal lives. */
static int is_gone(apr_uint64_t process)
{
    return kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

void meter_child_init(apr_pool_t *pchild)
{
    apr_uint64_t used, last = 0;
    int last_is_gone = 0;

    own = 0;
    if (!room) {
        return;
    }
    used = atomic_load(&room->owners->used);
    for (apr_size_t slot = COMMON + 1; slot <= used && slot <= room->slots; slot++) {
        apr_uint64_t owner = atomic_load(&room->owners->owner[slot]);

        if (owner && owner != last) {
            last = owner;
            last_is_gone = is_gone(owner);
        }
        if (owner && last_is_gone) {
            atomic_compare_exchange_strong(&room->owners->owner[slot], &owner, 0);
        }
    }
    has_ending = pthread_key_create(&ending, give_back) == 0;
    if (has_ending) {
        apr_pool_cleanup_register(pchild, NULL, forget_ending, apr_pool_cleanup_null);
    }
}

static void note_used(apr_uint64_t slot)
{
    apr_uint64_t used = atomic_load(&room->owners->used);

    while (used < slot && !atomic_compare_exchange_weak(&room->owners->used, &used, slot)) {}
}

/* The least that is free, so that few lines are ever touched. Without a notice of its end a thread keeps its slot for good. */
static apr_size_t take_slot(void)
{
    apr_size_t count = (apr_size_t)room->slots;

    for (apr_size_t slot = COMMON + 1; slot <= count; slot++) {
        apr_uint64_t nobody = 0;

        if (atomic_load_explicit(&room->owners->owner[slot], memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&room->owners->owner[slot], &nobody, (apr_uint64_t)getpid())) {
            note_used(slot);
            if (has_ending) {
                pthread_setspecific(ending, (void *)slot);
            }
            return slot;
        }
    }
    return COMMON;
}

void meter_add(meter_t *meter, int which, apr_uint64_t n)
{
    word_t *word;

    if (!meter) {
        return;
    }
    if (!own) {
        own = take_slot();
    }
    word = &meter->slots[(own - 1) * STRIDE + (apr_size_t)which];
    if (own == COMMON) {
        atomic_fetch_add_explicit(word, n, memory_order_relaxed);
    } else {
        atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + n, memory_order_relaxed);
    }
}

void meter_latency(meter_t *meter, apr_int64_t took)
{
    int bucket = 0;

    while (bucket < LATENCY_BOUNDS && took > meter_bounds[bucket]) {
        bucket++;
    }
    meter_add(meter, METER_LATENCY + bucket, 1);
    meter_add(meter, METER_LATENCY_SUM, took > 0 ? (apr_uint64_t)took : 0);
}

static void add_up(const meter_t *meter, apr_uint64_t *total)
{
    apr_uint64_t used = atomic_load(&meter->room->owners->used), count = meter->room->slots;

    memset(total, 0, METERS * sizeof(*total));
    for (apr_size_t slot = 0; slot < used && slot < count; slot++) {
        for (int i = 0; i < METERS; i++) {
            total[i] += atomic_load_explicit(&meter->slots[slot * STRIDE + (apr_size_t)i], memory_order_relaxed);
        }
    }
}

void meter_note(meter_t *meter, apr_int64_t now)
{
    apr_uint64_t noted = atomic_load(meter->newest), total[METERS];
    minute_t *minute;

    if (noted && now - (apr_int64_t)atomic_load(&meter->minutes[(noted - 1) % MINUTES].at) < MINUTE) {
        return;
    }
    minute = &meter->minutes[noted % MINUTES];
    add_up(meter, total);
    for (int i = 0; i < METERS; i++) {
        atomic_store_explicit(&minute->value[i], total[i], memory_order_relaxed);
    }
    atomic_store_explicit(&minute->at, (apr_uint64_t)now, memory_order_release);
    atomic_store(meter->newest, noted + 1);
}

/* The latest that is an hour old; NULL: there is none, since counting began later. */
static const minute_t *an_hour_ago(const meter_t *meter, apr_int64_t now)
{
    apr_uint64_t noted = atomic_load(meter->newest);

    for (apr_uint64_t i = noted; i > 0 && noted - i < MINUTES - 2; i--) {
        const minute_t *minute = &meter->minutes[(i - 1) % MINUTES];

        if (now - (apr_int64_t)atomic_load_explicit(&minute->at, memory_order_acquire) >= HOUR) {
            return minute;
        }
    }
    return NULL;
}

void meter_read(const meter_t *meter, apr_int64_t now, meter_reading_t *reading)
{
    const minute_t *before = an_hour_ago(meter, now);

    add_up(meter, reading->total);
    reading->began = meter->began;
    reading->age = now - meter->since;
    reading->span = before ? now - (apr_int64_t)atomic_load(&before->at) : reading->age;
    for (int i = 0; i < METERS; i++) {
        reading->recent[i] = reading->total[i] - (before ? atomic_load_explicit(&before->value[i], memory_order_relaxed) : 0);
    }
}
