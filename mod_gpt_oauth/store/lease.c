/*
 * Takes a connection from its source for one operation and gives it back, and keeps what was prepared on it. Called by db.c and
 * migrate.c; the backends use what is here for their messages and prepared statements.
 */
#include "store/lease.h"

#include <stdarg.h>

#include <apr_strings.h>

#include "base/meter.h"

/* A server that is just starting refuses, and on a busy machine not at once: it must be found as soon as it is up. */
#define SLOW_CONNECT (1 * SECOND)

static const char lost[] = "the connection to the database is lost and cannot be renewed: check that it runs";

static apr_status_t end(void *data)
{
    lease_t *lease = data;
    store_source_t *source = lease->store->source;

    if (lease->lock >= 0) {
        source->backend->rollback(lease);
    }
    if (!lease->is_held) {
        source->close(source->baton, &lease->conn);
        gate_leave(source->gate);
    }
    return APR_SUCCESS;
}

static memo_t *memo_of(store_conn_t *conn)
{
    if (!*conn->memo) {
        memo_t *memo = apr_pcalloc(conn->pool, sizeof(*memo));

        memo->prepared = apr_array_make(conn->pool, 32, sizeof(prepared_t));
        *conn->memo = memo;
    }
    return *conn->memo;
}

/* The caller is outside the gate after this. A backend may have been killed while it was still connecting: worth one more try. */
static outcome_t not_opened(const lease_t *lease, apr_int64_t started, const char *problem)
{
    store_source_t *source = lease->store->source;
    int slowly = clock_us() - started > SLOW_CONNECT;

    gate_failed(source->gate, slowly);
    if (source->backend->open_problem) {
        return source->backend->open_problem(lease);
    }
    return lease_problem(lease, slowly ? DB_DOWN : DB_AGAIN, "%s", problem);
}

static outcome_t take_held(lease_t *lease, int must_renew)
{
    lease->memo = memo_of(&lease->conn);
    return lease->store->source->backend->alive(lease, must_renew) ? DB_OK : lease_problem(lease, DB_DOWN, "%s", lost);
}

static gate_answer_t enter(const lease_t *lease)
{
    struct meter_t *meter = lease->store->meter;
    apr_int64_t waited;
    gate_answer_t answer = gate_enter(lease->store->source->gate, lease->deadline, &waited);

    if (waited > 0) {
        meter_add(meter, METER_POOL_WAITS, 1);
        meter_add(meter, METER_POOL_WAIT_TIME, (apr_uint64_t)waited);
    }
    if (answer != GATE_OPEN) {
        meter_add(meter,
                  answer == GATE_FULL   ? METER_POOL_FULL
                  : answer == GATE_SHUT ? METER_POOL_SHUT
                                        : METER_POOL_CONNECTING,
                  1);
    }
    return answer;
}

static outcome_t take_new(lease_t *lease, int must_renew)
{
    store_source_t *source = lease->store->source;
    apr_int64_t started;

    switch (enter(lease)) {
    case GATE_FULL:
        return lease_problem(lease, DB_DOWN, "all connections to the database that DBDMax allows were in use for too long");
    case GATE_OPENING:
        return lease_problem(lease, DB_DOWN, "connecting to the database takes too long: it is busy, silent or hard to reach");
    case GATE_SHUT:
        return lease_problem(lease, DB_DOWN,
                             "the database could not be reached a moment ago; it is not tried again for a second");
    case GATE_OPEN: break;
    }

    started = clock_us();
    if (source->open(source->baton, lease->store->pool, &lease->conn) != APR_SUCCESS) {
        return not_opened(lease, started,
                          "cannot connect to the database: check that it runs and that this host and user may use what DBDParams "
                          "names (the line before says more)");
    }
    lease->memo = memo_of(&lease->conn);
    if (!source->backend->alive(lease, must_renew)) {
        source->close(source->baton, &lease->conn);
        return not_opened(lease, started, lost);
    }
    gate_opened(source->gate);
    return DB_OK;
}

outcome_t lease_take(store_t *store, apr_int64_t deadline, apr_int64_t patience, int must_renew, lease_t **out)
{
    store_source_t *source = store->source;
    lease_t *lease = apr_pcalloc(store->pool, sizeof(*lease));
    outcome_t outcome;

    lease->store = store;
    lease->deadline = deadline;
    lease->patience = patience;
    lease->lock = -1;
    lease->is_held = source->held && source->held(store->holder, &lease->conn);

    outcome = lease->is_held ? take_held(lease, must_renew) : take_new(lease, must_renew);
    if (outcome == DB_OK) {
        apr_pool_cleanup_register(store->pool, lease, end, apr_pool_cleanup_null);
        *out = lease;
    }
    return outcome;
}

void lease_release(lease_t *lease)
{
    apr_pool_cleanup_run(lease->store->pool, lease, end);
}

prepared_t *lease_find(const lease_t *lease, const char *sql)
{
    apr_array_header_t *list = lease->memo->prepared;

    for (int i = 0; i < list->nelts; i++) {
        if (APR_ARRAY_IDX(list, i, prepared_t).sql == sql) {
            return &APR_ARRAY_IDX(list, i, prepared_t);
        }
    }
    return NULL;
}

prepared_t *lease_prepared(lease_t *lease, const char *sql)
{
    prepared_t *prepared = apr_array_push(lease->memo->prepared);

    prepared->sql = sql;
    return prepared;
}

outcome_t lease_problem(const lease_t *lease, outcome_t outcome, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    lease->store->problem = apr_pvsprintf(lease->store->pool, format, args);
    va_end(args);
    return outcome;
}
