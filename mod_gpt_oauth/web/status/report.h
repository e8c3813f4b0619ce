/*
 * How one issuer is, as this httpd knows it: what was counted, what is measured at the moment, and what is not well.
 */
#ifndef GPT_OAUTH_WEB_REPORT_H
#define GPT_OAUTH_WEB_REPORT_H

#include <httpd.h>
#include <apr_tables.h>

#include "base/meter.h"
#include "base/meter_families.h"
#include "web/config/config.h"

/* What may be wrong, in this order; all are shown to machines, whether they are or not. */
typedef enum {
    CONCERN_DATABASE,
    CONCERN_SCHEMA,
    CONCERN_CLOCK,
    CONCERN_LISTENER,
    CONCERN_HIT_RATE,
    CONCERN_POOL,
    CONCERN_THROTTLES,
    CONCERN_KEYS,
    CONCERN_PASSWORDS,
    CONCERN_AUDIT,
    CONCERNS
} concern_t;

extern const char *const concern_names[CONCERNS];

/* A number of this moment. */
typedef struct gauge_t {
    const char *name, *help;
    const char *labels; /* {label="value"}, or "" */
    double value;
    int is_answer; /* to a question: 1 is yes, 0 no */
} gauge_t;

typedef struct report_t {
    const server_conf_t *conf;
    const char *version;
    apr_int64_t now;               /* seconds since 1970 */
    meter_reading_t counted;       /* base/meter_families.h says of what */
    apr_array_header_t *gauges;    /* gauge_t: those of one name side by side */
    const char *problem[CONCERNS]; /* a sentence; NULL: it is well */
    int problems;
} report_t;

/* Of the virtual host s, for the request r. Asks the database, unless it is known to be out of reach. */
report_t *report_make(request_rec *r, const server_rec *s);

/* So many of what was counted, from first on. */
apr_uint64_t report_sum(const apr_uint64_t *counted, int first, int count);

/* Something that was counted. */
typedef struct report_count_t {
    const meter_family_t *family;
    const char *outer, *inner; /* values of the family's labels; NULL: it has none */
    const char *labels;        /* both, as {a="b",c="d"}, or "" */
    double total, recent;
} report_count_t;

/* Calls each with all of them in order, the latency apart. */
typedef void report_count_fn(void *baton, const report_count_t *count);
void report_each(apr_pool_t *p, const report_t *report, report_count_fn *each, void *baton);

#endif
