/*
 * Runs one operation: leases a connection, checks the schema, spends the action of a form, runs the statement or its steps, and
 * tries once more where the connection broke. Called by every file of operations in store/.
 */
#include "store/db.h"

#include <string.h>

#include "base/meter.h"
#include "store/schema.h"

/* A request must not wait longer than this in all, nor for one statement. */
#define BUDGET             (7 * SECOND / 2)
#define STATEMENT_DEADLINE (2 * SECOND)
/* Housekeeping may go over whole tables. */
#define PATIENT (60 * SECOND)

/* The schema that knows which forms were sent. */
#define ACTIONS_SINCE 9

/* A form's action that the operation spends, and by whom; NULL: none. */
typedef struct spend_t {
    const char *action, *by;
} spend_t;

#define RUN(lease, sql, args, rows) (lease)->store->source->backend->run(lease, sql, args, COUNT(args), rows)

/*
 * First in the transaction: whoever spends the same action at the same time waits for its end. DB_REFUSED: it is spent already.
 */
static outcome_t spend_action(lease_t *lease, const spend_t *spend)
{
    const value_t args[] = { v_text(spend->action), v_number(lease->store->now), v_text(spend->by) };
    rows_t *rows;
    outcome_t outcome = RUN(lease,
                            "INSERT INTO oauth_action (id, spent_at, spender) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
                            " RETURNING 1",
                            args, &rows);

    return outcome == DB_OK && rows->count == 0 ? DB_REFUSED : outcome;
}

/* DB_OK: by the first try, which did all of it, as its transaction has ended. */
static outcome_t was_spent_by_us(lease_t *lease, const spend_t *spend)
{
    const value_t args[] = { v_text(spend->action), v_text(spend->by) };
    rows_t *rows;
    outcome_t outcome = RUN(lease, "SELECT 1 FROM oauth_action WHERE id = $1 AND spender = $2", args, &rows);

    return outcome == DB_OK && rows->count == 0 ? DB_REFUSED : outcome;
}

/* SQLite: the steps, until one finds nothing. */
static outcome_t run_steps(lease_t *lease, const char *const *steps, const value_t *args, int nargs, rows_t **rows)
{
    for (; *steps != NULL; steps++) {
        rows_t *found = NULL;
        outcome_t outcome = lease->store->source->backend->run(lease, *steps, args, nargs, &found);

        if (outcome == DB_OK && found && found->columns > 0) {
            *rows = found;
            outcome = found->count > 0 ? DB_OK : DB_REFUSED;
        }
        if (outcome != DB_OK) {
            return outcome;
        }
    }
    return DB_OK;
}

/*
 * Under one lock and in one transaction. With an action that is spent first: where the operation then finds nothing to do, what
 * its steps did is undone, and the action remains spent.
 */
static outcome_t run_whole(lease_t *lease, const op_t *op, const spend_t *spend, const value_t *args, int nargs, rows_t **rows)
{
    const backend_t *backend = lease->store->source->backend;
    const char *const single[] = { op->sql, NULL };
    outcome_t outcome = backend->begin(lease);

    if (outcome != DB_OK) {
        return outcome;
    }
    if (spend) {
        outcome = spend_action(lease, spend);
        lease->store->is_spent = outcome == DB_REFUSED;
        if (outcome == DB_OK) {
            outcome = backend->script(lease, "SAVEPOINT operation");
        }
    }
    if (outcome == DB_OK) {
        outcome = run_steps(lease, backend->needs_steps && op->steps[0] ? op->steps : single, args, nargs, rows);
        if (outcome == DB_REFUSED && spend && backend->script(lease, "ROLLBACK TO operation") == DB_OK) {
            outcome = backend->commit(lease);
            return outcome == DB_OK ? DB_REFUSED : outcome;
        }
    }
    if (outcome != DB_OK) {
        backend->rollback(lease);
        return outcome;
    }
    return backend->commit(lease);
}

/* What only reads, and on PostgreSQL any operation: one statement. */
static outcome_t run_alone(lease_t *lease, const op_t *op, const value_t *args, int nargs, int is_second, rows_t **rows)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = backend->run(lease, backend->needs_steps && op->steps[0] ? op->steps[0] : op->sql, args, nargs, rows);

    if (is_second && op->done != NULL && outcome == DB_OK && (*rows)->count == 0) {
        outcome = backend->run(lease, op->done, args, nargs, rows);
    }
    return outcome;
}

static int changes(const op_t *op)
{
    return strncmp(op->sql, "SELECT", 6) != 0;
}

/* With the schema before ours: what stands in its place. */
static outcome_t choose_statement(const lease_t *lease, const spend_t *spend, const op_t **op)
{
    int schema = lease->memo->schema;

    if (schema >= (*op)->since && (!spend || schema >= ACTIONS_SINCE)) {
        return DB_OK;
    }
    if (!(*op)->before || spend) {
        return lease_problem(lease, DB_MISCONFIGURED,
                             "this needs schema %d, and the database has schema %d: run `gptoauth migrate`", SCHEMA_VERSION,
                             schema);
    }
    *op = (*op)->before;
    return DB_OK;
}

/* What choose_statement refuses is no failure of the database. */
static int is_off(const store_t *store, const op_t *op)
{
    int schema = store->source->schema;

    return store->is_misconfigured && schema && schema < op->since;
}

static outcome_t run_once(lease_t *lease, const op_t *op, const spend_t *spend, const value_t *args, int nargs, int is_second,
                          rows_t **rows)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = schema_check(lease);

    if (outcome == DB_OK) {
        outcome = choose_statement(lease, spend, &op);
    }
    if (outcome != DB_OK) {
        return outcome;
    }
    if (spend && is_second) {
        outcome = was_spent_by_us(lease, spend);
        if (outcome == DB_OK && op->done) {
            return backend->run(lease, op->done, args, nargs, rows);
        }
        if (outcome != DB_OK && outcome != DB_REFUSED) {
            return outcome;
        }
        spend = outcome == DB_OK ? NULL : spend;
    }
    if (spend || (backend->needs_steps && changes(op))) {
        outcome = run_whole(lease, op, spend, args, nargs, rows);
        if (outcome == DB_OK && op->patient && backend->tidy != NULL) {
            backend->tidy(lease);
        }
        return outcome;
    }
    return run_alone(lease, op, args, nargs, is_second, rows);
}

store_status_t db_run(store_t *store, const op_t *op, const value_t *args, int nargs, rows_t **rows)
{
    int is_patient = op->patient && store->is_patient;
    apr_int64_t patience = is_patient ? PATIENT : STATEMENT_DEADLINE;
    apr_int64_t started = clock_us(), deadline = started + (is_patient ? PATIENT : BUDGET);
    int is_spending = store->action && changes(op);
    const spend_t spend = { store->action, is_spending ? crypto_random_id(store->pool) : NULL };
    rows_t *found = NULL;
    outcome_t outcome = DB_AGAIN;
    int is_lost = 0;

    store->action = is_spending ? NULL : store->action;
    for (int attempt = 0; attempt < 2 && outcome == DB_AGAIN; attempt++) {
        lease_t *lease;

        outcome = lease_take(store, deadline, patience, is_lost, &lease);
        if (outcome == DB_OK) {
            outcome = run_once(lease, op, is_spending ? &spend : NULL, args, nargs, attempt > 0, &found);
            is_lost = lease->is_lost;
            if (outcome == DB_MISCONFIGURED) {
                lease->memo->fits = NULL; /* tables may have been restored from a backup */
            }
            store->server = lease->memo->server;
            lease_release(lease);
        }
    }
    store->is_misconfigured = outcome == DB_MISCONFIGURED;
    if (store->meter) {
        meter_latency(store->meter, clock_us() - started);
    }
    if (outcome != DB_OK && outcome != DB_REFUSED) {
        if (!is_off(store, op)) {
            meter_add(store->meter, METER_DATABASE_FAILURES, 1);
        }
        return STORE_DOWN;
    }
    if (rows != NULL) {
        *rows = found ? found : apr_pcalloc(store->pool, sizeof(*found)); /* refused without an answer: no rows */
    }
    return outcome == DB_OK && found != NULL && found->count > 0 ? STORE_OK : STORE_REFUSED;
}

store_status_t db_first(store_t *store, const op_t *op, const value_t *args, int nargs, const cell_t **cell)
{
    rows_t *rows;
    store_status_t status = db_run(store, op, args, nargs, &rows);

    if (status == STORE_OK) {
        *cell = db_row(rows, 0);
    }
    return status;
}

store_status_t db_text(store_t *store, const op_t *op, const value_t *args, int nargs, const char **text)
{
    const cell_t *cell;
    store_status_t status = db_first(store, op, args, nargs, &cell);

    if (status == STORE_OK) {
        *text = cell->bytes;
    }
    return status;
}

store_status_t db_number(store_t *store, const op_t *op, const value_t *args, int nargs, apr_int64_t *number)
{
    const cell_t *cell;
    store_status_t status = db_first(store, op, args, nargs, &cell);

    if (status == STORE_OK) {
        *number = cell->number;
    }
    return status;
}

store_status_t store_action_is_spent(store_t *store, const char *id)
{
    static const op_t op = { .sql = "SELECT 1 FROM oauth_action WHERE id = $1", .since = 9 };
    const value_t args[] = { v_text(id) };

    return db_run(store, &op, args, COUNT(args), NULL);
}
