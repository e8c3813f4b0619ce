/*
 * Writes the audit log: the parent opens the file, or starts the program that httpd then keeps alive, and all children write to
 * what they have inherited. Called from post_config, and wherever something happens that an auditor may ask for.
 */
#include "web/http/audit.h"

#include <apr_portable.h>
#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <http_log.h>
#include <unistd.h>

#include "base/audit_place.h"
#include "base/counts.h"
#include "base/crypto.h"
#include "base/meter.h"
#include "private.h"
#include "web/http/log.h"
#include "web/http/request.h"
#include "web/http/shared.h"

#define BUCKETS 512 /* for each pace */

/* Of one log, in memory that all children share. */
typedef struct state_t {
    mark_t lost;   /* lines, since one was written last */
    mark_t torn;   /* how often a line was left unfinished */
    mark_t mended; /* up to which of them the next line has begun with a newline; a second newline does no harm */
} state_t;

struct audit_log_t {
    const char *text; /* as the directive says it */
    int fd;
    state_t *state;
};

static count_t *places;
static digest_t key;

static apr_status_t close_file(void *data)
{
    const struct audit_log_t *log = data;

    close(log->fd);
    return APR_SUCCESS;
}

/* NULL, or why not. */
static const char *open_file(apr_pool_t *pconf, const audit_place_t *place, struct audit_log_t *log)
{
    const char *problem = audit_place_open(place, &log->fd);
    int end;

    if (problem) {
        return problem;
    }
    apr_pool_cleanup_register(pconf, log, close_file, apr_pool_cleanup_null);
    if ((end = audit_place_open_end(place)) >= 0) {
        atomic_store(&log->state->torn, (apr_uint64_t)audit_place_is_torn(end));
        close(end); /* or a child could read what was written before */
    }
    return NULL;
}

/* The program's own end of the pipe stays as it is. */
static const char *open_program(apr_pool_t *pconf, const audit_place_t *place, struct audit_log_t *log)
{
    piped_log *piped = ap_open_piped_log_ex(pconf, place->program, APR_PROGRAM_ENV);

    if (!piped) {
        return "the program cannot be started";
    }
    apr_os_file_get(&log->fd, ap_piped_log_write_fd(piped));
    return fcntl(log->fd, F_SETFL, fcntl(log->fd, F_GETFL) | O_NONBLOCK) == 0 && fcntl(log->fd, F_SETFD, FD_CLOEXEC) == 0
               ? NULL
               : strerror(errno);
}

static apr_status_t open_log(apr_pool_t *pconf, server_rec *s, const char *text, state_t *state, struct audit_log_t **made)
{
    struct audit_log_t *log = apr_pcalloc(pconf, sizeof(*log));
    const char *problem;
    audit_place_t place;

    log->text = text;
    log->state = state;
    problem = audit_place_read(pconf, text, &place);
    if (!problem) {
        problem = place.file ? open_file(pconf, &place, log) : open_program(pconf, &place, log);
    }
    if (problem) {
        log_server(s, 0, LOG_NO_AUDIT_LOG, "GPTOAuthAuditLog %s cannot be opened: %s", text, problem);
    }
    *made = log;
    return problem ? APR_EGENERAL : APR_SUCCESS;
}

/* The log of a server before s, in the list that begins with first, that says the same. */
static struct audit_log_t *find_log(const server_rec *first, const server_rec *s)
{
    for (; first != s; first = first->next) {
        struct audit_log_t *log = config_server(first)->audit;

        if (log && strcmp(log->text, config_server(s)->audit_log) == 0) {
            return log;
        }
    }
    return NULL;
}

apr_status_t audit_post_config(apr_pool_t *pconf, server_rec *main_server)
{
    apr_size_t logs = 0, size = (apr_size_t)AUDIT_PACES * BUCKETS * COUNTS_WAYS * sizeof(*places);
    apr_status_t rv;
    void *memory;
    state_t *next;

    for (const server_rec *s = main_server; s; s = s->next) {
        logs += config_server(s)->audit_log != NULL;
    }
    if (!logs) {
        return APR_SUCCESS;
    }
    if ((rv = shared_create(pconf, size + logs * sizeof(*next), &memory, &key)) != APR_SUCCESS) {
        log_server(main_server, rv, LOG_NO_AUDIT_LOG, "no shared memory for GPTOAuthAuditLog");
        return rv;
    }
    places = memory;
    next = (state_t *)(void *)((char *)memory + size);
    for (server_rec *s = main_server; s; s = s->next) {
        server_conf_t *conf = config_server(s);

        if (conf->audit_log && !(conf->audit = find_log(main_server, s)) &&
            (rv = open_log(pconf, s, conf->audit_log, next++, &conf->audit)) != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static void say_loss(request_rec *r, const struct audit_log_t *log, int why)
{
    meter_add(config_server(r->server)->meter, METER_AUDIT_LOST, 1);
    if (atomic_fetch_add(&log->state->lost, 1) == 0) {
        log_request(r, LOG_AUDIT_LOST, "GPTOAuthAuditLog %s takes no lines (%s): they are lost, and counted until it does",
                    log->text, why == EAGAIN ? "the program does not read" : apr_strerror(why, apr_palloc(r->pool, 120), 120));
    }
}

static void say_end_of_loss(request_rec *r, const struct audit_log_t *log)
{
    apr_uint64_t lost = atomic_load(&log->state->lost) ? atomic_exchange(&log->state->lost, 0) : 0;

    if (lost) {
        log_request(r, LOG_AUDIT_LOST, "GPTOAuthAuditLog %s takes lines again; %" APR_UINT64_T_FMT " were lost", log->text, lost);
    }
}

static void write_line(request_rec *r, const struct audit_log_t *log, const char *line, apr_size_t size)
{
    apr_uint64_t torn = atomic_load(&log->state->torn);
    int is_torn = torn != atomic_load(&log->state->mended);
    ssize_t written;

    line -= is_torn;
    size += (apr_size_t)is_torn;
    do {
        written = write(log->fd, line, size);
    } while (written < 0 && errno == EINTR);
    if (written == (ssize_t)size) {
        if (is_torn) {
            atomic_store(&log->state->mended, torn);
        }
        say_end_of_loss(r, log);
        meter_add(config_server(r->server)->meter, METER_AUDIT_WRITTEN, 1);
        return;
    }
    if (written > 0) {
        atomic_fetch_add(&log->state->torn, 1);
    }
    say_loss(r, log, written < 0 ? errno : ENOSPC);
}

void audit_write(request_rec *r, audit_t audit)
{
    const char *line;
    apr_size_t size;

    audit.address = request_address(r);
    audit.request = apr_table_get(request_initial(r)->subprocess_env, "UNIQUE_ID");
    line = audit_line(r->pool, &audit, apr_time_now(), &size);
    write_line(r, config_server(r->server)->audit, line, size);
}

unsigned audit_count(request_rec *r, audit_pace_t pace, const char *what)
{
    static const apr_int64_t seconds[AUDIT_PACES] = { [AUDIT_MINUTELY] = 60, [AUDIT_FIVE_MINUTES] = 300, [AUDIT_HOURLY] = 3600 };
    const server_conf_t *conf = config_server(r->server);
    counts_t counts = { places + (apr_size_t)pace * BUCKETS * COUNTS_WAYS, BUCKETS, COUNTS_MAX - 1 };
    apr_uint64_t party;
    count_t *place;

    if (!conf->audit) {
        return 0;
    }
    party = crypto_keyed_bits(&key, apr_pstrcat(r->pool, conf->issuer ? conf->issuer : "", " ", what, NULL));
    return counts_add(&counts, party, (apr_uint32_t)(apr_time_sec(apr_time_now()) / seconds[pace]), &place);
}

int audit_is_due(request_rec *r, audit_pace_t pace, const char *what)
{
    return audit_count(r, pace, what) == 1;
}

void audit_key_use(request_rec *r, const char *principal)
{
    if (audit_is_due(r, AUDIT_HOURLY, principal)) {
        audit(r, .event = AUDIT_KEY_USE, .user = principal);
    }
}
