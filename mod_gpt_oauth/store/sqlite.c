/*
 * SQLite through apr_dbd. Its driver sleeps 100 ms when the database is locked, so writers queue up before it: in this process
 * at a mutex, between processes at a lock on a file beside the database. It is of mode 0600: who may only look must not be able
 * to hold up all.
 */
#include "store/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/file.h"
#include "store/listen.h"

#define BUSY  5 /* SQLITE_BUSY, which the driver passes on */
#define TRIES 4 /* of a statement whose schema changes, for four that migrate at once change it as often */

/* So long the driver waits for the end of a lock. */
#define DRIVER_WAITS (16 * SECOND / 10)

/* Bytes of <file>-wal; SQLite by itself begins it anew at a quarter of that, but only in a moment without readers. */
#define WAL_MAX (16 << 20)

/* Static, not the source's: two virtual hosts may have a source each for one file. */
static pthread_mutex_t writers = PTHREAD_MUTEX_INITIALIZER;

static outcome_t judge(const lease_t *lease, int rc)
{
    const char *message = apr_dbd_error(lease->conn.driver, lease->conn.handle, rc);
    const char *advice = "";
    outcome_t outcome = DB_DOWN;

    if (strstr(message, "no such table") || strstr(message, "no such column")) {
        advice = ": run `gptoauth migrate`";
        outcome = DB_MISCONFIGURED;
    } else if (strstr(message, "readonly") || strstr(message, "unable to open")) {
        advice = ": the user that httpd runs as must own the file and be able to write to its folder";
        outcome = DB_MISCONFIGURED;
    } else if (strstr(message, "locked")) {
        advice = ": another program is writing to it";
    }
    return lease_problem(lease, outcome, "SQLite says: %s%s", message, advice);
}

static int lock_file(const lease_t *lease, apr_int64_t deadline)
{
    const char *name = apr_pstrcat(lease->store->pool, lease->store->source->file, "-lock", NULL);
    int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    useconds_t nap = 500;

    if (fd < 0) {
        return -1;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || clock_us() >= deadline) {
            close(fd);
            return -1;
        }
        usleep(nap);
        nap = nap < 8000 ? nap * 2 : nap;
    }
    return fd;
}

static outcome_t take_lock(lease_t *lease)
{
    apr_int64_t now = clock_us(), wait = lease->patience;
    struct timespec until;

    if (wait > lease->deadline - now) {
        wait = lease->deadline > now ? lease->deadline - now : 0;
    }
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(wait / SECOND);
    until.tv_nsec += (long)(wait % SECOND) * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }

    if (pthread_mutex_timedlock(&writers, &until) != 0) {
        return lease_problem(lease, DB_DOWN, "other requests were writing to the SQLite database for too long");
    }
    lease->lock = lock_file(lease, now + wait);
    if (lease->lock < 0) {
        int error = errno;

        pthread_mutex_unlock(&writers);
        return lease_problem(lease, error == EACCES ? DB_MISCONFIGURED : DB_DOWN,
                             "cannot lock %s-lock, which makes writers wait for each other: %s", lease->store->source->file,
                             error == EWOULDBLOCK ? "other processes were writing for too long" : strerror(error));
    }
    return DB_OK;
}

static void drop_lock(lease_t *lease)
{
    /* Said aloud: a program that httpd is just starting may hold the descriptor for a moment longer. */
    flock(lease->lock, LOCK_UN);
    close(lease->lock);
    lease->lock = -1;
    pthread_mutex_unlock(&writers);
}

static int says(const lease_t *lease, int rc, const char *words)
{
    return strstr(apr_dbd_error(lease->conn.driver, lease->conn.handle, rc), words) != NULL;
}

/* The driver prepares in the old way, which does not survive a change of the schema by others. */
static int has_changed(const lease_t *lease, int rc)
{
    return rc != 0 && says(lease, rc, "schema has changed");
}

static int command(lease_t *lease, const char *sql)
{
    int changed, rc, tries = 0;

    do {
        rc = apr_dbd_query(lease->conn.driver, lease->conn.handle, &changed, sql);
    } while (has_changed(lease, rc) && ++tries < TRIES);
    return rc;
}

/* Programs that do not queue up at the lock are waited for as well: by whoever has the patience, again and again. */
static outcome_t sqlite_begin(lease_t *lease)
{
    apr_int64_t until = clock_us() + lease->patience - DRIVER_WAITS;
    outcome_t outcome = take_lock(lease);
    int rc;

    if (outcome != DB_OK) {
        return outcome;
    }
    do {
        rc = command(lease, "BEGIN IMMEDIATE");
    } while (rc == BUSY && clock_us() < until);
    if (rc != 0) {
        outcome = judge(lease, rc);
        drop_lock(lease);
    }
    return outcome;
}

static void sqlite_rollback(lease_t *lease)
{
    (void)command(lease, "ROLLBACK");
    drop_lock(lease);
}

static outcome_t sqlite_commit(lease_t *lease)
{
    int rc = command(lease, "COMMIT");

    if (rc != 0) {
        outcome_t outcome = judge(lease, rc);

        sqlite_rollback(lease);
        return outcome;
    }
    drop_lock(lease);
    return DB_OK;
}

static int sqlite_alive(lease_t *lease, int must_renew)
{
    (void)lease;
    (void)must_renew;
    return 1;
}

/* $n becomes apr_dbd's mark for the type of the argument; as those have no numbers, an argument used twice is passed twice. */
static int prepare(lease_t *lease, const char *sql, const value_t *args, prepared_t *prepared)
{
    static const char *const marks[] = { [VALUE_TEXT] = "%s", [VALUE_NUMBER] = "%lld", [VALUE_DIGEST] = "%pDb" };
    char *text, *to;
    int *order;
    apr_pool_t *p;
    int rc;

    apr_pool_create(&p, lease->conn.pool);
    to = text = apr_palloc(p, 2 * strlen(sql) + 1); /* the longest mark is twice as long as "$1" */
    order = apr_palloc(p, strlen(sql) / 2 * sizeof(*order));
    prepared->places = 0;
    for (const char *from = sql; *from != '\0';) {
        if (*from != '$') {
            *to++ = *from++;
            continue;
        }
        order[prepared->places] = 0;
        for (from++; apr_isdigit(*from); from++) {
            order[prepared->places] = 10 * order[prepared->places] + (*from - '0');
        }
        to = apr_cpystrn(to, marks[args[--order[prepared->places]].kind], 5);
        prepared->places++;
    }
    *to = '\0';

    /* The driver waits in running statements only. Reading the schema meets a lock when another process closes the database. */
    do {
        rc = apr_dbd_prepare(lease->conn.driver, p, lease->conn.handle, text, NULL, &prepared->statement);
    } while (rc == BUSY && clock_us() < lease->deadline && usleep(2000) == 0);
    if (rc != 0) {
        apr_pool_destroy(p);
        return rc;
    }
    prepared->order = order;
    return 0;
}

static int select_rows(lease_t *lease, const prepared_t *prepared, const value_t *args, apr_dbd_results_t **results)
{
    static const apr_size_t digest_size = DIGEST_SIZE;
    apr_pool_t *p = lease->store->pool;
    /* A digest takes four places: bytes, size, and two names that only Oracle wants. A NULL takes one. */
    const void **values = apr_palloc(p, (apr_size_t)prepared->places * 4 * sizeof(*values) + 1);
    int n = 0;

    for (int i = 0; i < prepared->places; i++) {
        const value_t *arg = &args[prepared->order[i]];

        switch (arg->kind) {
        case VALUE_TEXT: values[n++] = arg->text; break;
        case VALUE_NUMBER: values[n++] = &arg->number; break;
        case VALUE_DIGEST:
            values[n++] = arg->digest;
            if (arg->digest != NULL) {
                values[n++] = &digest_size;
                values[n++] = NULL;
                values[n++] = NULL;
            }
            break;
        }
    }
    *results = NULL;
    /* Of statements without rows too: pbquery takes RETURNING for an error. */
    return apr_dbd_pbselect(lease->conn.driver, p, lease->conn.handle, results, prepared->statement, 1, values);
}

static rows_t *read_rows(const lease_t *lease, apr_dbd_results_t *results)
{
    const apr_dbd_driver_t *driver = lease->conn.driver;
    apr_pool_t *p = lease->store->pool;
    rows_t *rows = apr_pcalloc(p, sizeof(*rows));
    apr_dbd_row_t *row = NULL;
    cell_t *cell;

    rows->count = apr_dbd_num_tuples(driver, results);
    rows->columns = apr_dbd_num_cols(driver, results);
    cell = rows->cells = apr_palloc(p, (apr_size_t)rows->count * (apr_size_t)rows->columns * sizeof(*cell));
    while (apr_dbd_get_row(driver, p, results, &row, -1) == 0) {
        for (int column = 0; column < rows->columns; column++, cell++) {
            /* Everything is text here, or a digest, whose length the table checks: nothing tells which. */
            cell->bytes = apr_dbd_get_entry(driver, row, column);
            cell->number = cell->bytes ? apr_atoi64(cell->bytes) : 0;
        }
    }
    return rows;
}

static outcome_t sqlite_run(lease_t *lease, const char *sql, const value_t *args, int nargs, rows_t **rows)
{
    prepared_t *known = lease_find(lease, sql), fresh = { .sql = sql };
    apr_dbd_results_t *results;
    int rc = 0;

    (void)nargs;
    if (!known) {
        rc = prepare(lease, sql, args, &fresh);
        if (rc != 0) {
            return judge(lease, rc);
        }
        known = lease_prepared(lease, sql);
        *known = fresh;
    }
    rc = select_rows(lease, known, args, &results);
    /* A change by this connection leaves no message. */
    for (int tries = 1; (has_changed(lease, rc) || (rc != 0 && says(lease, rc, "not an error"))) && tries < TRIES; tries++) {
        rc = prepare(lease, sql, args, known);
        if (rc == 0) {
            rc = select_rows(lease, known, args, &results);
        }
    }
    if (rc != 0) {
        return judge(lease, rc);
    }
    *rows = read_rows(lease, results);
    return DB_OK;
}

/* Waits for those who read now, while nobody writes: a busy server's WAL would grow as long as there is something to delete. */
static void sqlite_tidy(lease_t *lease)
{
    const char *wal = apr_pstrcat(lease->store->pool, lease->store->source->file, "-wal", NULL);
    struct stat status;
    rows_t *rows;

    if (stat(wal, &status) == 0 && status.st_size > WAL_MAX && take_lock(lease) == DB_OK) {
        (void)command(lease, "PRAGMA busy_timeout = 200");
        (void)sqlite_run(lease, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, 0, &rows);
        (void)command(lease, "PRAGMA busy_timeout = 0");
        drop_lock(lease);
    }
}

/* Readers and the writer then do not wait for each other; stays with the file. */
static outcome_t sqlite_found(lease_t *lease)
{
    outcome_t outcome = take_lock(lease);
    rows_t *rows;

    if (outcome == DB_OK) {
        outcome = sqlite_run(lease, "PRAGMA journal_mode = WAL", NULL, 0, &rows);
        drop_lock(lease);
    }
    return outcome;
}

/* One statement after another, as the driver goes on after a failed one: empty lines part them, "--" begins a line of comment. */
static outcome_t sqlite_script(lease_t *lease, const char *sql)
{
    const char *end;

    for (; *sql != '\0'; sql = end) {
        char *statement, *to;
        int rc;

        end = strstr(sql, "\n\n");
        end = end ? end + 2 : sql + strlen(sql);
        to = statement = apr_palloc(lease->store->pool, (apr_size_t)(end - sql) + 1);
        while (sql < end) {
            const char *eol = memchr(sql, '\n', (apr_size_t)(end - sql));
            apr_size_t length = eol ? (apr_size_t)(eol - sql) + 1 : (apr_size_t)(end - sql);

            if (strncmp(sql, "--", 2) != 0) {
                memcpy(to, sql, length);
                to += length;
            }
            sql += length;
        }
        /* A lone newline after the semicolon is an empty statement, which the driver takes for an error. */
        while (to > statement && apr_isspace(to[-1])) {
            to--;
        }
        *to = '\0';
        if (to == statement) {
            continue;
        }
        rc = command(lease, statement);
        if (rc != 0) {
            return judge(lease, rc);
        }
    }
    return DB_OK;
}

static const char *sqlite_params_problem(apr_pool_t *p, const char *params, int *usable)
{
    const char *problem;

    if (params[0] != '/') {
        return "DBDParams must be the absolute path of the SQLite file";
    }
    problem = file_kind_problem(params);
    *usable = !problem;
    return problem ? apr_psprintf(p, "DBDParams %s is not a SQLite file: %s", params, problem) : NULL;
}

static outcome_t sqlite_open_problem(const lease_t *lease)
{
    return lease_problem(lease, DB_MISCONFIGURED, "cannot open %s: it and its folder must belong to the user httpd runs as",
                         lease->store->source->file);
}

const backend_t backend_sqlite = {
    .driver = "sqlite3",
    .is_file = 1,
    .needs_steps = 1,
    .params_problem = sqlite_params_problem,
    .open_problem = sqlite_open_problem,
    .alive = sqlite_alive,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .tidy = sqlite_tidy,
    .run = sqlite_run,
    .found = sqlite_found,
    .script = sqlite_script,
    .find_settings = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'oauth_setting'",
    .no_roles = "SQLite has no roles: give the database file to the user that httpd runs as instead",
    .listening = &listening_sqlite,
};
