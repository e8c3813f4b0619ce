/*
 * Counts of many parties in windows of time, in memory of a fixed size that may be shared by processes. Without locks; any
 * thread. A party has a few places. Who needs one takes that of a past window, else the lowest count, and never one that is above
 * its limit: so nobody gets rid of his own by inventing others. Of parties that come at the same moment a few may be counted
 * short.
 */
#ifndef GPT_OAUTH_BASE_COUNTS_H
#define GPT_OAUTH_BASE_COUNTS_H

#include <apr.h>

#define COUNTS_WAYS 8
#define COUNTS_MAX  0xffff

typedef struct count_t {
    _Atomic(apr_uint64_t) count; /* 32 bits of whose it is, 16 of which window, 16 of how many */
    _Atomic(apr_uint64_t) note;  /* the counter's own; 0 when a place changes hands */
} count_t;

/* COUNTS_WAYS times buckets of count_t, all zero at first; for one limit. */
typedef struct counts_t {
    count_t *places;
    apr_size_t buckets;
    unsigned limit; /* below COUNTS_MAX */
} counts_t;

/*
 * One more for the party of this key (a hash) in this window; gives its count then, and its place in *place. Where all places are
 * of parties above the limit it is as if this one were far above any: COUNTS_MAX, and *place is NULL.
 */
unsigned counts_add(const counts_t *counts, apr_uint64_t key, apr_uint32_t window, count_t **place);

/* The count of this party in this window, without counting. */
unsigned counts_get(const counts_t *counts, apr_uint64_t key, apr_uint32_t window);

/* One less, down to none; nothing where the party has no place. */
void counts_take_back(const counts_t *counts, apr_uint64_t key, apr_uint32_t window);

/* Begins at one again, if place is still this party's; else nothing. */
void counts_begin_anew(count_t *place, apr_uint64_t key, apr_uint32_t window);

#endif
