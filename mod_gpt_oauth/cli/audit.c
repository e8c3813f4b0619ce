/*
 * Writes the audit log's line of a command: to the file that httpd appends to as well, or to a program that is started for this
 * line alone. Called by main.c, around what the command does.
 */
#include "cli/audit.h"

#include <apr_portable.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/audit_place.h"

#define PATIENCE apr_time_from_sec(5)
#define STEP     (10 * 1000)

struct audit_log_t {
    const char *text; /* as the directive says it */
    const char *by;
    int fd;
    int end;             /* for reading how the file ends; -1: that is not known */
    apr_proc_t *program; /* NULL: a file */
};

/* Only root is believed to have come by sudo: anybody can set a variable. */
const char *audit_by(apr_pool_t *p)
{
    const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *user = name && *name ? NULL : getpwuid(getuid());

    return name && *name ? apr_pstrdup(p, name) : user ? apr_pstrdup(p, user->pw_name) : apr_psprintf(p, "%ld", (long)getuid());
}

/* What it prints is not the command's output. */
static apr_status_t start(apr_pool_t *p, const audit_place_t *place, audit_log_t *log)
{
    apr_procattr_t *attributes;
    apr_file_t *err;
    apr_status_t rv;

    log->program = apr_pcalloc(p, sizeof(*log->program));
    if ((rv = apr_procattr_create(&attributes, p)) != APR_SUCCESS || (rv = apr_file_open_stderr(&err, p)) != APR_SUCCESS ||
        (rv = apr_procattr_io_set(attributes, APR_CHILD_BLOCK, APR_NO_PIPE, APR_NO_PIPE)) != APR_SUCCESS ||
        (rv = apr_procattr_child_out_set(attributes, err, NULL)) != APR_SUCCESS ||
        (rv = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV)) != APR_SUCCESS ||
        (rv = apr_procattr_error_check_set(attributes, 1)) != APR_SUCCESS ||
        (rv = apr_proc_create(log->program, place->words[0], (const char *const *)place->words, NULL, attributes, p)) !=
            APR_SUCCESS) {
        return rv;
    }
    return apr_os_file_get(&log->fd, log->program->in);
}

const char *audit_open(apr_pool_t *p, const char *text, audit_log_t **log)
{
    audit_place_t place;
    const char *problem = audit_place_read(p, text, &place);
    char reason[120];
    apr_status_t rv = APR_SUCCESS;

    *log = apr_pcalloc(p, sizeof(**log));
    (*log)->end = -1;
    (*log)->text = text;
    (*log)->by = audit_by(p);
    if (!problem && place.program) {
        rv = start(p, &place, *log);
    } else if (!problem && !(problem = audit_place_open(&place, &(*log)->fd))) {
        (*log)->end = audit_place_open_end(&place);
    }
    if (rv != APR_SUCCESS) {
        problem = apr_strerror(rv, reason, sizeof(reason));
    }
    return problem ? apr_psprintf(p, "nothing is done, as GPTOAuthAuditLog %s cannot be written: %s", text, problem) : NULL;
}

/* NULL when the program has read the line and ended well. */
static const char *await_end(apr_proc_t *program)
{
    apr_exit_why_e why;
    int status;

    apr_file_close(program->in);
    for (apr_time_t waited = 0; waited < PATIENCE; waited += STEP) {
        if (apr_proc_wait(program, &status, &why, APR_NOWAIT) == APR_CHILD_DONE) {
            return why == APR_PROC_EXIT && status == 0 ? NULL : "the program failed";
        }
        apr_sleep(STEP);
    }
    return "the program has not ended yet";
}

/* One write. NULL, or why the line is lost. */
static const char *write_line(const audit_log_t *log, const char *line, apr_size_t size)
{
    struct stat info;
    int is_torn = audit_place_is_torn(log->end); /* now: httpd has written since the command began */
    ssize_t written;

    if (!log->program && fstat(log->fd, &info) == 0 && info.st_nlink == 0) {
        return "the file was deleted meanwhile";
    }
    line -= is_torn;
    size += (apr_size_t)is_torn;
    written = write(log->fd, line, size);
    return written < 0 ? strerror(errno) : (apr_size_t)written < size ? "no space was left" : NULL;
}

const char *audit_finish(apr_pool_t *p, audit_log_t *log, audit_t audit)
{
    const char *line, *problem;
    apr_size_t size;

    audit.by = log->by;
    line = audit_line(p, &audit, apr_time_now(), &size);
    apr_signal(SIGPIPE, SIG_IGN);
    problem = write_line(log, line, size);
    if (log->program) {
        const char *end = await_end(log->program);

        problem = problem ? problem : end;
    }
    return problem
               ? apr_psprintf(p, "the command is done, and its line in GPTOAuthAuditLog %s may be lost: %s", log->text, problem)
               : NULL;
}
