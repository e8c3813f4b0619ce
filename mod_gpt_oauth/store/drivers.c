/*
 * The databases that we can use, by DBDriver's word. Asked when a source is created and when a configuration is judged.
 */
#include "store/drivers.h"

#include <string.h>

static const backend_t *const backends[] = { &backend_pgsql, &backend_sqlite };

const backend_t *backend_of(const char *driver)
{
    for (int i = 0; i < COUNT(backends); i++) {
        if (strcmp(backends[i]->driver, driver) == 0) {
            return backends[i];
        }
    }
    return NULL;
}
