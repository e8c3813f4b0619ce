/*
 * On SQLite nothing is announced: a counter goes up with each revocation, and is looked at many times a second. That it is
 * another says that something ended, not what. Called by cache/listener.c through the table of the backend.
 */
#include "store/listen.h"

#include <poll.h>
#include <string.h>

#include <apr_strings.h>

#include "store/db.h"

typedef struct session_t {
    apr_pool_t *pool; /* for one look */
    apr_int64_t count;
} session_t;

static listen_status_t look(listen_t *listen, apr_int64_t *count)
{
    static const op_t op = { .sql = "SELECT count FROM oauth_revocation" };
    session_t *session = listen->session;
    store_t store = { .source = listen->source, .pool = session->pool };
    store_status_t status;

    apr_pool_clear(session->pool);
    status = db_number(&store, &op, NULL, 0, count);
    listen->problem = status == STORE_DOWN ? store.problem : "oauth_revocation has no row: it has been changed by hand";
    return status == STORE_OK ? LISTEN_OK : LISTEN_LOST;
}

static listen_status_t start(listen_t *listen)
{
    listen->session = apr_pcalloc(listen->pool, sizeof(*listen->session));
    apr_pool_create(&listen->session->pool, listen->pool);
    return look(listen, &listen->session->count);
}

static listen_status_t prove(listen_t *listen)
{
    (void)listen;
    return LISTEN_OK;
}

static listen_status_t listen_wait(listen_t *listen, apr_int64_t time)
{
    struct pollfd wake = { .fd = listen->wake, .events = POLLIN };

    return poll(&wake, 1, (int)(time / 1000)) > 0 ? LISTEN_STOPPED : LISTEN_OK;
}

static listen_status_t probe(listen_t *listen)
{
    session_t *session = listen->session;
    const char *said;
    apr_int64_t count;
    listen_status_t status = look(listen, &count);

    if (status == LISTEN_OK && count != session->count) {
        session->count = count;
        said = apr_off_t_toa(session->pool, count);
        listen->heard(listen->baton, HEARD_ALL, said, strlen(said));
    }
    return status;
}

static void end(listen_t *listen)
{
    (void)listen;
}

static const char *conninfo_problem(apr_pool_t *p, const char *conninfo)
{
    (void)p;
    (void)conninfo;
    return "SQLite has no connection to listen on; remove the line, or write off";
}

const listening_t listening_sqlite = {
    .interval = SECOND / 16,
    .conninfo_problem = conninfo_problem,
    .start = start,
    .prove = prove,
    .compare = prove,
    .wait = listen_wait,
    .probe = probe,
    .end = end,
};
