/*
 * The thread that listens, and who of all processes leads. Started by web/http/listen.c in each child; what it says to the
 * database is in store/.
 */
#include "cache/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/clock.h"
#include "store/listen.h"

#define LEASE      SECOND
#define LEAD_PAUSE (SECOND / 5) /* between tries to lead */
/* Before the next try to listen. */
#define BROKEN_PAUSE (SECOND / 20)
#define LOST_PAUSE   (SECOND / 2)
#define DEAF_PAUSE   (10 * SECOND)

struct listener_t {
    cache_t *cache;
    const char *conninfo;
    struct {
        pthread_mutex_t leader;
        _Atomic int state; /* that was told last */
    } * shared;
};

/* One child's part. */
typedef struct member_t {
    const listener_t *listener;
    store_source_t *source;
    listener_told_fn *told;
    void *baton;
    apr_pool_t *pool; /* the thread's alone */
    apr_thread_t *thread;
    int wake[2];         /* a byte in it says stop */
    apr_int64_t trusted; /* until then, by cache_clock */
} member_t;

apr_status_t listener_create(listener_t **out, apr_pool_t *pconf, cache_t *cache, const char *conninfo)
{
    listener_t *listener = apr_pcalloc(pconf, sizeof(*listener));
    pthread_mutexattr_t kind;
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(*listener->shared), NULL, pconf);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    listener->cache = cache;
    listener->conninfo = conninfo;
    listener->shared = apr_shm_baseaddr_get(shm);
    atomic_init(&listener->shared->state, LISTENER_NONE);
    /* Robust: with a leader that is killed it is free, and says so. */
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    rv = pthread_mutex_init(&listener->shared->leader, &kind);
    pthread_mutexattr_destroy(&kind);
    *out = listener;
    return rv;
}

static int is_stopped_within(const member_t *member, apr_int64_t time)
{
    struct pollfd wake = { .fd = member->wake[0], .events = POLLIN };

    return poll(&wake, 1, (int)(time / 1000)) > 0;
}

static int take_lead(const member_t *member)
{
    int rv = pthread_mutex_trylock(&member->listener->shared->leader);

    return rv == 0 || (rv == EOWNERDEAD && pthread_mutex_consistent(&member->listener->shared->leader) == 0);
}

static void tell(const member_t *member, listener_state_t state, const char *why)
{
    if (atomic_exchange(&member->listener->shared->state, state) != (int)state) {
        member->told(member->baton, state, why);
    }
}

static void heard(void *baton, heard_t what, const void *id, apr_size_t size)
{
    static const kill_t kinds[] = { [HEARD_TOKEN] = KILL_TOKEN,
                                    [HEARD_KEY] = KILL_KEY,
                                    [HEARD_GRANT] = KILL_GRANT,
                                    [HEARD_CLIENT] = KILL_CLIENT,
                                    [HEARD_USER] = KILL_USER };
    const member_t *member = baton;

    if (what == HEARD_ALL) {
        cache_kill_all(member->listener->cache);
    } else {
        cache_kill(member->listener->cache, kinds[what], id, size);
    }
}

/* Until it breaks. */
static listen_status_t listen_and_trust(member_t *member, const listening_t *listening, listen_t *listen)
{
    listen_status_t status = listening->start(listen);

    if (status != LISTEN_OK) {
        return status;
    }
    /* Nobody knows what was missed before. */
    cache_kill_all(member->listener->cache);
    status = listening->prove(listen);
    while (status == LISTEN_OK) {
        apr_int64_t asked = cache_clock();

        status = listening->probe(listen);
        if (status == LISTEN_OK) {
            member->trusted = asked + LEASE;
            cache_trust(member->listener->cache, member->trusted);
            if (cache_clock() < member->trusted) {
                tell(member, LISTENER_TRUSTED, NULL);
            } else {
                tell(member, LISTENER_LOST, "the database takes longer than a second to answer");
            }
            status = listening->wait(listen, listening->interval);
        }
    }
    return status;
}

static void lead(member_t *member)
{
    const listening_t *listening = store_source_listening(member->source);
    apr_int64_t pause;

    do {
        listen_t listen = { .source = member->source,
                            .conninfo = member->listener->conninfo,
                            .wake = member->wake[0],
                            .heard = heard,
                            .baton = member };
        apr_int64_t before = member->trusted;
        listen_status_t status;

        apr_pool_create(&listen.pool, member->pool);
        status = listen_and_trust(member, listening, &listen);
        listening->end(&listen);
        /* What is mended before the lease ends is no news. */
        if (status != LISTEN_STOPPED && cache_clock() >= member->trusted) {
            tell(member, status == LISTEN_DEAF ? LISTENER_DEAF : LISTENER_LOST, listen.problem);
        }
        apr_pool_destroy(listen.pool);
        pause = member->trusted != before ? BROKEN_PAUSE : status == LISTEN_DEAF ? DEAF_PAUSE : LOST_PAUSE;
    } while (!is_stopped_within(member, pause));
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    member_t *member = data;

    do {
        if (take_lead(member)) {
            lead(member);
            pthread_mutex_unlock(&member->listener->shared->leader);
        }
    } while (!is_stopped_within(member, LEAD_PAUSE));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static apr_status_t stop(void *data)
{
    member_t *member = data;
    apr_status_t ignored;

    while (write(member->wake[1], "", 1) < 0 && errno == EINTR) {}
    apr_thread_join(&ignored, member->thread);
    close(member->wake[0]);
    close(member->wake[1]);
    apr_pool_destroy(member->pool);
    return APR_SUCCESS;
}

/* httpd's signals are for its own threads. */
static apr_status_t start_thread(member_t *member, apr_pool_t *pchild)
{
    sigset_t all, before;
    apr_status_t rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rv = apr_thread_create(&member->thread, NULL, run, member, pchild);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

apr_status_t listener_start(listener_t *listener, apr_pool_t *pchild, store_source_t *source, listener_told_fn *told, void *baton)
{
    member_t *member = apr_pcalloc(pchild, sizeof(*member));
    apr_allocator_t *allocator;
    apr_status_t rv;

    member->listener = listener;
    member->source = source;
    member->told = told;
    member->baton = baton;
    if (pipe2(member->wake, O_CLOEXEC) != 0) {
        return errno;
    }
    /* Allocators are not for several threads. */
    if ((rv = apr_allocator_create(&allocator)) != APR_SUCCESS ||
        (rv = apr_pool_create_unmanaged_ex(&member->pool, NULL, allocator)) != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_owner_set(allocator, member->pool);
    rv = start_thread(member, pchild);
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, member, stop);
    }
    return rv;
}
