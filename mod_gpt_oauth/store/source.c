#include "store/source.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

#include "store/lease.h"

apr_status_t store_source_create(store_source_t **out, apr_pool_t *p, const char *driver, const char *params, int max,
                                 store_open_fn *open, store_close_fn *close, store_held_fn *held, void *baton)
{
    store_source_t *source = apr_pcalloc(p, sizeof(*source));
    apr_status_t rv;

    if (strcmp(driver, "pgsql") == 0) {
        source->backend = &backend_pgsql;
    } else if (strcmp(driver, "sqlite3") == 0) {
        source->backend = &backend_sqlite;
        source->file = apr_pstrdup(p, params);
    } else {
        return APR_ENOTIMPL;
    }
    source->open = open;
    source->close = close;
    source->held = held;
    source->baton = baton;

    rv = apr_thread_mutex_create(&source->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = gate_create(&source->gate, p, max);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *out = source;
    return APR_SUCCESS;
}

int store_source_is_sqlite(const store_source_t *source)
{
    return source->backend == &backend_sqlite;
}

int store_source_is_pooled(const store_source_t *source)
{
    return source->is_pooled;
}

int store_source_pooler_found(store_source_t *source)
{
    return source->is_pooled && !source->is_told && !atomic_exchange(&source->is_told, 1);
}
