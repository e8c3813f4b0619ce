/*
 * What is counted: the values of the labels, and where the numbers of each family stand in a meter. The names are in
 * base/meter_families.c, in this order.
 */
#ifndef GPT_OAUTH_BASE_METER_LIST_H
#define GPT_OAUTH_BASE_METER_LIST_H

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
    METER_CACHE_TOO_LONG,
    METER_LATENCY, /* of the database: the buckets, and then the sum in microseconds */
    METER_LATENCY_SUM = METER_LATENCY + LATENCY_BOUNDS + 1,
    METER_DATABASE_FAILURES,
    METER_POOL_WAITS,
    METER_POOL_WAIT_TIME, /* microseconds, as all times */
    METER_POOL_FULL,
    METER_POOL_SHUT,
    METER_POOL_CONNECTING,
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

#endif
