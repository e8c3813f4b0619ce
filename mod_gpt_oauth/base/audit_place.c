/*
 * Judges where the audit log goes and opens the file, so that httpd and the command cannot differ about it. Called by
 * web/setup/directives_audit.c, web/http/audit.c and cli/audit.c.
 */
#include "base/audit_place.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Whoever else may write to the folder could put another file in the place of the log, or take it away. */
static const char *judge_folder(apr_pool_t *p, const char *folder)
{
    struct stat info;
    mode_t writers;

    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return apr_psprintf(p, "there is no folder %s; make it, or name another", folder);
    }
    writers = info.st_mode & S_ISVTX ? 0 : info.st_mode & (info.st_gid == 0 ? S_IWOTH : S_IWGRP | S_IWOTH);
    if (writers || (info.st_uid != 0 && info.st_uid != geteuid())) {
        return apr_psprintf(p, "others than root may write to the folder %s; make one of root's for it, with mode 750", folder);
    }
    return NULL;
}

static const char *judge_kind(const struct stat *info)
{
    return S_ISLNK(info->st_mode)    ? "it is a symbolic link"
           : !S_ISREG(info->st_mode) ? file_mode_problem(info->st_mode)
           : info->st_nlink != 1     ? "it has other names (hard links), or was just deleted"
                                     : NULL;
}

static const char *judge_file(apr_pool_t *p, audit_place_t *place)
{
    const char *slash = strrchr(place->file, '/');
    const char *folder = slash == place->file ? "/" : apr_pstrmemdup(p, place->file, (apr_size_t)(slash - place->file));
    struct stat info;
    int is_there = lstat(place->file, &info) == 0;
    const char *problem = is_there ? judge_kind(&info) : NULL;

    if (problem) {
        return apr_psprintf(p, "%s cannot be an audit log: %s", place->file, problem);
    }
    place->is_open = is_there && info.st_mode & S_IROTH;
    return judge_folder(p, folder);
}

/* Without a shell, as for CustomLog "|…". */
static const char *judge_program(apr_pool_t *p, audit_place_t *place)
{
    struct stat info;

    if (apr_tokenize_to_argv(place->program, &place->words, p) != APR_SUCCESS || !place->words[0] || *place->words[0] != '/') {
        return "behind the bar write the full path of a program, and its arguments: no shell reads them";
    }
    if (stat(place->words[0], &info) != 0) {
        return apr_psprintf(p, "there is no program %s", place->words[0]);
    }
    return S_ISREG(info.st_mode) && access(place->words[0], X_OK) == 0
               ? NULL
               : apr_psprintf(p, "%s cannot be executed", place->words[0]);
}

const char *audit_place_read(apr_pool_t *p, const char *text, audit_place_t *place)
{
    memset(place, 0, sizeof(*place));
    if (*text == '|') {
        place->program = text + 1;
        return judge_program(p, place);
    }
    if (*text != '/') {
        return "write the full path of a file, as the command gptoauth does not know httpd's ServerRoot, or a bar and a program";
    }
    place->file = text;
    return judge_file(p, place);
}

const char *audit_place_open(const audit_place_t *place, int *fd)
{
    struct stat info;
    const char *problem;

    /* It is judged again, as it may be another one than audit_place_read saw. */
    *fd = open(place->file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    problem = *fd < 0 || fstat(*fd, &info) != 0 ? strerror(errno) : judge_kind(&info);
    if (problem && *fd >= 0) {
        close(*fd);
    }
    return problem;
}

int audit_place_open_end(const audit_place_t *place)
{
    return open(place->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int audit_place_is_torn(int end)
{
    off_t size = end < 0 ? 0 : lseek(end, 0, SEEK_END);
    char last;

    return size > 0 && pread(end, &last, 1, size - 1) == 1 && last != '\n';
}
