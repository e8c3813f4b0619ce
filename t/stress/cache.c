/*
 * The cache (cache/) under load by several processes with several threads each, some of which are killed at random: what is read
 * must be whole, and never older than a kill that is done. t/04-stress.t builds it, for itself and under ThreadSanitizer.
 *
 * In place of a database stands one number for each key. A revocation raises it and kills; when the kill is done, it says so in
 * done. Whoever finds an answer has read done before: the answer must not be of an earlier number.
 */
#include "base/clock.h"
#include "base/crypto.h"
#include "cache/cache.h"

#include <apr_general.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEYS      64 /* on as many slots as make two sets, so that they push each other out as well */
#define SLOTS     24
#define PROCESSES 4
#define THREADS   3
#define FORM      1
#define NUMBERS   40 /* in a record, all of them the same */

static struct {
    _Atomic(apr_uint64_t) number[KEYS], done[KEYS];
    _Atomic(apr_uint64_t) found, missed, kept, kills, torn, stale;
    _Atomic(int) is_over;
} * world;
static cache_t *cache;

typedef struct worker_t {
    unsigned int seed;
    unsigned int role;
} worker_t;

static digest_t hash_of(int key)
{
    digest_t hash;

    crypto_sha256(&key, sizeof(key), &hash);
    return hash;
}

/* By token, grant, client and user in turn. */
static void end(int key, unsigned int how)
{
    const digest_t hash = hash_of(key);
    apr_uint64_t number = atomic_fetch_add(&world->number[key], 1) + 1, done = atomic_load(&world->done[key]);
    char id[16];

    snprintf(id, sizeof(id), "%d", key);
    switch (how % 5) {
    case 0: cache_kill(cache, KILL_TOKEN, hash.byte, DIGEST_SIZE); break;
    case 1: cache_kill(cache, KILL_GRANT, id, strlen(id)); break;
    case 2: cache_kill(cache, KILL_CLIENT, id, strlen(id)); break;
    case 3: cache_kill(cache, KILL_USER, id, strlen(id)); break;
    default: cache_kill_all(cache); break;
    }
    while (done < number && !atomic_compare_exchange_weak(&world->done[key], &done, number)) {}
    atomic_fetch_add(&world->kills, 1);
}

static void ask(int key, unsigned int *seed)
{
    const digest_t hash = hash_of(key);
    cache_ticket_t ticket = cache_ticket(cache);
    apr_uint64_t numbers[NUMBERS], number = atomic_load(&world->number[key]);
    cache_record_t record = { FORM, sizeof(numbers), (char *)numbers };
    char id[16];
    const cache_roots_t roots = { 0, KILL_TOKEN, &hash, id, id, id };

    snprintf(id, sizeof(id), "%d", key);
    if (rand_r(seed) % 4 == 0) {
        sched_yield(); /* the database takes its time */
    }
    for (int i = 0; i < NUMBERS; i++) {
        numbers[i] = number * KEYS + (apr_uint64_t)key;
    }
    cache_keep(cache, ticket, &roots, number % 8 == 7, &record);
    atomic_fetch_add(&world->kept, 1);
}

static void look(int key, unsigned int *seed)
{
    const digest_t hash = hash_of(key);
    apr_uint64_t numbers[CACHE_RECORD_MAX / 8], done = atomic_load(&world->done[key]);
    cache_record_t record = { 0, 0, (char *)numbers };

    if (!cache_find(cache, &hash, FORM, &record)) {
        atomic_fetch_add(&world->missed, 1);
        ask(key, seed);
        return;
    }
    atomic_fetch_add(&world->found, 1);
    for (int i = 1; i < NUMBERS; i++) {
        if (numbers[i] != numbers[0]) {
            atomic_fetch_add(&world->torn, 1);
            return;
        }
    }
    if (record.size != sizeof(apr_uint64_t) * NUMBERS || numbers[0] % KEYS != (apr_uint64_t)key) {
        atomic_fetch_add(&world->torn, 1);
    }
    if (numbers[0] / KEYS < done) {
        atomic_fetch_add(&world->stale, 1);
    }
}

static void *work(void *data)
{
    worker_t *worker = data;

    while (!atomic_load(&world->is_over)) {
        int key = rand_r(&worker->seed) % KEYS;

        if (worker->role == 0 && rand_r(&worker->seed) % 16 == 0) {
            end(key, (unsigned int)rand_r(&worker->seed));
        } else {
            look(key, &worker->seed);
        }
    }
    return NULL;
}

static pid_t begin(unsigned int seed)
{
    pid_t pid = fork();
    pthread_t threads[THREADS];
    worker_t workers[THREADS];

    if (pid != 0) {
        return pid;
    }
    for (unsigned int i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){ .seed = seed * THREADS + i, .role = i };
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) {
            _exit(3);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    exit(0); /* with a sanitizer's own status where it has found something */
}

/* 1 when it was killed or all went well. */
static int ended_well(pid_t pid)
{
    int status;

    return waitpid(pid, &status, 0) == pid && (WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

int main(int argc, char *argv[])
{
    apr_int64_t end = clock_us() + (argc > 1 ? atoi(argv[1]) : 2) * SECOND;
    unsigned int seed = argc > 2 ? (unsigned int)atoi(argv[2]) : (unsigned int)getpid();
    pid_t pids[PROCESSES];
    apr_pool_t *p;
    int well = 1, killed = 0;

    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED || apr_initialize() != APR_SUCCESS || apr_pool_create(&p, NULL) != APR_SUCCESS ||
        crypto_init() != APR_SUCCESS || cache_create(&cache, p, SLOTS, 600 * SECOND) != APR_SUCCESS) {
        return 2;
    }
    cache = cache_at(cache, p, "https://auth.example");
    cache_trust(cache, cache_clock() + 600 * SECOND, 0);
    printf("# seed %u\n", seed);
    fflush(stdout);
    for (unsigned int i = 0; i < PROCESSES; i++) {
        pids[i] = begin(seed + i);
    }
    for (unsigned int i = 0; clock_us() < end; i++) {
        int which = rand_r(&seed) % PROCESSES;

        usleep((useconds_t)(1000 + rand_r(&seed) % 20000));
        /* Fewer than there are slots: a writing that is cut off costs one. */
        if (killed < SLOTS / 3) {
            kill(pids[which], SIGKILL);
            well &= ended_well(pids[which]);
            pids[which] = begin(seed + PROCESSES + i);
            killed++;
        }
    }
    atomic_store(&world->is_over, 1);
    for (int i = 0; i < PROCESSES; i++) {
        well &= ended_well(pids[i]);
    }
    printf("# %llu found, %llu missed, %llu kept, %llu kills, %d processes killed\n", (unsigned long long)world->found,
           (unsigned long long)world->missed, (unsigned long long)world->kept, (unsigned long long)world->kills, killed);
    printf("%sok 1 - each process ended well or was killed\n", well ? "" : "not ");
    printf("%sok 2 - every answer was whole\n", world->torn ? "not " : "");
    printf("%sok 3 - no answer was older than a kill that was done\n", world->stale ? "not " : "");
    printf("%sok 4 - answers were found, kept and killed\n",
           world->found > 1000 && world->kept > 100 && world->kills > 100 ? "" : "not ");
    printf("1..4\n");
    return 0;
}
