/*
 * A clock that nobody sets: put the system's time back, and nobody waits longer for it.
 */
#ifndef GPT_OAUTH_BASE_CLOCK_H
#define GPT_OAUTH_BASE_CLOCK_H

#include <apr.h>
#include <time.h>

#define SECOND APR_INT64_C(1000000)

/* Microseconds. All deadlines and pauses are its times; it means nothing on another machine or after a restart. */
static inline apr_int64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec / 1000;
}

#endif
