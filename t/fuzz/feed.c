/*
 * Feeds files to a target, as a test without a fuzzer: feed NAME FILE... A crash ends the program; else each file is one line
 * of its output.
 */
#include "fuzz.h"
#include "base/crypto.h"

#include <apr_file_io.h>
#include <apr_general.h>

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    fuzz_target_t *target;
} targets[] = {
    { "documents", fuzz_documents }, { "json", fuzz_json },   { "manifest", fuzz_manifest }, { "openapi", fuzz_openapi },
    { "params", fuzz_params },       { "scope", fuzz_scope }, { "template", fuzz_template }, { "text", fuzz_text },
    { "token", fuzz_token },         { "uri", fuzz_uri },
};

static int feed_file(fuzz_target_t *target, const char *name)
{
    apr_pool_t *p;
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t size = 0;
    char *data = NULL;
    int done;

    apr_pool_create(&p, NULL);
    done = apr_file_open(&file, name, APR_READ, APR_OS_DEFAULT, p) == APR_SUCCESS &&
           apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS;
    if (done) {
        data = apr_palloc(p, (apr_size_t)info.size + 1);
        done = info.size == 0 || apr_file_read_full(file, data, (apr_size_t)info.size, &size) == APR_SUCCESS;
    }
    if (done) {
        target(p, data, size);
        printf("%s\n", name);
    } else {
        fprintf(stderr, "cannot read %s\n", name);
    }
    apr_pool_destroy(p);
    return done;
}

int main(int argc, char **argv)
{
    fuzz_target_t *target = NULL;
    int done = 1;

    for (size_t i = 0; argc > 1 && i < sizeof(targets) / sizeof(targets[0]); i++) {
        target = strcmp(targets[i].name, argv[1]) == 0 ? targets[i].target : target;
    }
    if (!target || apr_initialize() != APR_SUCCESS || crypto_init() != APR_SUCCESS) {
        fprintf(stderr, "usage: feed TARGET FILE...\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 2; i < argc; i++) {
        done = feed_file(target, argv[i]) && done;
    }
    apr_terminate();
    return !done;
}
