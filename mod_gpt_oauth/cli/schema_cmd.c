/*
 * The commands `migrate` and `purge`. Called by main.c.
 */
#include <stdio.h>

#include <apr_time.h>

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

int purge(command_t *c)
{
    apr_int64_t count, sum = 0;
    store_status_t status;

    apr_pool_create(&c->store->pool, c->pool);
    do {
        apr_int64_t started = clock_us(), took;

        apr_pool_clear(c->store->pool);
        status = store_purge(c->store, PURGE_BATCH, &count);
        if (status == STORE_DOWN) {
            return fail_down(c);
        }
        sum += count;
        took = clock_us() - started;
        apr_sleep(status == STORE_REFUSED ? 0 : took > PURGE_PAUSE ? took : PURGE_PAUSE);
    } while (status == STORE_OK);
    c->audit->count = sum;
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "deleted", (json_int_t)sum));
    } else {
        printf("%" APR_INT64_T_FMT " expired row%s deleted.\n", sum, sum == 1 ? "" : "s");
    }
    return DONE;
}
