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

static const char *judge_file(apr_pool_t *p, audit_place_t *place)
{
    const char *problem = file_kind_problem(place->file);
    const char *slash = strrchr(place->file, '/');
    const char *folder = slash == place->file ? "/" : apr_pstrmemdup(p, place->file, (apr_size_t)(slash - place->file));
    struct stat info;

    if (problem) {
        return apr_psprintf(p, "%s cannot be an audit log: %s", place->file, problem);
    }
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return apr_psprintf(p, "there is no folder %s; make it, or name another", folder);
    }
    place->is_open = stat(place->file, &info) == 0 && info.st_mode & S_IROTH;
    return NULL;
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

int audit_place_open(const audit_place_t *place, int *is_torn)
{
    int fd = open(place->file, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    char last;

    *is_torn = size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
    return fd;
}
