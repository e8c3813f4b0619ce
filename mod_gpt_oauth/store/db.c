/*
 * Runs one operation: leases a connection, checks the schema, runs the statement or its steps, and tries once more where the
 * connection broke. Called by every file of operations in store/.
 */
#include "store/db.h"

#include <string.h>

#include "store/schema.h"

/* A request must not wait longer than this in all, nor for one statement. */
#define BUDGET             (7 * SECOND / 2)
#define STATEMENT_DEADLINE (2 * SECOND)
/* Housekeeping may go over whole tables. */
#define PATIENT (60 * SECOND)

/* SQLite: the steps under one lock and in one transaction. */
static outcome_t run_steps(lease_t *lease, const char *const *steps, const value_t *args, int nargs, rows_t **rows)
{
    const backend_t *backend = lease->store->source->backend;
    outcome_t outcome = backend->begin(lease);

    if (outcome != DB_OK) {
        return outcome;
    }
    for (; *steps != NULL; steps++) {
        rows_t *found;

        outcome = backend->run(lease, *steps, args, nargs, &found);
        if (outcome == DB_OK && found->columns > 0) {
            *rows = found;
        }
        if (outcome != DB_OK || (found->columns > 0 && found->count == 0)) {
            backend->rollback(lease);
            return outcome;
        }
    }
    return backend->commit(lease);
}

static outcome_t run_once(lease_t *lease, const op_t *op, const value_t *args, int nargs, int is_second, rows_t **rows)
{
    const backend_t *backend = lease->store->source->backend;
    const char *const single[] = { op->sql, NULL };
    outcome_t outcome = schema_check(lease);

    if (outcome != DB_OK) {
        return outcome;
    }
    if (backend->needs_steps && strncmp(op->sql, "SELECT", 6) != 0) {
        outcome = run_steps(lease, op->steps[0] ? op->steps : single, args, nargs, rows);
        if (outcome == DB_OK && op->patient) {
            backend->tidy(lease);
        }
        return outcome;
    }

    /* What only reads may need other words, but no transaction. */
    outcome = backend->run(lease, backend->needs_steps && op->steps[0] ? op->steps[0] : op->sql, args, nargs, rows);
    if (is_second && outcome == DB_OK && (*rows)->count == 0 && op->done != NULL) {
        outcome = backend->run(lease, op->done, args, nargs, rows);
    }
    return outcome;
}

store_status_t db_run(store_t *store, const op_t *op, const value_t *args, int nargs, rows_t **rows)
{
    int is_patient = op->patient && store->is_patient;
    apr_int64_t patience = is_patient ? PATIENT : STATEMENT_DEADLINE;
    apr_int64_t deadline = clock_us() + (is_patient ? PATIENT : BUDGET);
    rows_t *found = NULL;
    outcome_t outcome = DB_AGAIN;
    int is_lost = 0;

    for (int attempt = 0; attempt < 2 && outcome == DB_AGAIN; attempt++) {
        lease_t *lease;

        outcome = lease_take(store, deadline, patience, is_lost, &lease);
        if (outcome == DB_OK) {
            outcome = run_once(lease, op, args, nargs, attempt > 0, &found);
            is_lost = lease->is_lost;
            store->server = lease->memo->server;
            lease_release(lease);
        }
    }
    store->is_misconfigured = outcome == DB_MISCONFIGURED;
    if (outcome != DB_OK && outcome != DB_REFUSED) {
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
