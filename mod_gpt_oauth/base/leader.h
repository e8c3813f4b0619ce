/*
 * Work that one of httpd's processes does for all of them. Each has a thread for it; one thread at a time leads, whoever got hold
 * of a mutex in shared memory, and the others wait to take its place: it ends with its process, or is killed with it.
 */
#ifndef GPT_OAUTH_BASE_LEADER_H
#define GPT_OAUTH_BASE_LEADER_H

#include <apr_pools.h>

typedef struct leader_t leader_t;

/* The thread's side of it. */
typedef struct leading_t {
    apr_pool_t *pool; /* the thread's alone */
    int wake;         /* a descriptor: when it can be read, the process ends, and so must the thread */
} leading_t;

/* Leads until leading->wake can be read. On the thread. */
typedef void lead_fn(void *baton, const leading_t *leading);

/* In the parent, before the children begin. Lasts as long as pconf. */
apr_status_t leader_create(leader_t **leader, apr_pool_t *pconf);

/*
 * In each child. The thread ends before anything of pchild is cleaned up: in a process that httpd lets go gracefully, when its
 * last request is answered.
 */
apr_status_t leader_start(leader_t *leader, apr_pool_t *pchild, lead_fn *lead, void *baton);

/* Waits so many microseconds. 1: the thread must end, at once. */
int leader_must_end(const leading_t *leading, apr_int64_t time);

#endif
