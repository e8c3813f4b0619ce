/*
 * The commands `migrate` and `purge`. Called by main.c.
 */
#include <signal.h>
#include <stdio.h>

#include <apr_time.h>

#include "base/array.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "store/migrate.h"
#include "store/migrations.h"
#include "store/purge.h"

int migrate(command_t *c)
{
    const char *role = c->args->grant_to;
    apr_array_header_t *applied;
    store_status_t status = store_migrate(c->store, migrations, role, &applied);
    json_t *list = json_own(c->pool, json_array());

    for (int i = 0; i < applied->nelts; i++) {
        const migration_t *migration = APR_ARRAY_IDX(applied, i, const migration_t *);

        json_array_append_new(list, json_pack("{si ss}", "version", migration->version, "name", migration->name));
        if (!c->json) {
            printf("Applied migration %d, %s.\n", migration->version, migration->name);
        }
    }
    if (status != STORE_OK || store_user_fold_all(c->store) != STORE_OK) {
        return fail_down(c);
    }
    if (c->json) {
        print_json(c->pool, json_pack("{sO so}", "applied", list, "granted_to", text_json(role)));
    } else {
        printf("The tables are up to date.\n");
        if (role) {
            printf("%s may serve from them.\n", terminal_text(c->pool, role));
        }
    }
    return DONE;
}

static volatile sig_atomic_t is_interrupted;

static void note_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

/* Ctrl-C and its like end a purge between two steps, so that what it has done is told. What is ignored (nohup) stays so. */
static void hear_signals(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction before, note = { .sa_handler = note_signal, .sa_flags = SA_RESTART };

    for (int i = 0; i < COUNT(numbers); i++) {
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(numbers[i], &note, NULL);
        }
    }
}

int purge(command_t *c)
{
    apr_int64_t count;
    store_status_t status;

    hear_signals();
    apr_pool_create(&c->store->pool, c->pool);
    do {
        apr_int64_t started = clock_us(), took;

        apr_pool_clear(c->store->pool);
        status = store_purge(c->store, PURGE_BATCH, &count);
        c->audit->count += count;
        if (status == STORE_DOWN) {
            return fail_down(c);
        }
        took = clock_us() - started;
        apr_sleep(status == STORE_REFUSED ? 0 : took > PURGE_PAUSE ? took : PURGE_PAUSE);
    } while (status == STORE_OK && !is_interrupted);
    if (status == STORE_OK) {
        return fail("interrupted: %" APR_INT64_T_FMT " expired row%s deleted, and there may be more", c->audit->count,
                    c->audit->count == 1 ? "" : "s");
    }
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "deleted", (json_int_t)c->audit->count));
    } else {
        printf("%" APR_INT64_T_FMT " expired row%s deleted.\n", c->audit->count, c->audit->count == 1 ? "" : "s");
    }
    return DONE;
}
