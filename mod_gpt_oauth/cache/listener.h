/*
 * Hears of revocations in the database for all processes of one httpd, one of which leads (base/leader.h), and tells the cache.
 *
 * The leader listens, forgets everything that the cache held before, and has it proved that what is said in the database is
 * heard here; then it asks some times a second whether that is still so, and after each answer lets the cache be trusted until a
 * second after the question. So whatever breaks, a revocation is in force a second later: answers count no more, and each request
 * asks the database.
 */
#ifndef GPT_OAUTH_CACHE_LISTENER_H
#define GPT_OAUTH_CACHE_LISTENER_H

#include <apr_pools.h>

#include "cache/cache.h"
#include "store/source.h"

typedef struct listener_t listener_t;

typedef enum {
    LISTENER_NONE,    /* nothing to tell yet */
    LISTENER_TRUSTED, /* everything is heard (again) */
    LISTENER_LOST,    /* not so any more, or not yet */
    LISTENER_DEAF     /* the same: a pooler stands between, or the two connections lead to different databases */
} listener_state_t;

/* Of a change, once for all processes. why is one sentence without secrets; NULL for LISTENER_TRUSTED. On the thread. */
typedef void listener_told_fn(void *baton, listener_state_t state, const char *why);

/* Of each thing that was heard, after it is in force: a few words without secrets. On the thread. */
typedef void listener_heard_fn(void *baton, const char *what);

/*
 * In the parent, before the children begin. conninfo says where to listen; it is of no meaning on SQLite. It and cache live as
 * long as pconf.
 */
apr_status_t listener_create(listener_t **listener, apr_pool_t *pconf, cache_t *cache, const char *conninfo);

/*
 * In each child: a thread, as long as it has requests. source leads to the cache's database.
 */
apr_status_t listener_start(listener_t *listener, apr_pool_t *pchild, store_source_t *source, listener_told_fn *told,
                            listener_heard_fn *heard, void *baton);

#endif
