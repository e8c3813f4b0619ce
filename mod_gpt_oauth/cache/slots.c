/*
 * Reads and writes the slots; the header has the argument why what is read is whole. Called by cache.c. Knows nothing of tokens.
 */
#include "cache/slots.h"

#include <stdatomic.h>
#include <string.h>

struct slot_t {
    _Alignas(64) word_t count;
    word_t key[SLOT_KEY_WORDS];
    word_t words;
    word_t content[SLOT_CONTENT_WORDS];
};

static apr_uint32_t sets_of(apr_uint32_t count)
{
    return count / SLOT_WAYS + (count % SLOT_WAYS != 0);
}

apr_size_t slots_size(apr_uint32_t count)
{
    return (apr_size_t)sets_of(count) * SLOT_WAYS * (sizeof(word_t) + sizeof(struct slot_t));
}

slots_t slots_in(void *memory, apr_uint32_t count)
{
    apr_uint32_t sets = sets_of(count);
    char *after_marks = (char *)memory + (apr_size_t)sets * SLOT_WAYS * sizeof(word_t);

    return (slots_t){ .sets = sets, .marks = memory, .slots = (void *)after_marks };
}

/* The first of the set's places, among the marks as among the slots. */
static apr_size_t set_of(const slots_t *slots, const slot_key_t *key)
{
    return (apr_size_t)((key->word[0] >> 32) * slots->sets >> 32) * SLOT_WAYS;
}

static apr_uint32_t tag_of(const slot_key_t *key)
{
    return (apr_uint32_t)(key->word[1] ^ key->word[SLOT_KEY_WORDS - 1]);
}

static int read_slot(const struct slot_t *slot, const slot_key_t *key, apr_uint64_t *content)
{
    apr_uint64_t count = atomic_load_explicit(&slot->count, memory_order_acquire), words;

    if (count % 2) {
        return 0;
    }
    for (int i = 0; i < SLOT_KEY_WORDS; i++) {
        if (atomic_load_explicit(&slot->key[i], memory_order_acquire) != key->word[i]) {
            return 0;
        }
    }
    words = atomic_load_explicit(&slot->words, memory_order_acquire);
    if (words > SLOT_CONTENT_WORDS) {
        return 0;
    }
    for (apr_uint64_t i = 0; i < words; i++) {
        content[i] = atomic_load_explicit(&slot->content[i], memory_order_acquire);
    }
    return atomic_load_explicit(&slot->count, memory_order_relaxed) == count ? (int)words : 0;
}

int slots_find(const slots_t *slots, const slot_key_t *key, apr_uint64_t *content)
{
    apr_size_t set = set_of(slots, key);
    apr_uint32_t tag = tag_of(key);

    for (apr_size_t way = set; way < set + SLOT_WAYS; way++) {
        if ((apr_uint32_t)atomic_load_explicit(&slots->marks[way], memory_order_relaxed) == tag) {
            int words = read_slot(&slots->slots[way], key, content);

            if (words) {
                return words;
            }
        }
    }
    return 0;
}

/* 0 when somebody else writes there, or was killed over it. */
static int write_slot(struct slot_t *slot, const slot_key_t *key, const apr_uint64_t *content, int words)
{
    apr_uint64_t count = atomic_load_explicit(&slot->count, memory_order_relaxed);

    if (count % 2 ||
        !atomic_compare_exchange_strong_explicit(&slot->count, &count, count + 1, memory_order_acq_rel, memory_order_relaxed)) {
        return 0;
    }
    for (int i = 0; i < SLOT_KEY_WORDS; i++) {
        atomic_store_explicit(&slot->key[i], key->word[i], memory_order_release);
    }
    atomic_store_explicit(&slot->words, (apr_uint64_t)words, memory_order_release);
    for (int i = 0; i < words; i++) {
        atomic_store_explicit(&slot->content[i], content[i], memory_order_release);
    }
    atomic_store_explicit(&slot->count, count + 2, memory_order_release);
    return 1;
}

/* Least where it should be written first: the key's own place, then an empty one, then the oldest. */
static apr_uint64_t rank(apr_uint64_t mark, apr_uint32_t tag)
{
    return mark && (apr_uint32_t)mark == tag ? 0 : 1 + (mark >> 32);
}

void slots_put(const slots_t *slots, const slot_key_t *key, const apr_uint64_t *content, int words, apr_uint32_t seconds)
{
    apr_size_t set = set_of(slots, key);
    apr_uint32_t tag = tag_of(key), passed = 0; /* the ways where writing failed, as bits */

    for (int tries = 0; tries < SLOT_WAYS; tries++) {
        apr_uint64_t least = APR_UINT64_MAX;
        int best = 0;

        for (int way = 0; way < SLOT_WAYS; way++) {
            apr_uint64_t here = rank(atomic_load_explicit(&slots->marks[set + (apr_size_t)way], memory_order_relaxed), tag);

            if (!(passed & 1u << way) && here < least) {
                least = here;
                best = way;
            }
        }
        if (write_slot(&slots->slots[set + (apr_size_t)best], key, content, words)) {
            atomic_store_explicit(&slots->marks[set + (apr_size_t)best], (apr_uint64_t)seconds << 32 | tag, memory_order_relaxed);
            return;
        }
        passed |= 1u << best;
    }
}
