/*
 * Reads a file whole, and refuses what is none before it is opened. Called for the files that directives and options name, in
 * web/, store/ and cli/.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#define SIZE_FIRST 4096 /* what says that it is empty may be of /proc */

const char *file_mode_problem(unsigned mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return NULL;
    case S_IFDIR: return "it is a directory";
    case S_IFIFO: return "it is a pipe";
    case S_IFSOCK: return "it is a socket";
    default: return "it is a device";
    }
}

/* It may grow while it is read. */
static const char *read_all(apr_pool_t *p, int fd, apr_size_t max, apr_size_t expected, file_t *file)
{
    apr_size_t capacity = (expected < max ? expected : max) + SIZE_FIRST;
    char *text = apr_palloc(p, capacity + 1);
    ssize_t got;

    file->size = 0;
    while ((got = read(fd, text + file->size, capacity - file->size)) != 0) {
        if (got < 0 && errno != EINTR) {
            return apr_pstrdup(p, strerror(errno));
        }
        file->size += got > 0 ? (apr_size_t)got : 0;
        if (file->size > max) {
            return apr_psprintf(p, "it has more than %" APR_SIZE_T_FMT " KB", max / 1024);
        }
        if (file->size == capacity) {
            char *more = apr_palloc(p, 2 * capacity + 1);

            memcpy(more, text, capacity);
            text = more;
            capacity *= 2;
        }
    }
    text[file->size] = '\0';
    file->text = text;
    return NULL;
}

const char *file_read(apr_pool_t *p, const char *path, apr_size_t max, file_t *file)
{
    const char *problem = file_kind_problem(path); /* before it is opened: devices do things then */
    struct stat info;
    int fd;

    if (problem) {
        return problem;
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return apr_pstrdup(p, strerror(errno));
    }
    problem = fstat(fd, &info) == 0 ? file_mode_problem(info.st_mode) : apr_pstrdup(p, strerror(errno));
    if (!problem) {
        file->mode = info.st_mode;
        problem = read_all(p, fd, max, (apr_size_t)info.st_size, file);
    }
    close(fd);
    return problem;
}

const char *file_kind_problem(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? file_mode_problem(info.st_mode) : NULL;
}
