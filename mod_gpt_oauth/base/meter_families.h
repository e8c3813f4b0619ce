/*
 * The names of what is counted (base/meter_list.h), as OpenMetrics has them: base units, counters that end in _total, and labels
 * with fixed sets of values, of which nothing comes from a request.
 */
#ifndef GPT_OAUTH_BASE_METER_FAMILIES_H
#define GPT_OAUTH_BASE_METER_FAMILIES_H

#include <apr.h>

#include "base/meter_list.h"

typedef enum {
    METER_IS_COUNT,
    METER_IS_TIME,     /* counted in microseconds, told in seconds */
    METER_IS_HISTOGRAM /* of seconds: the buckets, and then the sum in microseconds */
} meter_kind_t;

typedef struct meter_family_t {
    const char *name, *help;
    meter_kind_t kind;
    int first;       /* METER_CODES and so on */
    int first_value; /* of the inner label: what is below is never counted */
    struct {
        const char *name; /* NULL: no such label */
        const char *const *values;
        int count;
    } outer, inner; /* the numbers of the inner label stand side by side */
} meter_family_t;

/* Ends with name NULL. */
extern const meter_family_t meter_families[];

/* The bounds of the histogram, in microseconds. */
extern const apr_int64_t meter_bounds[LATENCY_BOUNDS];

#endif
