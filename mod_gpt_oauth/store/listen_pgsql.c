/*
 * Listens to PostgreSQL on a connection of its own, with a deadline for each step. Called by cache/listener.c through the table
 * of the backend.
 *
 * PostgreSQL sends a backend's notifications before it says that the backend is ready again. So when the answer to a probe has
 * come, all has been heard that was committed before the probe was sent.
 */
#include "store/listen.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <libpq-fe.h>

#include "base/text.h"
#include "store/db.h"
#include "store/pgsql_answer.h"

#define STEP_MAX    (2 * SECOND)  /* of connecting to one host */
#define CONNECT_MAX (10 * SECOND) /* to one of all */
#define ANSWER_MAX  (3 * SECOND)
#define PROOF_MAX   (2 * SECOND)

/* The schema's own, as in the triggers, wherever search_path leads. */
#define CHANNEL_OF_SCHEMA "'gpt_oauth_' || relnamespace FROM pg_class WHERE oid = to_regclass('oauth_setting')"

/* So many triggers announce, if nobody has dropped or disabled any. */
#define TRIGGERS 16
#define PROBE                                                                                                                    \
    "SELECT pg_backend_pid(), (SELECT count(*) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"                          \
    " WHERE 'gpt_oauth_' || relnamespace = c AND tgname LIKE 'oauth\\_tell\\_%' AND tgenabled IN ('O', 'A'))"                    \
    " FROM pg_listening_channels() AS c WHERE c = '"

typedef struct session_t {
    PGconn *conn;
    const char *channel;
    const char *backend; /* the number of the one that listens */
    const char *probe;   /* SQL */
    const char *proof;   /* what has yet to be heard; NULL: nothing */
} session_t;

static listen_status_t fail(listen_t *listen, listen_status_t status, const char *problem)
{
    listen->problem = problem;
    return status;
}

/* By libpq's sentence or two, which name hosts and users, and no password. */
static listen_status_t fail_by_libpq(listen_t *listen, const char *what)
{
    apr_pool_t *p = listen->pool;
    const char *said = text_trim(p, text_clean(p, PQerrorMessage(listen->session->conn)));

    return fail(listen, LISTEN_LOST, apr_pstrcat(p, what, ": ", said, NULL));
}

/* No more than the primary message: the others may quote values. */
static listen_status_t fail_by_result(listen_t *listen, const PGresult *result)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    return message ? fail(listen, LISTEN_LOST, apr_pstrcat(listen->pool, "PostgreSQL says: ", message, NULL))
                   : fail_by_libpq(listen, "the connection broke");
}

static void hear(listen_t *listen, const char *message)
{
    static const struct {
        const char *word;
        heard_t what;
        int is_hash;
    } kinds[] = { { "token ", HEARD_TOKEN, 1 },   { "key ", HEARD_KEY, 1 },   { "grant ", HEARD_GRANT, 0 },
                  { "client ", HEARD_CLIENT, 0 }, { "user ", HEARD_USER, 0 }, { "proof ", HEARD_ALL, 0 } };
    session_t *session = listen->session;

    for (int i = 0; i < COUNT(kinds); i++) {
        apr_size_t length = strlen(kinds[i].word), size = strlen(message);
        digest_t hash;

        if (strncmp(message, kinds[i].word, length) != 0) {
            continue;
        }
        if (kinds[i].what == HEARD_ALL) { /* some other host's proof, perhaps */
            session->proof = session->proof && strcmp(session->proof, message) == 0 ? NULL : session->proof;
            return;
        }
        if (!kinds[i].is_hash) {
            listen->heard(listen->baton, kinds[i].what, message + length, size - length);
            return;
        }
        if (size == length + 2 * DIGEST_SIZE &&
            apr_unescape_hex(hash.byte, message + length, APR_ESCAPE_STRING, 0, &size) == APR_SUCCESS) {
            listen->heard(listen->baton, kinds[i].what, hash.byte, DIGEST_SIZE);
            return;
        }
    }
    /* "all", and what newer triggers may say. */
    listen->heard(listen->baton, HEARD_ALL, message, strlen(message));
}

static void hear_all(listen_t *listen)
{
    session_t *session = listen->session;
    PGnotify *notify;

    while ((notify = PQnotifies(session->conn))) {
        if (session->channel && strcmp(notify->relname, session->channel) == 0) {
            hear(listen, notify->extra);
        }
        PQfreemem(notify);
    }
}

/* 1: the connection is ready; 0: the time is over. */
static int is_ready(const listen_t *listen, short events, apr_int64_t until, listen_status_t *status)
{
    struct pollfd fds[] = { { .fd = listen->wake, .events = POLLIN },
                            { .fd = PQsocket(listen->session->conn), .events = events } };
    apr_int64_t left = until - clock_us();
    int found;

    do {
        found = poll(fds, COUNT(fds), left > 0 ? (int)(left / 1000) + 1 : 0);
    } while (found < 0 && errno == EINTR);
    *status = fds[0].revents ? LISTEN_STOPPED : LISTEN_OK;
    return found > 0 && fds[1].revents;
}

/* libpq goes on to the next host by itself, but not from one that is silent, unless its socket is shut. */
static listen_status_t connect_to_any(listen_t *listen)
{
    PGconn *conn = listen->session->conn;
    apr_int64_t deadline = clock_us() + CONNECT_MAX;
    PostgresPollingStatusType step = PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;

    while (step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
        listen_status_t status;

        if (!is_ready(listen, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, clock_us() + STEP_MAX, &status)) {
            shutdown(PQsocket(conn), SHUT_RDWR);
        }
        if (status != LISTEN_OK) {
            return status;
        }
        if (clock_us() > deadline) {
            return fail(listen, LISTEN_LOST, "connecting took too long");
        }
        step = PQconnectPoll(conn);
    }
    return step == PGRES_POLLING_OK ? LISTEN_OK : fail_by_libpq(listen, "cannot connect");
}

/* *result belongs to the caller in any case; NULL is none. */
static listen_status_t ask(listen_t *listen, const char *sql, ExecStatusType expected, PGresult **result)
{
    PGconn *conn = listen->session->conn;
    apr_int64_t deadline = clock_us() + ANSWER_MAX;
    PGresult *next;

    *result = NULL;
    if (!PQsendQuery(conn, sql)) {
        return fail_by_libpq(listen, "the connection broke");
    }
    do {
        while (PQisBusy(conn)) {
            listen_status_t status;
            int ready = is_ready(listen, POLLIN, deadline, &status);

            if (status != LISTEN_OK || !ready) {
                return status != LISTEN_OK ? status : fail(listen, LISTEN_LOST, "PostgreSQL did not answer in time");
            }
            if (!PQconsumeInput(conn)) {
                break;
            }
        }
        next = PQgetResult(conn);
        if (next) {
            PQclear(*result);
            *result = next;
        }
    } while (next);

    hear_all(listen);
    return PQresultStatus(*result) == expected ? LISTEN_OK : fail_by_result(listen, *result);
}

static const char *cell_of(const PGresult *result, int column)
{
    return PQntuples(result) > 0 ? PQgetvalue(result, 0, column) : "";
}

static listen_status_t listen_to_schema(listen_t *listen)
{
    session_t *session = listen->session;
    PGresult *result;
    listen_status_t status =
        ask(listen, "SELECT pg_backend_pid(), " PGSQL_SERVER ", " CHANNEL_OF_SCHEMA, PGRES_TUPLES_OK, &result);

    if (status == LISTEN_OK && PQntuples(result) == 0) {
        status = fail(listen, LISTEN_LOST, "there is no table oauth_setting: run `gptoauth migrate`, or set search_path");
    }
    if (status == LISTEN_OK) {
        session->backend = apr_pstrdup(listen->pool, cell_of(result, 0));
        listen->server = apr_atoi64(cell_of(result, 1));
        session->channel = apr_pstrdup(listen->pool, cell_of(result, 2));
        session->probe = apr_pstrcat(listen->pool, PROBE, session->channel, "'", NULL);
    }
    PQclear(result);
    if (status == LISTEN_OK) {
        status = ask(listen, apr_pstrcat(listen->pool, "LISTEN ", session->channel, NULL), PGRES_COMMAND_OK, &result);
        PQclear(result);
    }
    return status;
}

static listen_status_t start(listen_t *listen)
{
    /* What comes after the conninfo overrides it, but for a fallback. */
    const char *const names[] = { "dbname", "client_encoding", "fallback_application_name", NULL };
    const char *const values[] = { listen->conninfo, "UTF8", "mod_gpt_oauth listens", NULL };
    listen_status_t status;

    listen->session = apr_pcalloc(listen->pool, sizeof(*listen->session));
    listen->session->conn = PQconnectStartParams(names, values, 1);
    if (!listen->session->conn) {
        return fail(listen, LISTEN_LOST, "out of memory");
    }
    status = connect_to_any(listen);
    return status == LISTEN_OK ? listen_to_schema(listen) : status;
}

static listen_status_t wait_until(listen_t *listen, apr_int64_t until, int for_proof)
{
    session_t *session = listen->session;
    listen_status_t status = LISTEN_OK;

    while (status == LISTEN_OK && (!for_proof || session->proof) && clock_us() < until) {
        if (!is_ready(listen, POLLIN, until, &status)) {
            continue;
        }
        if (!PQconsumeInput(session->conn)) {
            return fail_by_libpq(listen, "the connection broke");
        }
        hear_all(listen);
    }
    return status;
}

static listen_status_t listen_wait(listen_t *listen, apr_int64_t time)
{
    return wait_until(listen, clock_us() + time, 0);
}

static listen_status_t is_same(listen_t *listen, const store_t *store)
{
    return store->server == listen->server
               ? LISTEN_OK
               : fail(listen, LISTEN_DEAF, "DBDParams lead to another server than the one that is listened to");
}

/* A pool that is in use to the last connection says nothing of where it leads. */
static listen_status_t compare(listen_t *listen)
{
    static const op_t op = { .sql = "SELECT 1" };
    store_t store = { .source = listen->source };
    listen_status_t status = LISTEN_OK;

    apr_pool_create(&store.pool, listen->pool);
    if (db_run(&store, &op, NULL, 0, NULL) == STORE_OK) {
        status = is_same(listen, &store);
    }
    apr_pool_destroy(store.pool);
    return status;
}

static listen_status_t say(listen_t *listen, const char *message)
{
    static const op_t op = { .sql = "SELECT count(pg_notify(channel, $1)) FROM (SELECT " CHANNEL_OF_SCHEMA ") AS own (channel)" };
    store_t store = { .source = listen->source, .pool = listen->pool };
    const value_t args[] = { v_text(message) };

    if (db_run(&store, &op, args, COUNT(args), NULL) == STORE_DOWN) {
        return fail(listen, LISTEN_LOST, store.problem);
    }
    return is_same(listen, &store);
}

static listen_status_t prove(listen_t *listen)
{
    char nonce[16];
    listen_status_t status;

    crypto_random(nonce, sizeof(nonce));
    listen->session->proof = apr_pstrcat(listen->pool, "proof ", apr_pescape_hex(listen->pool, nonce, sizeof(nonce), 0), NULL);
    status = say(listen, listen->session->proof);
    status = status == LISTEN_OK ? wait_until(listen, clock_us() + PROOF_MAX, 1) : status;
    return status == LISTEN_OK && listen->session->proof
               ? fail(listen, LISTEN_DEAF, "what was said on one of the connections by DBDParams was not heard here")
               : status;
}

static listen_status_t probe(listen_t *listen)
{
    session_t *session = listen->session;
    PGresult *result;
    listen_status_t status = ask(listen, session->probe, PGRES_TUPLES_OK, &result);

    if (status == LISTEN_OK && strcmp(cell_of(result, 0), session->backend) != 0) {
        status = fail(listen, LISTEN_DEAF, "another backend answers than the one that was told to listen");
    }
    if (status == LISTEN_OK && apr_atoi64(cell_of(result, 1)) < TRIGGERS) {
        status = fail(listen, LISTEN_LOST, "a trigger that announces them is disabled or missing");
    }
    PQclear(result);
    return status;
}

static void end(listen_t *listen)
{
    PQfinish(listen->session->conn);
}

static const char *conninfo_problem(apr_pool_t *p, const char *conninfo)
{
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &error);

    (void)p;
    /* libpq's message may quote the string, and with it a password. */
    PQfreemem(error);
    PQconninfoFree(options);
    return options ? NULL
                   : "this is not a connection string that libpq understands; write where PostgreSQL itself can be reached, for "
                     "example \"host=db.internal port=5432 dbname=oauth user=oauth\", or off";
}

const listening_t listening_pgsql = {
    .interval = SECOND / 4,
    .conninfo_problem = conninfo_problem,
    .start = start,
    .prove = prove,
    .compare = compare,
    .wait = listen_wait,
    .probe = probe,
    .end = end,
};
