/*
 * What happened, counted: for each issuer one number of everything there is in meter_families.c. Each thread counts in lines of
 * memory that nobody else writes to, so that counting costs a load and a store; who reads adds all of them up. The memory is of
 * all of httpd's processes, and outlives them: it belongs to the parent, and a graceful restart finds it as it was.
 *
 * A thread takes a slot when it first counts, and gives it back, with its numbers, when it ends; the next one to take it counts
 * on from there. The slots of a process that was killed are free again when the next child begins. Threads that find none free
 * share one, by atomic additions.
 */
#ifndef GPT_OAUTH_BASE_METER_H
#define GPT_OAUTH_BASE_METER_H

#include <apr_pools.h>

/* The values of labels, in the order of meter_families.c. */
typedef enum {
    ENDPOINT_METER_HELLO,
    ENDPOINT_METER_AUTHORIZE,
    ENDPOINT_METER_APPS,
    ENDPOINT_METER_CONSOLE,
    ENDPOINT_METER_LOGO,
    ENDPOINT_METER_TOKEN,
    ENDPOINT_METER_REVOKE,
    ENDPOINT_METER_INTROSPECT,
    ENDPOINT_METER_REGISTER,
    ENDPOINT_METER_METADATA,
    ENDPOINT_METER_RESOURCE,
    ENDPOINT_METER_MANIFEST,
    ENDPOINT_METER_OPENAPI,
    ENDPOINT_METER_STATUS,
    ENDPOINT_METER_HEALTH,
    ENDPOINT_METER_OTHER, /* the module's own, and nothing there */
    ENDPOINT_METERS
} endpoint_meter_t;

typedef enum { RESULT_SUCCESS, RESULT_REDIRECT, RESULT_REFUSED, RESULT_THROTTLED, RESULT_FAILED, RESULTS } result_meter_t;

typedef enum { GRANT_METER_CODE, GRANT_METER_REFRESH, GRANT_METER_CLIENT, GRANT_METERS } grant_meter_t;

typedef enum {
    SIGN_IN_METER_SUCCESS,
    SIGN_IN_METER_ONE_TIME,
    SIGN_IN_METER_WRONG,
    SIGN_IN_METER_THROTTLED,
    SIGN_IN_METER_BUSY,
    SIGN_IN_METER_FAILED,
    SIGN_IN_METERS
} sign_in_meter_t;

/* What became of a guarded request. */
typedef enum {
    VERDICT_NONE, /* of a failure: its OAuth error says enough; never counted */
    VERDICT_ALLOWED,
    VERDICT_PREFLIGHT,
    VERDICT_NO_CREDENTIAL,
    VERDICT_MALFORMED,
    VERDICT_FOREIGN, /* not a token of this server */
    VERDICT_UNKNOWN,
    VERDICT_EXPIRED,
    VERDICT_REVOKED,
    VERDICT_DISABLED, /* its client or user */
    VERDICT_OTHER_RESOURCE,
    VERDICT_KEY, /* a service key that does not open this */
    VERDICT_SCOPE,
    VERDICT_FORBIDDEN,
    VERDICT_THROTTLED,
    VERDICT_PLAIN_HTTP,
    VERDICT_UNAVAILABLE,
    VERDICTS
} verdict_meter_t;

typedef enum {
    REGISTRATION_METER_NEW,
    REGISTRATION_METER_KNOWN,
    REGISTRATION_METER_REFUSED,
    REGISTRATION_METERS
} registration_meter_t;

typedef enum { DOCUMENT_METER_SUCCESS, DOCUMENT_METER_SILENT, DOCUMENT_METER_REFUSED, DOCUMENT_METERS } document_meter_t;

#define METERED_THROTTLES 9  /* those of web/http/throttle.h */
#define LATENCY_BOUNDS    12 /* of the histogram; above the last there is one bucket more */

/* Where the numbers of a family begin: each is followed by one for each combination of its labels. */
enum {
    METER_REQUESTS = 0,
    METER_CODES = METER_REQUESTS + ENDPOINT_METERS * RESULTS,
    METER_TOKENS,
    METER_SIGN_INS = METER_TOKENS + GRANT_METERS,
    METER_VERDICTS = METER_SIGN_INS + SIGN_IN_METERS,
    METER_CACHE_HITS = METER_VERDICTS + VERDICTS,
    METER_CACHE_MISSES,
    METER_LATENCY, /* of the database: the buckets, and then the sum in microseconds */
    METER_LATENCY_SUM = METER_LATENCY + LATENCY_BOUNDS + 1,
    METER_DATABASE_FAILURES,
    METER_POOL_WAITS,
    METER_POOL_WAIT_TIME, /* microseconds, as all times */
    METER_POOL_FULL,
    METER_POOL_SHUT,
    METER_HASHES,
    METER_HASH_TIME,
    METER_TURNED_AWAY,
    METER_REGISTRATIONS,
    METER_DOCUMENTS = METER_REGISTRATIONS + REGISTRATION_METERS,
    METER_PURGED = METER_DOCUMENTS + DOCUMENT_METERS,
    METER_AUDIT_WRITTEN,
    METER_AUDIT_LOST,
    METER_THROTTLED,
    METERS = METER_THROTTLED + METERED_THROTTLES
};

/* One issuer's. */
typedef struct meter_t meter_t;

/*
 * In the parent: the meter of that issuer, which lasts as long as process (the pool of server_rec.process) and is the same one
 * after a restart. threads: how many there may be in all processes together. What the system says, where there is no memory.
 */
apr_status_t meter_create(meter_t **meter, apr_pool_t *process, int threads, const char *issuer);

/* In each child, before its threads begin. */
void meter_child_init(apr_pool_t *pchild);

/* n more of this (METER_CODES and so on). Any thread of a child; a NULL meter is none. */
void meter_add(meter_t *meter, int which, apr_uint64_t n);

/* So many microseconds the database took. */
void meter_latency(meter_t *meter, apr_int64_t took);

/* Notes all numbers, for meter_read; once a minute, by clock_us, whoever calls more often. In the parent. */
void meter_note(meter_t *meter, apr_int64_t now);

typedef struct meter_reading_t {
    apr_uint64_t total[METERS];  /* since httpd was started */
    apr_uint64_t recent[METERS]; /* of the last hour */
    apr_int64_t age;             /* of the total, in microseconds */
    apr_int64_t span;            /* of the recent: an hour, and minutes more or less */
} meter_reading_t;

void meter_read(const meter_t *meter, apr_int64_t now, meter_reading_t *reading);

#endif
