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

#include "base/meter_list.h"

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
    apr_time_t began;            /* when counting did */
    apr_int64_t age;             /* of the total, in microseconds */
    apr_int64_t span;            /* of the recent: an hour, and minutes more or less */
} meter_reading_t;

void meter_read(const meter_t *meter, apr_int64_t now, meter_reading_t *reading);

#endif
