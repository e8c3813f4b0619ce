/*
 * Names of people without what spelling may vary, as a directory compares them (RFC 4518; RFC 8265 section 3.3 folds less).
 */
#ifndef GPT_OAUTH_BASE_FOLD_H
#define GPT_OAUTH_BASE_FOLD_H

#include <apr_pools.h>

/* Longer ones are nobody's. */
#define NAME_MAX_BYTES 255

/*
 * What all spellings of a name have in common: NFKC of its case folding, without characters that show nothing, each run of spaces
 * one space and none at the ends. For counting and for comparing, never for showing. What is longer than NAME_MAX_BYTES or is no
 * UTF-8 comes back as it is.
 */
const char *name_fold(apr_pool_t *p, const char *name);

/* NULL when folding changes nothing in a name (UTF-8, of NAME_MAX_BYTES at most) but the case of its letters; else a sentence. */
const char *name_spelling_problem(apr_pool_t *p, const char *name);

#endif
