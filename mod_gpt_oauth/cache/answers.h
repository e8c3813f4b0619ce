/*
 * The answers of store_access_get and store_key_get, kept in the cache of store->cache (NULL: none is kept). Without an answer
 * that counts, the caller may look at the token's tag before it asks the database: only what was once asked for is kept, so
 * that invented tokens leave no trace.
 */
#ifndef GPT_OAUTH_CACHE_ANSWERS_H
#define GPT_OAUTH_CACHE_ANSWERS_H

#include "cache/cache.h"
#include "store/store.h"

typedef enum {
    ANSWER_NONE, /* ask the database */
    ANSWER_FOUND,
    ANSWER_UNKNOWN /* the database did not know it */
} answer_t;

answer_t answer_access(store_t *store, const digest_t *hash, access_t **access);
answer_t answer_key(store_t *store, const digest_t *hash, service_key_t **key);

/* Asks the database, and keeps what it says. As store_access_get and store_key_get. */
store_status_t answer_ask_access(store_t *store, const digest_t *hash, access_t **access);
store_status_t answer_ask_key(store_t *store, const digest_t *hash, service_key_t **key);

#endif
