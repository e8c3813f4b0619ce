/*
 * The level of httpd's that each code of base/log_code.h stands for. Called by the macros of log.h.
 */
#include "web/http/log.h"

static const int levels[] = {
#define LOG_CODE(code, name, level, cause) [code] = APLOG_##level,
    LOG_CODES(LOG_CODE)
#undef LOG_CODE
};

int log_level(log_code_t code)
{
    return levels[code];
}
