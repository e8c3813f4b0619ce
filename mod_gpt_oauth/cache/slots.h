/*
 * Places for answers in memory that processes share: found by key in constant time, by readers that take no lock and write
 * nothing. A full set forgets what has stood there longest. What is kept may vanish at any time: to the caller that is a miss.
 *
 * Order of memory. A slot has a count, even while it may be read and odd while it is being written. A writer makes it odd by
 * compare-and-exchange (one writer at most, nobody waits), stores the words with release and then the next even count with
 * release. A reader loads the count with acquire, the words with acquire, and the count again. Had it seen a word of a later
 * writing, that load would have acquired what the writer did before, which includes the odd count: the count would not be the
 * same. Had it missed a word of the writing that its first count names, that count's release and its own acquire would have been
 * broken. So what is read between two equal even counts is one whole writing. Counts have 64 bits and never return.
 *
 * A process that is killed while it writes leaves an odd count: the slot is neither read nor written ever after, and the rest
 * goes on. Beside the slots stand marks (32 bits of key, 32 of age) that only say where to look: a wrong one costs a miss.
 */
#ifndef GPT_OAUTH_CACHE_SLOTS_H
#define GPT_OAUTH_CACHE_SLOTS_H

#include <apr.h>

/* A word that several processes read and write at once. */
typedef _Atomic(apr_uint64_t) word_t;

#define SLOT_KEY_WORDS     5
#define SLOT_CONTENT_WORDS 73
#define SLOT_WAYS          16 /* slots in a set: in one of these a key is, if it is anywhere */

typedef struct slot_key_t {
    apr_uint64_t word[SLOT_KEY_WORDS]; /* the first two as good as random: they choose the set and the mark */
} slot_key_t;

typedef struct slots_t {
    apr_uint32_t sets;
    word_t *marks;        /* SLOT_WAYS for each set */
    struct slot_t *slots; /* as many */
} slots_t;

/* Bytes that count slots (rounded up to whole sets) take, and the slots in such memory, all of it 0 and aligned to 64 bytes. */
apr_size_t slots_size(apr_uint32_t count);
slots_t slots_in(void *memory, apr_uint32_t count);

/* How many words were found and copied into content, which has room for SLOT_CONTENT_WORDS; 0: none. Any thread. */
int slots_find(const slots_t *slots, const slot_key_t *key, apr_uint64_t *content);

/* In place of what this key had, else of nothing, else of the oldest; seconds is the age. Any thread. */
void slots_put(const slots_t *slots, const slot_key_t *key, const apr_uint64_t *content, int words, apr_uint32_t seconds);

#endif
