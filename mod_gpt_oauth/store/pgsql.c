/*
 * PostgreSQL through libpq, on the handle that mod_dbd or apr_dbd opened: apr_dbd has neither deadlines nor SQLSTATEs nor
 * binary values.
 */
#include "lease.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_strings.h>
#include <libpq-fe.h>

/* Of pg_type, where they never change; libpq exports no names for them. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

#define MAX_ARGS 24

static const struct {
    const char *sqlstate; /* or a class: the beginning of one */
    outcome_t outcome;
    int is_lost; /* this connection is good for nothing any more */
    const char *advice;
} verdicts[] = {
    { "08", DB_AGAIN, 1, "" },
    { "57P", DB_AGAIN, 1, "" }, /* shut down, restarted, terminated by an administrator */
    { "25006", DB_AGAIN, 1, ": the server is a standby, or set to read-only" },
    { "26000", DB_AGAIN, 1, "" }, /* somebody deallocated, or a pooler changed the backend behind our back */
    { "42P05", DB_AGAIN, 1, "" },
    { "0A000", DB_AGAIN, 1, "" },   /* the columns of a prepared SELECT changed */
    { "40", DB_AGAIN, 0, "" },      /* deadlock, serialization */
    { "22021", DB_REFUSED, 0, "" }, /* no row holds what the encoding of the database cannot */
    { "22P05", DB_REFUSED, 0, "" },
    { "3F000", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`" },
    { "42P01", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`, or set search_path in DBDParams" },
    { "42703", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`" },
    { "42501", DB_MISCONFIGURED, 0, ": run `gptoauth migrate --grant-to ROLE` as the owner of the tables" },
    { "57014", DB_DOWN, 0, ": it waited too long, for a lock perhaps" },
};

static PGconn *native(const lease_t *lease)
{
    return apr_dbd_native_handle(lease->conn.driver, lease->conn.handle);
}

/* Leaves the connection in a state (CONNECTION_BAD) in which its next user, whoever that is, gets it renewed. */
static void lose(lease_t *lease)
{
    PGconn *conn = native(lease);

    if (PQsocket(conn) >= 0) {
        shutdown(PQsocket(conn), SHUT_RDWR);
    }
    /* What has come in already is read first, and only then the end is seen. */
    for (int i = 0; i < 100 && PQstatus(conn) == CONNECTION_OK && PQconsumeInput(conn); i++) {}
    lease->is_lost = 1;
    lease->memo->backend_pid = 0; /* the next backend may get the old one's number */
}

static int pgsql_alive(lease_t *lease, int must_renew)
{
    PGconn *conn = native(lease);
    struct pollfd idle = { .fd = PQsocket(conn), .events = POLLIN };

    /* A server that went away has said so, and libpq has not looked: the first call reads the farewell, the second the end. */
    if (poll(&idle, 1, 0) > 0) {
        (void)PQconsumeInput(conn);
        (void)PQconsumeInput(conn);
    }
    /* The holder is in the middle of something of its own: that is not ours to end. */
    if (lease->is_held && PQstatus(conn) == CONNECTION_OK && PQtransactionStatus(conn) != PQTRANS_IDLE) {
        return 0;
    }
    /* Other users of the pool may have left a transaction open; on a broken connection this is UNKNOWN. */
    if (must_renew || PQtransactionStatus(conn) != PQTRANS_IDLE) {
        lose(lease);
    }
    if (PQstatus(conn) != CONNECTION_OK &&
        apr_dbd_check_conn(lease->conn.driver, lease->store->pool, lease->conn.handle) != APR_SUCCESS) {
        return 0;
    }

    if (lease->memo->backend_pid != PQbackendPID(conn)) {
        lease->memo->backend_pid = PQbackendPID(conn);
        lease->memo->prepared->nelts = 0;
        lease->memo->schema_fits = 0;
        lease->memo->timeout = 0;
    }
    lease->is_lost = 0;
    return 1;
}

/* Primary message only: DETAIL holds the values of rows, CONTEXT those of parameters. */
static outcome_t judge(lease_t *lease, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (sqlstate == NULL) {
        lose(lease);
        return lease_problem(lease, DB_AGAIN, "the connection to PostgreSQL broke");
    }
    for (int i = 0; i < COUNT(verdicts); i++) {
        if (strncmp(sqlstate, verdicts[i].sqlstate, strlen(verdicts[i].sqlstate)) != 0) {
            continue;
        }
        if (verdicts[i].is_lost) {
            lose(lease);
        }
        return lease_problem(lease, verdicts[i].outcome, "PostgreSQL says %s: %s%s", sqlstate, message ? message : "",
                             verdicts[i].advice);
    }
    return lease_problem(lease, DB_DOWN, "PostgreSQL says %s: %s", sqlstate, message ? message : "");
}

static int read_cell(apr_pool_t *p, const PGresult *result, int row, int column, cell_t *cell)
{
    const char *value = PQgetvalue(result, row, column);
    int size = PQgetlength(result, row, column);
    apr_uint16_t two;
    apr_uint32_t four;
    apr_uint64_t eight;

    cell->bytes = NULL;
    cell->number = 0;
    if (PQgetisnull(result, row, column)) {
        return 1;
    }
    cell->bytes = "";
    switch (PQftype(result, column)) {
    case OID_INT2:
        memcpy(&two, value, sizeof(two));
        cell->number = (apr_int16_t)be16toh(two);
        return 1;
    case OID_INT4:
        memcpy(&four, value, sizeof(four));
        cell->number = (apr_int32_t)be32toh(four);
        return 1;
    case OID_INT8:
        memcpy(&eight, value, sizeof(eight));
        cell->number = (apr_int64_t)be64toh(eight);
        return 1;
    case OID_TEXT: cell->bytes = apr_pstrmemdup(p, value, (apr_size_t)size); return 1;
    case OID_BYTEA: cell->bytes = apr_pmemdup(p, value, (apr_size_t)size); return size == DIGEST_SIZE;
    default: return 0;
    }
}

static outcome_t read_rows(const lease_t *lease, const PGresult *result, rows_t **out)
{
    apr_pool_t *p = lease->store->pool;
    rows_t *rows = apr_pcalloc(p, sizeof(*rows));
    cell_t *cell;

    rows->count = PQntuples(result);
    rows->columns = PQnfields(result);
    cell = rows->cells = apr_palloc(p, (apr_size_t)rows->count * (apr_size_t)rows->columns * sizeof(*cell));
    for (int row = 0; row < rows->count; row++) {
        for (int column = 0; column < rows->columns; column++, cell++) {
            if (!read_cell(p, result, row, column, cell)) {
                return lease_problem(lease, DB_MISCONFIGURED,
                                     "column %s has an unexpected type or length: the tables have been changed by hand",
                                     PQfname(result, column));
            }
        }
    }
    *out = rows;
    return DB_OK;
}

/* 1 when PQgetResult will not block, whatever it then says; 0 when the deadline passed first. */
static int await(PGconn *conn, apr_int64_t deadline)
{
    while (PQisBusy(conn)) {
        struct pollfd answer = { .fd = PQsocket(conn), .events = POLLIN };
        apr_int64_t left = deadline - clock_us();

        if (left <= 0) {
            return 0;
        }
        /* Rounded up, lest the last millisecond be spent spinning. */
        if (poll(&answer, 1, (int)(left / 1000) + 1) < 0 && errno != EINTR) {
            return 0;
        }
        if (answer.revents != 0 && !PQconsumeInput(conn)) {
            return 1;
        }
    }
    return 1;
}

/* The answer to what was sent: to its end, as the first error may come after a result, and a half-read one blocks the next. */
static outcome_t receive(lease_t *lease, apr_int64_t deadline, rows_t **rows)
{
    PGconn *conn = native(lease);
    outcome_t outcome = DB_OK;

    for (;;) {
        PGresult *result;

        if (!await(conn, deadline)) {
            lose(lease);
            return lease_problem(lease, DB_DOWN, "PostgreSQL did not answer in time");
        }
        result = PQgetResult(conn);
        if (result == NULL) {
            return outcome;
        }
        switch (PQresultStatus(result)) {
        case PGRES_COMMAND_OK: break;
        case PGRES_TUPLES_OK:
            if (outcome == DB_OK && rows != NULL) {
                outcome = read_rows(lease, result, rows);
            }
            break;
        default:
            if (outcome == DB_OK) {
                outcome = judge(lease, result);
            }
        }
        PQclear(result);
    }
}

static apr_int64_t deadline_of(const lease_t *lease)
{
    apr_int64_t deadline = clock_us() + lease->patience;

    return deadline < lease->deadline ? deadline : lease->deadline;
}

static outcome_t not_sent(lease_t *lease)
{
    lose(lease);
    return lease_problem(lease, DB_AGAIN, "the connection to PostgreSQL broke");
}

/*
 * The server gives up a little before we do. Otherwise a statement that we have left behind would go on waiting for its lock,
 * keep its backend, and commit after the client was told that it failed.
 */
static outcome_t limit_statements(lease_t *lease)
{
    apr_int64_t timeout = (lease->patience - SECOND / 5) / 1000;
    outcome_t outcome = DB_OK;

    if (lease->memo->timeout != timeout) {
        const char *sql = apr_psprintf(lease->store->pool, "SET statement_timeout = %" APR_INT64_T_FMT, timeout);

        outcome = PQsendQuery(native(lease), sql) ? receive(lease, deadline_of(lease), NULL) : not_sent(lease);
        lease->memo->timeout = outcome == DB_OK ? timeout : 0;
    }
    return outcome;
}

static outcome_t pgsql_run(lease_t *lease, const char *sql, const value_t *args, int nargs, rows_t **rows)
{
    PGconn *conn = native(lease);
    apr_int64_t deadline = deadline_of(lease);
    prepared_t *prepared = lease_find(lease, sql);
    int number = prepared ? (int)(prepared - (prepared_t *)lease->memo->prepared->elts) : lease->memo->prepared->nelts;
    char name[32];
    Oid types[MAX_ARGS];
    const char *values[MAX_ARGS];
    int lengths[MAX_ARGS], formats[MAX_ARGS];
    apr_uint64_t numbers[MAX_ARGS];
    outcome_t outcome;

    for (int i = 0; i < nargs; i++) {
        lengths[i] = 0; /* texts end with NUL */
        formats[i] = 1;
        switch (args[i].kind) {
        case VALUE_TEXT:
            types[i] = OID_TEXT;
            values[i] = args[i].text;
            formats[i] = 0;
            break;
        case VALUE_NUMBER:
            types[i] = OID_INT8;
            numbers[i] = htobe64((apr_uint64_t)args[i].number);
            values[i] = (const char *)&numbers[i];
            lengths[i] = sizeof(numbers[i]);
            break;
        case VALUE_DIGEST:
            types[i] = OID_BYTEA;
            values[i] = (const char *)args[i].digest;
            lengths[i] = DIGEST_SIZE;
            break;
        }
    }

    outcome = limit_statements(lease);
    if (outcome != DB_OK) {
        return outcome;
    }
    apr_snprintf(name, sizeof(name), "gpt_oauth_%d", number);
    if (prepared == NULL) {
        if (!PQsendPrepare(conn, name, sql, nargs, types)) {
            return not_sent(lease);
        }
        outcome = receive(lease, deadline, NULL);
        if (outcome != DB_OK) {
            return outcome;
        }
        lease_prepared(lease, sql);
    }
    if (!PQsendQueryPrepared(conn, name, nargs, values, lengths, formats, 1)) {
        return not_sent(lease);
    }
    return receive(lease, deadline, rows);
}

static outcome_t pgsql_found(lease_t *lease)
{
    (void)lease;
    return DB_OK;
}

static outcome_t pgsql_script(lease_t *lease, const char *sql)
{
    if (!PQsendQuery(native(lease), sql)) {
        return not_sent(lease);
    }
    return receive(lease, deadline_of(lease), NULL);
}

static outcome_t pgsql_begin(lease_t *lease)
{
    return pgsql_script(lease, "BEGIN");
}

static outcome_t pgsql_commit(lease_t *lease)
{
    return pgsql_script(lease, "COMMIT");
}

static void pgsql_rollback(lease_t *lease)
{
    (void)pgsql_script(lease, "ROLLBACK");
}

const backend_t backend_pgsql = {
    pgsql_alive, pgsql_begin, pgsql_commit, pgsql_rollback, pgsql_run, pgsql_found, pgsql_script,
};
