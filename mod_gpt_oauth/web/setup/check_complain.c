/*
 * How the checks of web/setup say what is wrong: where, and in one line.
 */
#include <httpd.h>
#include <apr_strings.h>

#include "private.h"
#include "web/http/log.h"
#include "web/setup/check.h"

int check_complain(const server_rec *s, log_code_t code, const char *where, const char *problem)
{
    log_config(s, code, "%s%s%s", where ? where : "", where ? ": " : "", problem);
    return 1;
}

const char *check_place(apr_pool_t *p, const ap_directive_t *at)
{
    return at ? apr_psprintf(p, "%s:%d", at->filename, at->line_num) : NULL;
}
