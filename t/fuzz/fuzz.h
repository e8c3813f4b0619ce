/*
 * Targets for a fuzzer: each takes whatever bytes, gives them to a parser, and aborts where a property of what comes out does not
 * hold. ./check --fuzz runs them by libFuzzer, t/03-corpus.t with the inputs in corpus/ alone.
 */
#ifndef GPT_OAUTH_T_FUZZ_H
#define GPT_OAUTH_T_FUZZ_H

#include <apr_pools.h>

/* What must be so. Says where it is not, and aborts. */
#define HOLDS(property) ((property) ? (void)0 : fuzz_broken(#property, __FILE__, __LINE__))

void fuzz_broken(const char *property, const char *file, int line) __attribute__((noreturn));

/* p dies with the input; data is not terminated. */
typedef void fuzz_target_t(apr_pool_t *p, const char *data, apr_size_t size);

fuzz_target_t fuzz_documents, fuzz_json, fuzz_manifest, fuzz_openapi, fuzz_params, fuzz_scope, fuzz_template, fuzz_text,
    fuzz_token, fuzz_uri;

#endif
