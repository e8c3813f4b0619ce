/*
 * The threads, and the mutex that says which one leads. Called for listening (cache/listener.c) and for housekeeping
 * (web/http/housekeeping.c).
 */
#include "base/leader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <apr_shm.h>
#include <apr_thread_proc.h>

#include "base/clock.h"

#define PAUSE (SECOND / 5) /* between tries to lead */

struct leader_t {
    pthread_mutex_t mutex;
};

/* One child's part. */
typedef struct member_t {
    leader_t *leader;
    lead_fn *lead;
    void *baton;
    leading_t leading;
    apr_thread_t *thread;
    int wake[2]; /* a byte in it says stop */
} member_t;

apr_status_t leader_create(leader_t **leader, apr_pool_t *pconf)
{
    pthread_mutexattr_t kind;
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(**leader), NULL, pconf);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *leader = apr_shm_baseaddr_get(shm);
    /* Robust: with a leader that is killed it is free, and says so. */
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    rv = pthread_mutex_init(&(*leader)->mutex, &kind);
    pthread_mutexattr_destroy(&kind);
    return rv;
}

int leader_must_end(const leading_t *leading, apr_int64_t time)
{
    struct pollfd wake = { .fd = leading->wake, .events = POLLIN };

    return poll(&wake, 1, (int)(time / 1000)) > 0;
}

static int take_lead(leader_t *leader)
{
    int rv = pthread_mutex_trylock(&leader->mutex);

    return rv == 0 || (rv == EOWNERDEAD && pthread_mutex_consistent(&leader->mutex) == 0);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    member_t *member = data;

    do {
        if (take_lead(member->leader)) {
            member->lead(member->baton, &member->leading);
            pthread_mutex_unlock(&member->leader->mutex);
        }
    } while (!leader_must_end(&member->leading, PAUSE));
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
    apr_pool_destroy(member->leading.pool);
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

apr_status_t leader_start(leader_t *leader, apr_pool_t *pchild, lead_fn *lead, void *baton)
{
    member_t *member = apr_pcalloc(pchild, sizeof(*member));
    apr_allocator_t *allocator;
    apr_status_t rv;

    member->leader = leader;
    member->lead = lead;
    member->baton = baton;
    if (pipe2(member->wake, O_CLOEXEC) != 0) {
        return errno;
    }
    member->leading.wake = member->wake[0];
    /* Allocators are not for several threads. */
    if ((rv = apr_allocator_create(&allocator)) != APR_SUCCESS ||
        (rv = apr_pool_create_unmanaged_ex(&member->leading.pool, NULL, allocator)) != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_owner_set(allocator, member->leading.pool);
    rv = start_thread(member, pchild);
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, member, stop);
    }
    return rv;
}
