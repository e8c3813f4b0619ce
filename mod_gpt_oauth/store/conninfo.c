/*
 * Judges DBDriver and DBDParams without connecting. Called by configtest, when httpd starts and by the command.
 */
#include "store/conninfo.h"

#include <apr_strings.h>

#include "store/drivers.h"
#include "store/listen.h"

const char *store_params_problem(apr_pool_t *p, const char *driver, const char *params, int *usable)
{
    const backend_t *backend;
    int ignored;

    usable = usable ? usable : &ignored;
    *usable = 0;
    if (!driver) {
        return "there is no DBDriver; write DBDriver pgsql (or sqlite3) and DBDParams, "
               "or include the file that gptoauth --db-conf reads";
    }
    if (!params) {
        return "there is a DBDriver but no DBDParams; write where the database is, "
               "for example DBDParams \"host=db.internal dbname=oauth user=oauth connect_timeout=2 tcp_user_timeout=3000\"";
    }
    backend = backend_of(driver);
    return backend ? backend->params_problem(p, params, usable)
                   : apr_psprintf(p, "DBDriver %s is not supported; write DBDriver pgsql or DBDriver sqlite3", driver);
}

const char *store_listen_problem(apr_pool_t *p, const char *driver, const char *conninfo)
{
    return backend_of(driver)->listening->conninfo_problem(p, conninfo);
}
