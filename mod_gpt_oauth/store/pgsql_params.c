/*
 * Judges a connection string of PostgreSQL before a server leans on it: that libpq can read it, and that connecting takes
 * seconds at most. Called for configtest, for the command and when httpd starts.
 */
#include "store/pgsql_params.h"

#include <apr_strings.h>
#include <libpq-fe.h>
#include <string.h>

#define MAX_CONNECT_TIMEOUT 10

/* Without it an unreachable server holds a thread, and the lock of mod_dbd's pool, for minutes. */
static const char *check_timeout(apr_pool_t *p, const PQconninfoOption *options)
{
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (strcmp(option->keyword, "service") == 0 && option->val) {
            return NULL; /* what the service file says is known on connecting only */
        }
    }
    for (const PQconninfoOption *option = options; option->keyword; option++) {
        if (strcmp(option->keyword, "connect_timeout") == 0 && option->val) {
            char *end;
            apr_int64_t seconds = apr_strtoi64(option->val, &end, 10);

            return !*end && seconds >= 1 && seconds <= MAX_CONNECT_TIMEOUT
                       ? NULL
                       : apr_psprintf(p, "DBDParams says connect_timeout=%s; write 1 to %d seconds, such as 2", option->val,
                                      MAX_CONNECT_TIMEOUT);
        }
    }
    return "DBDParams sets no connect_timeout, so an unreachable database would hold up every request for minutes; "
           "add connect_timeout=2 tcp_user_timeout=3000";
}

const char *pgsql_params_problem(apr_pool_t *p, const char *params, int *usable)
{
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(params, &error);
    const char *problem;

    if (!options) {
        /* libpq's message may quote the string, and with it a password. */
        PQfreemem(error);
        return "DBDParams is not a connection string that libpq understands; "
               "write for example \"host=db.internal dbname=oauth user=oauth connect_timeout=2 tcp_user_timeout=3000\"";
    }
    *usable = 1;
    problem = check_timeout(p, options);
    PQconninfoFree(options);
    return problem;
}
