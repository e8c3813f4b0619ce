/*
 * The key of the flood filter's tag, which lives in the database so that all hosts share it. Asked for once per process by web/;
 * later calls answer from the source.
 */
#include "store/db.h"
#include "store/schema.h"

static int copy_tag_key(store_source_t *source, digest_t *key)
{
    int has_key;

    apr_thread_mutex_lock(source->mutex);
    has_key = source->has_tag_key;
    *key = source->tag_key;
    apr_thread_mutex_unlock(source->mutex);
    return has_key;
}

store_status_t store_tag_key(store_t *store, digest_t *key)
{
    static const op_t settings = { .sql = schema_settings };

    if (copy_tag_key(store->source, key)) {
        return STORE_OK;
    }
    /* Whatever is asked, the first lease brings the key along. */
    if (db_run(store, &settings, NULL, 0, NULL) != STORE_OK || !copy_tag_key(store->source, key)) {
        return STORE_DOWN;
    }
    return STORE_OK;
}
