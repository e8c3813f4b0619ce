/*
 * Hears what ends or restores the validity of tokens and service keys, whoever changes it in the database: by LISTEN on a
 * connection of its own on PostgreSQL, by looking at a counter on SQLite (sql/…/0004-revocations.sql). One thread; called by
 * cache/listener.c.
 */
#ifndef GPT_OAUTH_STORE_LISTEN_H
#define GPT_OAUTH_STORE_LISTEN_H

#include <apr_pools.h>

#include "store/store.h"

typedef enum {
    LISTEN_OK,
    LISTEN_LOST,   /* nothing is heard (any more): end, and start again; problem says why, in one sentence without secrets */
    LISTEN_DEAF,   /* the same, since what was said elsewhere does not arrive */
    LISTEN_STOPPED /* wake can be read */
} listen_status_t;

typedef enum { HEARD_ALL, HEARD_TOKEN, HEARD_KEY, HEARD_GRANT, HEARD_CLIENT, HEARD_USER } heard_t;

/*
 * id: the hash of a token or key (DIGEST_SIZE bytes), the id of a grant or client, the name of a user; for HEARD_ALL what was
 * said, which means nothing more.
 */
typedef void listen_heard_fn(void *baton, heard_t what, const void *id, apr_size_t size);

typedef struct listen_t {
    apr_pool_t *pool;       /* from start to end */
    store_source_t *source; /* connections to the same database, as requests use them */
    const char *conninfo;   /* where to listen; not looked at on SQLite */
    int wake;               /* a descriptor: as long as it can be read, there is no waiting */
    listen_heard_fn *heard;
    void *baton;
    const char *problem;
    apr_int64_t server;        /* by start: the one that is listened to, as store_t has it */
    struct session_t *session; /* of the database's kind, by start */
} listen_t;

typedef struct listening_t {
    apr_int64_t interval; /* between probes, in microseconds */
    /* NULL, or what is wrong with this conninfo, in one sentence without secrets. Connects nowhere. */
    const char *(*conninfo_problem)(apr_pool_t *p, const char *conninfo);
    /* On LISTEN_OK everything that is committed from now on will be heard, or one of the others will not say LISTEN_OK. */
    listen_status_t (*start)(listen_t *listen);
    /* Has something said by way of the source, and waits until it is heard: that both lead to the same database, and no pooler
     * stands between. */
    listen_status_t (*prove)(listen_t *listen);
    /* That the source still leads to that server, where it can be asked: whoever opens a connection anew may get to another. */
    listen_status_t (*compare)(listen_t *listen);
    /* Hears for so many microseconds. */
    listen_status_t (*wait)(listen_t *listen, apr_int64_t time);
    /* On LISTEN_OK everything has been heard that was committed before the call. */
    listen_status_t (*probe)(listen_t *listen);
    void (*end)(listen_t *listen); /* after each start, whatever it said */
} listening_t;

extern const listening_t listening_pgsql;
extern const listening_t listening_sqlite;

#endif
