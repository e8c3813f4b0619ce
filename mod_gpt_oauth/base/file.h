/*
 * Files that an administrator names, where a path may lead to anything: what never ends, or waits for another side, is told from
 * a file before it does harm.
 */
#ifndef GPT_OAUTH_BASE_FILE_H
#define GPT_OAUTH_BASE_FILE_H

#include <apr_pools.h>

/* For a file that holds some lines, such as a key or the settings of a database. */
#define FILE_LINES_MAX (64 * 1024)

typedef struct file_t {
    const char *text; /* a NUL follows, which size does not count */
    apr_size_t size;
    unsigned mode; /* st_mode */
} file_t;

/* The whole of a regular file of at most max bytes, in p. NULL, or why it cannot be read. Never waits. */
const char *file_read(apr_pool_t *p, const char *path, apr_size_t max, file_t *file);

/* What stands at path and is no file, as "it is a device"; NULL for a file, or where there is nothing that can be seen. */
const char *file_kind_problem(const char *path);

/* The same of an st_mode. */
const char *file_mode_problem(unsigned mode);

#endif
