/*
 * What the thread does that listens. Started by web/http/listen.c in each child; what it says to the database is in store/.
 */
#include "cache/listener.h"

#include <stdatomic.h>

#include <apr_shm.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/leader.h"
#include "store/listen.h"

#define LEASE         SECOND
#define COMPARE_PAUSE (5 * SECOND) /* between looks at where the requests' connections lead */
/* Before the next try to listen. */
#define BROKEN_PAUSE (SECOND / 20)
#define LOST_PAUSE   (SECOND / 2)
#define DEAF_PAUSE   (10 * SECOND)

struct listener_t {
    cache_t *cache;
    const char *conninfo;
    leader_t *leader;
    _Atomic(int) *told; /* the state that was told last, by whichever process */
};

/* One child's part. */
typedef struct member_t {
    const listener_t *listener;
    store_source_t *source;
    listener_told_fn *told;
    listener_heard_fn *heard;
    void *baton;
    apr_int64_t trusted; /* until then, by cache_clock */
} member_t;

apr_status_t listener_create(listener_t **out, apr_pool_t *pconf, cache_t *cache, const char *conninfo)
{
    listener_t *listener = apr_pcalloc(pconf, sizeof(*listener));
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(*listener->told), NULL, pconf);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    listener->cache = cache;
    listener->conninfo = conninfo;
    listener->told = apr_shm_baseaddr_get(shm);
    atomic_init(listener->told, LISTENER_NONE);
    *out = listener;
    return leader_create(&listener->leader, pconf);
}

static void tell(const member_t *member, listener_state_t state, const char *why)
{
    if (atomic_exchange(member->listener->told, (int)state) != (int)state) {
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
    static const char *const words[] = { [HEARD_ALL] = "anything may have ended: ",
                                         [HEARD_TOKEN] = "a token",
                                         [HEARD_KEY] = "a service key",
                                         [HEARD_GRANT] = "grant ",
                                         [HEARD_CLIENT] = "client ",
                                         [HEARD_USER] = "user " };
    const member_t *member = baton;
    int is_hash = what == HEARD_TOKEN || what == HEARD_KEY;
    char text[300];

    if (what == HEARD_ALL) {
        cache_kill_all(member->listener->cache);
    } else {
        cache_kill(member->listener->cache, kinds[what], id, size);
    }
    apr_snprintf(text, sizeof(text), "%s%.*s", words[what], is_hash ? 0 : (int)size, is_hash ? "" : (const char *)id);
    member->heard(member->baton, text);
}

/* Until it breaks. */
static listen_status_t listen_and_trust(member_t *member, const listening_t *listening, listen_t *listen)
{
    listen_status_t status = listening->start(listen);
    apr_int64_t compare_at = clock_us() + COMPARE_PAUSE;

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
            cache_trust(member->listener->cache, member->trusted, listen->server);
            if (cache_clock() < member->trusted) {
                tell(member, LISTENER_TRUSTED, NULL);
            } else {
                tell(member, LISTENER_LOST, "the database takes longer than a second to answer");
            }
            status = listening->wait(listen, listening->interval);
        }
        if (status == LISTEN_OK && clock_us() >= compare_at) {
            status = listening->compare(listen);
            compare_at = clock_us() + COMPARE_PAUSE;
        }
    }
    return status;
}

static void lead(void *baton, const leading_t *leading)
{
    member_t *member = baton;
    const listening_t *listening = store_source_listening(member->source);
    apr_int64_t pause;

    do {
        listen_t listen = { .source = member->source,
                            .conninfo = member->listener->conninfo,
                            .wake = leading->wake,
                            .heard = heard,
                            .baton = member };
        apr_int64_t before = member->trusted;
        listen_status_t status;

        apr_pool_create(&listen.pool, leading->pool);
        status = listen_and_trust(member, listening, &listen);
        listening->end(&listen);
        /* What is mended before the lease ends is no news. */
        if (status != LISTEN_STOPPED && cache_clock() >= member->trusted) {
            tell(member, status == LISTEN_DEAF ? LISTENER_DEAF : LISTENER_LOST, listen.problem);
        }
        apr_pool_destroy(listen.pool);
        pause = member->trusted != before ? BROKEN_PAUSE : status == LISTEN_DEAF ? DEAF_PAUSE : LOST_PAUSE;
    } while (!leader_must_end(leading, pause));
}

apr_status_t listener_start(listener_t *listener, apr_pool_t *pchild, store_source_t *source, listener_told_fn *told,
                            listener_heard_fn *heard_by, void *baton)
{
    member_t *member = apr_pcalloc(pchild, sizeof(*member));

    member->listener = listener;
    member->source = source;
    member->told = told;
    member->heard = heard_by;
    member->baton = baton;
    return leader_start(listener->leader, pchild, lead, member);
}
