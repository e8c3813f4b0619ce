/*
 * Name and cause of each code, made from the list in log_code.h. Called by web/http/log.h for the lines of the log, and by
 * `gptoauth try` and `gptoauth doctor`, which say what to look for there.
 */
#include "base/log_code.h"

static const struct {
    const char *name, *cause;
} codes[] = {
#define LOG_CODE(code, name, level, cause) [code] = { name, cause },
    LOG_CODES(LOG_CODE)
#undef LOG_CODE
};

const char *log_code_name(log_code_t code)
{
    return codes[code].name;
}

const char *log_code_cause(log_code_t code)
{
    return codes[code].cause;
}
