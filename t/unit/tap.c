#include "tap.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int ran, failed;

static void __attribute__((format(printf, 4, 0))) report(int passed, const char *file, int line, const char *name, va_list args)
{
    ran++;
    failed += !passed;
    printf("%sok %d - ", passed ? "" : "not ", ran);
    vprintf(name, args);
    printf("\n");
    if (!passed) {
        printf("# at %s line %d\n", file, line);
    }
}

int tap_ok(int passed, const char *file, int line, const char *name, ...)
{
    va_list args;

    va_start(args, name);
    report(passed, file, line, name, args);
    va_end(args);
    return passed;
}

int tap_is_str(const char *got, const char *wanted, const char *file, int line, const char *name, ...)
{
    int passed = got && wanted ? !strcmp(got, wanted) : got == wanted;
    va_list args;

    va_start(args, name);
    report(passed, file, line, name, args);
    va_end(args);
    if (!passed) {
        printf("#    got: %s\n# wanted: %s\n", got ? got : "(null)", wanted ? wanted : "(null)");
    }
    return passed;
}

int tap_done(void)
{
    printf("1..%d\n", ran);
    return failed > 0;
}

const char *quoted(apr_pool_t *p, const char *text)
{
    char *copy = apr_pstrdup(p, text);

    for (char *c = copy; (c = strchr(c, '\''));) {
        *c = '"';
    }
    return copy;
}
