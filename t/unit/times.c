#include "tap.h"
#include "base/times.h"

#include <apr_strings.h>

void test_times(apr_pool_t *p)
{
    static const struct {
        const char *text;
        apr_int64_t seconds; /* -1: refused */
    } durations[] = {
        { "0", 0 },
        { "90", 90 },
        { "90s", 90 },
        { "2m", 120 },
        { "2h", 7200 },
        { "90d", 90 * TIMES_DAY },
        { "1y", TIMES_YEAR },
        { "100y", 100 * TIMES_YEAR },
        { "101y", -1 },
        { "", -1 },
        { "d", -1 },
        { "-1d", -1 },
        { "+1d", -1 },
        { " 1d", -1 },
        { "1d ", -1 },
        { "1dd", -1 },
        { "1.5h", -1 },
        { "1h30m", -1 },
        { "1w", -1 },
        { "9223372036854775807y", -1 },
        { "99999999999999999999", -1 },
    };
    static const struct {
        const char *text;
        apr_int64_t seconds;
    } days[] = {
        { "1970-01-01", 0 },
        { "2000-02-29", 951782400 },
        { "2030-12-31", 1924905600 },
        { "9999-12-31", 253402214400 },
        { "2001-02-29", -1 },
        { "2030-02-30", -1 },
        { "2030-04-31", -1 },
        { "2030-13-01", -1 },
        { "2030-00-10", -1 },
        { "2030-10-00", -1 },
        { "2030-10-32", -1 },
        { "1969-12-31", -1 },
        { "0000-00-00", -1 },
        { "2030-1-1", -1 },
        { "30-01-01", -1 },
        { "2030-01-01 ", -1 },
        { "2030-01-01T00:00Z", -1 },
        { "2030/01/01", -1 },
        { "", -1 },
    };

    (void)p;
    for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
        apr_int64_t seconds = -1;
        int known = times_duration(durations[i].text, &seconds);

        ok(known == (durations[i].seconds >= 0) && seconds == durations[i].seconds, "duration \"%s\"", durations[i].text);
    }
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        apr_int64_t seconds = -1;
        int known = times_day(days[i].text, &seconds);

        ok(known == (days[i].seconds >= 0) && seconds == days[i].seconds, "day \"%s\"", days[i].text);
    }
}
