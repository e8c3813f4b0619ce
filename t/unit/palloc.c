/*
 * Under AddressSanitizer each allocation from a pool becomes one of malloc: a pool's blocks would hide a byte read or written
 * beyond its end. They live to the end of the process, held by a list so that the leak check does not count them. The symbol
 * is visible so that APR's own functions call it too.
 */
#include "tap.h"

#ifdef __SANITIZE_ADDRESS__

#include <stdlib.h>

typedef struct block_t {
    struct block_t *next;
    void *memory;
} block_t;

static block_t *blocks;

__attribute__((visibility("default"))) void *apr_palloc(apr_pool_t *p, apr_size_t size)
{
    block_t *block = malloc(sizeof(*block));

    (void)p;
    if (!block) {
        abort();
    }
    block->memory = malloc(size);
    block->next = blocks;
    blocks = block;
    return block->memory;
}

#endif
