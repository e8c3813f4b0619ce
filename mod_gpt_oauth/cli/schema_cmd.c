#include <stdio.h>

#include "command.h"
#include "output.h"
#include "store/migrate.h"
#include "store/migrations.h"

/* Rows deleted per transaction, so that a long-neglected database is not locked for long. */
#define PURGE_BATCH 1000

int migrate(command_t *c)
{
    apr_array_header_t *applied;
    if (c->args->grant_to && store_source_is_sqlite(c->store->source)) {
        return fail("--grant-to is for PostgreSQL: SQLite has no roles, who may write the file may all");
    }
    if (store_migrate(c->store, migrations, c->args->grant_to, &applied) != STORE_OK) {
        return fail_down(c);
    }
    json_t *list = json_array();
    for (int i = 0; i < applied->nelts; i++) {
        const migration_t *migration = APR_ARRAY_IDX(applied, i, const migration_t *);
        if (c->json) {
            json_array_append_new(list, json_pack("{si ss}", "version", migration->version, "name", migration->name));
        } else {
            printf("Applied %d, %s.\n", migration->version, migration->name);
        }
    }
    if (c->json) {
        print_json(c->pool, json_pack("{so}", "applied", list));
    } else if (applied->nelts == 0) {
        printf("The tables are up to date.\n");
    }
    return DONE;
}

int purge(command_t *c)
{
    apr_int64_t count, sum = 0;
    do {
        if (store_purge(c->store, PURGE_BATCH, &count) != STORE_OK) {
            return fail_down(c);
        }
        sum += count;
    } while (count >= PURGE_BATCH);
    if (c->json) {
        print_json(c->pool, json_pack("{sI}", "deleted", (json_int_t)sum));
    } else {
        printf("%" APR_INT64_T_FMT " expired row%s deleted.\n", sum, sum == 1 ? "" : "s");
    }
    return DONE;
}
