/*
 * What one httpd knows of the access tokens and service keys of one database, in memory that its processes share. An answer
 * counts while
 *   - the listener vouches that no revocation has gone unheard (cache_trust),
 *   - it is younger than GPTOAuthCacheTTL,
 *   - nothing that it rests on was killed since it was asked for.
 * Whether the token has expired, the caller judges each time.
 *
 * Kills. There are 65,536 counters, and an answer keeps the values of four: of its token or key, grant, client and user. A kill,
 * after its commit, adds one to the global count and then to its counter. Who asks the database reads the global count before,
 * the counters after, and then the global count once more; the answer is kept only if that is unchanged. Say the database
 * answered as before a kill. Then the kill adds to the global count after our first reading. If the last reading sees that,
 * nothing is kept. If not, no reading of a counter has seen the kill's (it comes after, and all of these are ordered), so
 * what is kept has the old value, and counts no longer as soon as the kill is done. So nothing is lost between the question
 * and the keeping, nobody searches the table, and two ids on one counter cost a look-up at most. Killing everything is the
 * same, with the epoch for a counter.
 */
#ifndef GPT_OAUTH_CACHE_CACHE_H
#define GPT_OAUTH_CACHE_CACHE_H

#include <apr_pools.h>

#include "base/crypto.h"
#include "cache/slots.h"

/* One issuer's view of it. Read by all threads and processes. */
typedef struct cache_t cache_t;

typedef enum { KILL_TOKEN, KILL_KEY, KILL_GRANT, KILL_CLIENT, KILL_USER } kill_t;

/* Slots are made for a quarter more than are asked for, since chance fills some sets before others. */
#define CACHE_SLOTS_MAX 100000000

/*
 * In the parent, before the children begin: anonymous memory, of which only what is used is ever taken from the system. slots are
 * those of living tokens; dead and unknown ones share an eighth of as many for themselves. ttl is in microseconds.
 */
apr_status_t cache_create(cache_t **cache, apr_pool_t *pconf, apr_uint32_t slots, apr_int64_t ttl);

/* The same memory as another issuer of the same database sees it. */
cache_t *cache_at(const cache_t *cache, apr_pool_t *p, const char *issuer);

/* Microseconds that go on while the machine sleeps (CLOCK_BOOTTIME). */
apr_int64_t cache_clock(void);

/*
 * To be called after the commit: what rests on this token or key (DIGEST_SIZE bytes of its hash), grant, client (id) or user
 * (name) is asked for again, by all processes of this httpd. Any thread; a NULL cache is none.
 */
void cache_kill(cache_t *cache, kill_t kind, const void *id, apr_size_t size);

/*
 * The same for everything. Whoever listens calls it when the notifications have begun to come, before it first vouches for that.
 */
void cache_kill_all(cache_t *cache);

/*
 * Answers of this server (store_t) count until then, in time of cache_clock. It never goes back; but an answer of another server
 * ends all: what is said there is not heard.
 */
void cache_trust(cache_t *cache, apr_int64_t until, apr_int64_t server);

/* 1 while answers count. */
int cache_is_trusted(const cache_t *cache);

/* ---- for the records of cache/ ---- */

#define CACHE_RECORD_MAX ((SLOT_CONTENT_WORDS - 5) * 8)

/* What is kept of an answer. */
typedef struct cache_record_t {
    int form;   /* says how to read it; a key is always of the same one */
    int size;   /* in bytes; more than CACHE_RECORD_MAX is not kept */
    char *text; /* room for CACHE_RECORD_MAX bytes, aligned to 8 */
} cache_record_t;

/* Taken before the database is asked. */
typedef struct cache_ticket_t {
    int is_good; /* 0: nothing would be kept */
    apr_uint64_t kills;
} cache_ticket_t;

/* What an answer rests on. NULL: on none. */
typedef struct cache_roots_t {
    apr_int64_t server; /* that answered */
    kill_t kind;        /* of the hash */
    const digest_t *hash;
    const char *grant_id, *client_id, *username;
} cache_roots_t;

/* 1 and the record, of this form. 0: there is none that counts. A NULL cache is none. */
int cache_find(const cache_t *cache, const digest_t *hash, int form, cache_record_t *record);

cache_ticket_t cache_ticket(const cache_t *cache);
/* is_dead: with the dead ones. */
void cache_keep(cache_t *cache, cache_ticket_t ticket, const cache_roots_t *roots, int is_dead, const cache_record_t *record);

#endif
