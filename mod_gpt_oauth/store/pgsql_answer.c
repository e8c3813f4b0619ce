/*
 * Reads the answers of PostgreSQL to their end, judges its errors by SQLSTATE, and gives up connections that are of no use any
 * more. Called by pgsql.c.
 */
#include "store/pgsql_answer.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_strings.h>

static const struct {
    const char *sqlstate; /* or a class: the beginning of one */
    outcome_t outcome;
    int is_lost; /* this connection is good for nothing any more */
    const char *advice;
} verdicts[] = {
    { "08", DB_AGAIN, 1, "" },
    { "57P", DB_AGAIN, 1, "" }, /* shut down, restarted, terminated by an administrator */
    { "25006", DB_AGAIN, 1, ": the server is a standby, or set to read-only" },
    { "26000", DB_NAMELESS, 0, "" },
    { "42P05", DB_NAMED, 0, "" },
    { "0A000", DB_AGAIN, 1, "" },   /* the columns of a prepared SELECT changed */
    { "40", DB_AGAIN, 0, "" },      /* deadlock, serialization */
    { "22021", DB_REFUSED, 0, "" }, /* no row holds what the encoding of the database cannot */
    { "22P05", DB_REFUSED, 0, "" },
    { "3F000", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`" },
    { "42P01", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`, or set search_path in DBDParams" },
    { "42703", DB_MISCONFIGURED, 0, ": run `gptoauth migrate`" },
    { "42501", DB_MISCONFIGURED, 0, ": run `gptoauth migrate --grant-to ROLE` as the owner of the tables" },
    { "57014", DB_DOWN, 0, ": it waited too long, perhaps for a lock" },
};

PGconn *pgsql_native(const lease_t *lease)
{
    return apr_dbd_native_handle(lease->conn.driver, lease->conn.handle);
}

void pgsql_lose(lease_t *lease)
{
    PGconn *conn = pgsql_native(lease);

    if (PQsocket(conn) >= 0) {
        shutdown(PQsocket(conn), SHUT_RDWR);
    }
    /* What has come in already is read first, and only then the end is seen. */
    for (int i = 0; i < 100 && PQstatus(conn) == CONNECTION_OK && PQconsumeInput(conn); i++) {}
    lease->is_lost = 1;
    lease->memo->backend_pid = 0; /* the next backend may get the old one's number */
}

outcome_t pgsql_broke(lease_t *lease)
{
    pgsql_lose(lease);
    return lease_problem(lease, DB_AGAIN, "the connection to PostgreSQL broke");
}

/* Primary message only: DETAIL holds the values of rows, CONTEXT those of parameters. */
static outcome_t judge(lease_t *lease, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (!sqlstate) {
        return pgsql_broke(lease);
    }
    for (int i = 0; i < COUNT(verdicts); i++) {
        if (strncmp(sqlstate, verdicts[i].sqlstate, strlen(verdicts[i].sqlstate)) != 0) {
            continue;
        }
        if (verdicts[i].is_lost) {
            pgsql_lose(lease);
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

/* A pooler greets for itself, with a number of its own, and may lead to another server than before. */
static void look_at_backend(const lease_t *lease, const PGresult *result)
{
    store_source_t *source = lease->store->source;
    cell_t pid, server;

    if (!source->is_pooled && read_cell(lease->store->pool, result, 0, 1, &pid) &&
        pid.number != PQbackendPID(pgsql_native(lease))) {
        source->is_pooled = 1;
    }
    if (read_cell(lease->store->pool, result, 0, 3, &server)) {
        lease->memo->server = server.number;
    }
}

outcome_t pgsql_receive(lease_t *lease, apr_int64_t deadline, int *answered, rows_t **rows)
{
    PGconn *conn = pgsql_native(lease);
    int is_pipeline = PQpipelineStatus(conn) != PQ_PIPELINE_OFF, is_first = is_pipeline, is_end = 0;
    outcome_t outcome = DB_OK;

    *answered = 0;
    while (!is_end && !lease->is_lost) {
        PGresult *result;

        if (!await(conn, deadline)) {
            pgsql_lose(lease);
            return lease_problem(lease, DB_DOWN, "PostgreSQL did not answer in time");
        }
        result = PQgetResult(conn);
        if (!result) {
            if (is_pipeline && PQstatus(conn) != CONNECTION_OK) {
                return pgsql_broke(lease); /* its end would never come */
            }
            *answered += outcome == DB_OK;
            is_end = !is_pipeline;
            continue;
        }
        switch (PQresultStatus(result)) {
        case PGRES_COMMAND_OK:
        case PGRES_PIPELINE_ABORTED: break; /* by the error before it */
        case PGRES_PIPELINE_SYNC: is_end = 1; break;
        case PGRES_TUPLES_OK:
            if (is_first) {
                look_at_backend(lease, result);
            } else if (outcome == DB_OK && rows != NULL) {
                outcome = read_rows(lease, result, rows);
            }
            is_first = 0;
            break;
        default:
            if (outcome == DB_OK) {
                outcome = judge(lease, result);
            }
        }
        PQclear(result);
    }
    return outcome;
}
