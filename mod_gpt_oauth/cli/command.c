/*
 * What several commands of gptoauth do. Called by those in *_cmd.c, cli/try/ and cli/doctor/, and calls none of them.
 */
#include "cli/command.h"

#include <stdio.h>

#include <apr_strings.h>

int command_find_client(const command_t *c, const char *id_or_name, client_t **client)
{
    switch (store_client_find(c->store, id_or_name, client)) {
    case STORE_OK: c->audit->client = (*client)->id; return DONE;
    case STORE_DOWN: return fail_down(c);
    case STORE_REFUSED: break;
    }
    return fail("there is no client \"%s\"; `gptoauth client list` shows them all", id_or_name);
}

#define LIMIT 10000

static int read_limit(const command_t *c, apr_int64_t *limit)
{
    char *end;

    *limit = LIMIT;
    if (c->args->limit) {
        *limit = apr_strtoi64(c->args->limit, &end, 10);
        if (*end || *limit < 1) {
            return fail("--limit %s is not a number of lines, 1 or more", c->args->limit);
        }
    }
    return DONE;
}

/* The first count items of a page. */
static void print_page(const command_t *c, const list_t *list, const apr_array_header_t *items, int count, int is_first)
{
    table_t *table = c->json ? NULL : table_make(c->pool, is_first ? list->header : NULL, list->columns);

    for (int i = 0; i < count; i++) {
        const void *item = APR_ARRAY_IDX(items, i, const void *);

        if (table) {
            list->add_row(c, item, table);
        } else {
            printf("%s%s", is_first && !i ? "" : ",", json_print(c->pool, json_own(c->pool, list->to_json(c, item))));
        }
    }
    if (table && count) {
        table_print(table, "");
    }
}

/* Two pools in turn: the last item of one page is asked for the next. */
int command_list(const command_t *c, const list_t *list)
{
    command_t page = *c;
    store_t store = *c->store;
    apr_pool_t *pools[2];
    apr_array_header_t *items;
    const void *last = NULL;
    apr_int64_t limit, printed = 0;
    int count;

    if (read_limit(c, &limit)) {
        return FAILED;
    }
    apr_pool_create(&pools[0], c->pool);
    apr_pool_create(&pools[1], c->pool);
    page.store = &store;
    for (int i = 0;; i = !i) {
        apr_pool_clear(pools[i]);
        page.pool = store.pool = pools[i];
        if (list->page(&page, last, &items) != STORE_OK) {
            return fail_down(&page);
        }
        count = items->nelts <= limit - printed ? items->nelts : (int)(limit - printed);
        if (c->json && !last) {
            putchar('[');
        }
        print_page(&page, list, items, count, !last);
        printed += count;
        if (count < items->nelts || items->nelts < LIST_PAGE) {
            break;
        }
        last = APR_ARRAY_IDX(items, count - 1, const void *);
    }
    if (c->json || !printed) {
        printf("%s\n", c->json ? "]" : list->none);
    }
    if (count < items->nelts) {
        fprintf(stderr, "gptoauth: there are more than these %" APR_INT64_T_FMT "; --limit shows as many as you say\n", printed);
    }
    return DONE;
}

int fail_down(const command_t *c)
{
    const char *problem = c->database->problem ? c->database->problem : c->store->problem;

    return fail("%s", problem ? problem : "the database did not answer");
}
