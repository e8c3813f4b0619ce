/*
 * PostgreSQL through libpq, on the handle that mod_dbd or apr_dbd opened: apr_dbd has neither deadlines nor SQLSTATEs nor
 * binary values.
 *
 * Others use the session too: whoever shares mod_dbd's pool and, where a pooler gives each transaction to another backend, its
 * other clients. So nothing is set but for one transaction, and a statement that stays prepared is named by the hash of its text
 * and types: under a name there is never another statement, whoever prepared it and on whichever backend. What a connection is
 * known to have prepared is a guess then, which costs no more than another try.
 */
#include <endian.h>
#include <poll.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "store/listen.h"
#include "store/pgsql_answer.h"
#include "store/pgsql_params.h"
#include "store/pgsql_rights.h"

#define MAX_ARGS 24

/* Time for the server to give up before we do. */
#define HEADWAY (SECOND / 5)

/* Tries with a guess; then the statement goes without a name. */
#define TRIES 4

/* Since the last trouble, until look-ups go without a limit again. */
#define CAREFUL_FOR (60 * SECOND)

/*
 * First in each transaction, but for a look-up alone (is_plain). Returns which backend of which server that is, too. Texts are
 * UTF-8, whatever the role, the database or PGCLIENTENCODING say: names would be stored as something else, or not be read.
 */
static const char limit_sql[] = "SELECT set_config('statement_timeout', $1, true), pg_backend_pid(), "
                                "set_config('client_encoding', 'UTF8', true), " PGSQL_SERVER;

/* A statement with its arguments, as libpq wants them. Not to be copied: values point into numbers. */
typedef struct call_t {
    const char *sql;
    int nargs;
    Oid types[MAX_ARGS];
    const char *values[MAX_ARGS];
    int lengths[MAX_ARGS], formats[MAX_ARGS];
    apr_uint64_t numbers[MAX_ARGS];
} call_t;

static int pgsql_alive(lease_t *lease, int must_renew)
{
    PGconn *conn = pgsql_native(lease);
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
        pgsql_lose(lease);
    }
    if (PQstatus(conn) != CONNECTION_OK &&
        apr_dbd_check_conn(lease->conn.driver, lease->store->pool, lease->conn.handle) != APR_SUCCESS) {
        return 0;
    }

    if (lease->memo->backend_pid != PQbackendPID(conn)) {
        lease->memo->backend_pid = PQbackendPID(conn);
        for (int i = 0; i < lease->memo->prepared->nelts; i++) {
            APR_ARRAY_IDX(lease->memo->prepared, i, prepared_t).is_ready = 0;
        }
        lease->memo->fits = NULL;
    }
    lease->is_lost = 0;
    return 1;
}

static apr_int64_t deadline_of(const lease_t *lease)
{
    apr_int64_t deadline = clock_us() + lease->patience;

    return deadline < lease->deadline ? deadline : lease->deadline;
}

/* In milliseconds; 0 would be none at all. */
static apr_int64_t timeout_until(apr_int64_t deadline)
{
    apr_int64_t left = deadline - clock_us();

    left = left > 2 * HEADWAY ? left - HEADWAY : left / 2;
    return left < 1000 ? 1 : left / 1000;
}

static void set_call(call_t *call, const char *sql, const value_t *args, int nargs)
{
    call->sql = sql;
    call->nargs = nargs;
    for (int i = 0; i < nargs; i++) {
        call->lengths[i] = 0; /* texts end with NUL */
        call->formats[i] = 1;
        switch (args[i].kind) {
        case VALUE_TEXT:
            call->types[i] = OID_TEXT;
            call->values[i] = args[i].text;
            call->formats[i] = 0;
            break;
        case VALUE_NUMBER:
            call->types[i] = OID_INT8;
            call->numbers[i] = htobe64((apr_uint64_t)args[i].number);
            call->values[i] = (const char *)&call->numbers[i];
            call->lengths[i] = sizeof(call->numbers[i]);
            break;
        case VALUE_DIGEST:
            call->types[i] = OID_BYTEA;
            call->values[i] = (const char *)args[i].digest;
            call->lengths[i] = DIGEST_SIZE;
            break;
        }
    }
}

/* 128 bits of a hash: two names are only ever the same for the same statement. Shorter than NAMEDATALEN. */
static const char *name_of(const lease_t *lease, const call_t *call)
{
    apr_size_t types = (apr_size_t)call->nargs * sizeof(call->types[0]), sql = strlen(call->sql);
    char *text = apr_palloc(lease->store->pool, types + sql);
    digest_t hash;

    memcpy(text, call->types, types);
    memcpy(text + types, call->sql, sql);
    crypto_sha256(text, types + sql, &hash);
    return apr_pstrcat(lease->conn.pool, "gpt_oauth_", apr_pescape_hex(lease->store->pool, hash.byte, 16, 0), NULL);
}

/* Until the next call: the list may move. */
static prepared_t *prepared_of(lease_t *lease, const call_t *call)
{
    prepared_t *prepared = lease_find(lease, call->sql);

    if (!prepared) {
        prepared = lease_prepared(lease, call->sql);
        prepared->name = name_of(lease, call);
    }
    return prepared;
}

/* prepared: NULL sends it without a name. */
static int send_call(const lease_t *lease, const call_t *call, const prepared_t *prepared)
{
    PGconn *conn = pgsql_native(lease);

    if (!prepared) {
        return PQsendQueryParams(conn, call->sql, call->nargs, call->types, call->values, call->lengths, call->formats, 1);
    }
    return (prepared->is_ready || PQsendPrepare(conn, prepared->name, call->sql, call->nargs, call->types)) &&
           PQsendQueryPrepared(conn, prepared->name, call->nargs, call->values, call->lengths, call->formats, 1);
}

/*
 * Runs limit before call, in the same transaction and the same packet. Otherwise a statement that we have left behind would go
 * on waiting for its lock, keep its backend, and commit after the client was told that it failed. *answered: see pgsql_receive.
 */
static outcome_t exchange(lease_t *lease, const call_t *limit, const prepared_t *limit_prepared, const call_t *call,
                          const prepared_t *prepared, apr_int64_t deadline, int *answered, rows_t **rows)
{
    PGconn *conn = pgsql_native(lease);
    outcome_t outcome;

    *answered = 0;
    if (!PQenterPipelineMode(conn) || !send_call(lease, limit, limit_prepared) || !send_call(lease, call, prepared) ||
        !PQpipelineSync(conn)) {
        return pgsql_broke(lease);
    }
    outcome = pgsql_receive(lease, deadline, answered, rows);
    if (!lease->is_lost && !PQexitPipelineMode(conn)) {
        return pgsql_broke(lease);
    }
    return outcome;
}

/* DB_NAMED and DB_NAMELESS: nothing has been done, and the guess is corrected. */
static outcome_t run_prepared(lease_t *lease, const call_t *limit, const call_t *call, apr_int64_t deadline, rows_t **rows)
{
    prepared_t *limit_prepared, *prepared;
    int begins, answered;
    outcome_t outcome;

    (void)prepared_of(lease, limit); /* it has its place now, and the list moves once more at most */
    prepared = prepared_of(lease, call);
    limit_prepared = prepared_of(lease, limit);
    begins = limit_prepared->is_ready ? 1 : 2;
    outcome = exchange(lease, limit, limit_prepared, call, prepared, deadline, &answered, rows);
    limit_prepared->is_ready |= answered > 0;
    prepared->is_ready |= answered > begins;
    if (outcome == DB_NAMED || outcome == DB_NAMELESS) {
        (answered < begins ? limit_prepared : prepared)->is_ready = outcome == DB_NAMED;
    }
    return outcome;
}

static outcome_t run_limited(lease_t *lease, const call_t *call, apr_int64_t deadline, rows_t **rows)
{
    char timeout[24];
    const value_t limit_args[] = { v_text(timeout) };
    call_t limit;
    int answered;

    apr_snprintf(timeout, sizeof(timeout), "%" APR_INT64_T_FMT, timeout_until(deadline));
    set_call(&limit, limit_sql, limit_args, COUNT(limit_args));
    /* A wrong guess would end a transaction that was begun before. */
    for (int i = 0; i < TRIES && PQtransactionStatus(pgsql_native(lease)) == PQTRANS_IDLE; i++) {
        outcome_t outcome = run_prepared(lease, &limit, call, deadline, rows);

        if (outcome != DB_NAMED && outcome != DB_NAMELESS) {
            return outcome;
        }
    }
    return exchange(lease, &limit, NULL, call, NULL, deadline, &answered, rows);
}

/*
 * A look-up that we leave behind changes nothing, so it goes without the limit, which costs as much as itself: where its texts
 * are read as UTF-8 all the same (the server itself reports each change of that, a pooler need not), and unless something has
 * gone wrong of late. For what is left behind may still wait for a lock, and must not become many that take up all backends. The
 * first statement on a connection is none of these, and finds out a pooler.
 */
static int is_plain(const lease_t *lease, const prepared_t *prepared)
{
    const store_source_t *source = lease->store->source;
    PGconn *conn = pgsql_native(lease);
    const char *encoding = PQparameterStatus(conn, "client_encoding");

    return prepared && prepared->is_ready && strncmp(prepared->sql, "SELECT", 6) == 0 && !source->is_pooled &&
           clock_us() >= source->careful_until && encoding && strcmp(encoding, "UTF8") == 0 &&
           PQtransactionStatus(conn) == PQTRANS_IDLE;
}

/* DB_NAMELESS: nothing has been done, and the guess is corrected. */
static outcome_t run_plain(lease_t *lease, const call_t *call, prepared_t *prepared, apr_int64_t deadline, rows_t **rows)
{
    int answered;
    outcome_t outcome;

    if (!send_call(lease, call, prepared)) {
        return pgsql_broke(lease);
    }
    outcome = pgsql_receive(lease, deadline, &answered, rows);
    prepared->is_ready = outcome != DB_NAMELESS;
    return outcome;
}

static outcome_t pgsql_run(lease_t *lease, const char *sql, const value_t *args, int nargs, rows_t **rows)
{
    apr_int64_t deadline = deadline_of(lease);
    prepared_t *prepared = lease_find(lease, sql);
    outcome_t outcome = DB_NAMELESS;
    call_t call;

    set_call(&call, sql, args, nargs);
    if (is_plain(lease, prepared)) {
        outcome = run_plain(lease, &call, prepared, deadline, rows);
    }
    if (outcome == DB_NAMELESS) {
        outcome = run_limited(lease, &call, deadline, rows);
    }
    if (outcome == DB_DOWN) {
        lease->store->source->careful_until = clock_us() + CAREFUL_FOR;
    }
    return outcome;
}

/* Another encoding lacks characters of some names, and what it cannot hold it would seem not to know. */
static outcome_t pgsql_found(lease_t *lease)
{
    const char *encoding = PQparameterStatus(pgsql_native(lease), "server_encoding");

    if (encoding && strcmp(encoding, "UTF8") != 0 && strcmp(encoding, "SQL_ASCII") != 0) {
        return lease_problem(
            lease, DB_MISCONFIGURED,
            "the database is encoded in %s, which cannot hold every name: make one with `createdb --encoding=UTF8 "
            "--template=template0`",
            encoding);
    }
    return DB_OK;
}

static outcome_t pgsql_script(lease_t *lease, const char *sql)
{
    int answered;

    if (!PQsendQuery(pgsql_native(lease), sql)) {
        return pgsql_broke(lease);
    }
    return pgsql_receive(lease, deadline_of(lease), &answered, NULL);
}

static outcome_t pgsql_begin(lease_t *lease)
{
    /* Nobody is to wait for locks of a client that is out of reach. */
    return pgsql_script(lease, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 10000");
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
    .driver = "pgsql",
    .params_problem = pgsql_params_problem,
    .alive = pgsql_alive,
    .begin = pgsql_begin,
    .commit = pgsql_commit,
    .rollback = pgsql_rollback,
    .run = pgsql_run,
    .found = pgsql_found,
    .script = pgsql_script,
    .begin_alone = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(6749, 6750)",
    .find_settings = "SELECT 1 WHERE to_regclass('oauth_setting') IS NOT NULL",
    .grant_rights = pgsql_grant_rights,
    .listening = &listening_pgsql,
};
