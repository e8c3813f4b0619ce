/*
 * Makes the source of connections that all operations of a server or of the command lease from, and answers what is known of
 * it. Called when httpd or the command starts; who leases is lease.c.
 */
#include "store/source.h"

#include <stdatomic.h>

#include <apr_strings.h>

#include "store/drivers.h"
#include "store/lease.h"
#include "store/schema.h"

apr_status_t store_source_create(store_source_t **out, apr_pool_t *p, const char *driver, const char *params, int max,
                                 store_open_fn *open, store_close_fn *close, store_held_fn *held, void *baton)
{
    store_source_t *source = apr_pcalloc(p, sizeof(*source));
    apr_status_t rv;

    source->backend = backend_of(driver);
    if (!source->backend) {
        return APR_ENOTIMPL;
    }
    source->file = source->backend->is_file ? apr_pstrdup(p, params) : NULL;
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

int store_driver_is_known(const char *driver)
{
    return backend_of(driver) != NULL;
}

int store_driver_is_file(const char *driver)
{
    const backend_t *backend = backend_of(driver);

    return backend && backend->is_file;
}

int store_source_has_roles(const store_source_t *source)
{
    return source->backend->grant_rights != NULL;
}

int store_source_is_pooled(const store_source_t *source)
{
    return source->is_pooled;
}

int store_source_pooler_found(store_source_t *source)
{
    return source->is_pooled && !source->is_told && !atomic_exchange(&source->is_told, 1);
}

int store_source_behind(const store_source_t *source)
{
    int schema = source->schema;

    return schema < SCHEMA_VERSION ? schema : 0;
}

int store_source_behind_found(store_source_t *source)
{
    int schema = store_source_behind(source);

    return schema && !source->is_behind_told && !atomic_exchange(&source->is_behind_told, 1) ? schema : 0;
}

const struct listening_t *store_source_listening(const store_source_t *source)
{
    return source->backend->listening;
}
