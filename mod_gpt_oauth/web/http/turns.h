/*
 * Whose turn it is to fetch a document: all children together fetch one at a time from each host, and one at a time for each
 * caller; and what failed a moment ago and is not asked again. A host is blamed only for what all its documents share (name,
 * connection, TLS, time), or one document could block another. A child that dies during its turn loses it after TURN seconds.
 */
#ifndef GPT_OAUTH_WEB_TURNS_H
#define GPT_OAUTH_WEB_TURNS_H

#include <httpd.h>

/* post_config, in the parent. */
apr_status_t turns_create(apr_pool_t *pconf);

typedef struct turn_t {
    void *host, *caller;              /* places in the shared memory */
    apr_uint64_t host_ticket, ticket; /* by which they are held */
    int is_counted;                   /* as a document that the caller's address asked for */
} turn_t;

/* Waits for a turn, for seconds at most, since it holds a thread. 0: it takes too long, or too many wait for this caller. */
int turn_take(request_rec *r, const char *url, turn_t *turn);
void turn_leave(turn_t *turn);

/* What became of the last attempt. */
typedef enum {
    FAILED_NOT,    /* nothing is known */
    FAILED_SILENT, /* no answer, or one that says that the server is out of order */
    FAILED_REFUSED /* an answer, and no document in it that could be used */
} failed_t;

/* For a minute from now on the host of url, or url alone, is not asked. */
void turns_blame_host(apr_pool_t *p, const char *url, failed_t how);
void turns_blame_url(apr_pool_t *p, const char *url, failed_t how);

failed_t turns_failed(apr_pool_t *p, const char *url);

#endif
