/*
 * One target as libFuzzer wants it; FUZZ_TARGET is its function. Each allocation from a pool becomes one of malloc, since a pool's
 * blocks would hide a byte read or written beyond its end; they are freed after each input.
 */
#include "fuzz.h"
#include "base/crypto.h"

#include <apr_general.h>

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct block_t {
    struct block_t *next;
    void *memory;
} block_t;

static block_t *blocks;

/* Visible so that APR's own functions call it too. */
__attribute__((visibility("default"))) void *apr_palloc(apr_pool_t *p, apr_size_t size)
{
    block_t *block = malloc(sizeof(*block));

    (void)p;
    if (!block || !(block->memory = malloc(size))) {
        abort();
    }
    block->next = blocks;
    blocks = block;
    return block->memory;
}

static void free_blocks(const block_t *until)
{
    while (blocks != until) {
        block_t *next = blocks->next;

        free(blocks->memory);
        free(blocks);
        blocks = next;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (apr_initialize() != APR_SUCCESS || crypto_init() != APR_SUCCESS) {
        abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const block_t *before = blocks;
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    FUZZ_TARGET(p, (const char *)data, size);
    apr_pool_destroy(p);
    free_blocks(before);
    return 0;
}
