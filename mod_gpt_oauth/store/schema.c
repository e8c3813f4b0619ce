/*
 * Whether a server may work with the schema that a database has, asked once per connection. Called by db.c before the first
 * statement.
 */
#include "store/schema.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/clock.h"

const char schema_settings[] = "SELECT name, value FROM oauth_setting";

/* While it is the one before, somebody is about to migrate. */
#define LOOK_AGAIN (5 * SECOND)

static int is_settled(const lease_t *lease)
{
    const memo_t *memo = lease->memo;

    /* A connection may have been checked for another source, of another virtual host. */
    return memo->fits == lease->store->source &&
           ((memo->schema >= SCHEMA_VERSION && atomic_load(&memo->fits->schema) >= SCHEMA_VERSION) ||
            clock_us() - memo->looked_at < LOOK_AGAIN);
}

static int number_of(const char *text)
{
    apr_int64_t number = apr_strtoi64(text, NULL, 10);

    return number > 0 && number < APR_INT32_MAX ? (int)number : 0;
}

static int key_of(const char *hex, digest_t *key)
{
    apr_size_t size;

    return apr_unescape_hex(NULL, hex, APR_ESCAPE_STRING, 0, &size) == APR_SUCCESS && size == DIGEST_SIZE &&
           apr_unescape_hex(key->byte, hex, APR_ESCAPE_STRING, 0, &size) == APR_SUCCESS;
}

outcome_t schema_check(lease_t *lease)
{
    store_source_t *source = lease->store->source;
    int version = 0, oldest = 0, has_key = 0;
    digest_t key;
    rows_t *rows;
    outcome_t outcome;

    if (is_settled(lease)) {
        return DB_OK;
    }
    outcome = source->backend->run(lease, schema_settings, NULL, 0, &rows);
    if (outcome != DB_OK) {
        return outcome;
    }

    for (int i = 0; i < rows->count; i++) {
        const cell_t *cell = db_row(rows, i);
        const char *name = next_text(&cell), *value = next_text(&cell);

        if (strcmp(name, SETTING_SCHEMA) == 0) {
            version = number_of(value);
        } else if (strcmp(name, SETTING_SCHEMA_OLDEST) == 0) {
            oldest = number_of(value);
        } else if (strcmp(name, SETTING_TAG_KEY) == 0) {
            has_key = key_of(value, &key);
        }
    }
    if (version < SCHEMA_BEFORE || !has_key) {
        return lease_problem(lease, DB_MISCONFIGURED,
                             "the database has schema %d and mod_gpt_oauth needs %d: run `gptoauth migrate`", version,
                             SCHEMA_VERSION);
    }
    if (oldest > SCHEMA_VERSION) {
        return lease_problem(
            lease, DB_MISCONFIGURED,
            "the database has schema %d, which needs a mod_gpt_oauth that supports schema %d or newer, and this one "
            "knows %d: upgrade it",
            version, oldest, SCHEMA_VERSION);
    }

    apr_thread_mutex_lock(source->mutex);
    source->tag_key = key;
    source->has_tag_key = 1;
    apr_thread_mutex_unlock(source->mutex);
    atomic_store(&source->schema, version);
    lease->memo->fits = source;
    lease->memo->schema = version;
    lease->memo->looked_at = clock_us();
    return DB_OK;
}
