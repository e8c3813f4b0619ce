/*
 * What several commands of gptoauth do. Called by those in *_cmd.c, cli/try/ and cli/doctor/, and calls none of them.
 */
#include "cli/command.h"

#include <stdio.h>

int command_find_client(const command_t *c, const char *id_or_name, client_t **client)
{
    switch (store_client_find(c->store, id_or_name, client)) {
    case STORE_OK: return DONE;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail("there is no client \"%s\"; `gptoauth client list` shows them all", id_or_name);
}

int command_print_list(const command_t *c, const apr_array_header_t *list, to_json_fn *to_json, const char *none)
{
    if (c->json) {
        json_t *array = json_array();

        for (int i = 0; i < list->nelts; i++) {
            json_array_append_new(array, to_json(c, APR_ARRAY_IDX(list, i, const void *)));
        }
        print_json(c->pool, array);
        return 1;
    }
    if (!list->nelts) {
        printf("%s\n", none);
    }
    return !list->nelts;
}

int fail_down(const command_t *c)
{
    const char *problem = c->database->problem ? c->database->problem : c->store->problem;

    return fail("%s", problem ? problem : "the database did not answer");
}
