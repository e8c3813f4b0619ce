/*
 * Times as administrators write them, and as people read them.
 */
#ifndef GPT_OAUTH_BASE_TIMES_H
#define GPT_OAUTH_BASE_TIMES_H

#include <apr_pools.h>

#define TIMES_DAY  APR_INT64_C(86400)
#define TIMES_YEAR (365 * TIMES_DAY)

/* A number and s, m, h, d or y, or nothing for seconds. 1, or 0 when it is no such thing or longer than 100 years. */
int times_duration(const char *text, apr_int64_t *seconds);

/* As strftime has it, at most 31 bytes, UTC. */
const char *times_text(apr_pool_t *p, apr_int64_t seconds, const char *format);

/* A day, 2030-12-31: its first second, UTC. 1, or 0 when there is no such day between 1970 and 9999. */
int times_day(const char *text, apr_int64_t *seconds);

#endif
