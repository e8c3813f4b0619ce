/*
 * Reads durations and days, and writes times. Called for the lifetimes that directives set (web/setup/directives.c), for
 * `gptoauth key add --expires`, and by whatever shows a time on a page.
 */
#include "base/times.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

#include "base/array.h"

int times_duration(const char *text, apr_int64_t *seconds)
{
    static const struct {
        char unit;
        apr_int64_t seconds;
    } units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', TIMES_DAY }, { 'y', TIMES_YEAR } };
    char *end;
    apr_int64_t number = apr_strtoi64(text, &end, 10);

    for (int i = 0; apr_isdigit(*text) && i < COUNT(units); i++) {
        if (end[0] == units[i].unit && (!end[0] || !end[1]) && number <= 100 * TIMES_YEAR / units[i].seconds) {
            *seconds = number * units[i].seconds;
            return 1;
        }
    }
    return 0;
}

int times_day(const char *text, apr_int64_t *seconds)
{
    static const char pattern[] = "0000-00-00";
    apr_time_exp_t day, again;
    apr_time_t time;

    for (apr_size_t i = 0; i < sizeof(pattern); i++) {
        if (pattern[i] == '0' ? !apr_isdigit(text[i]) : text[i] != pattern[i]) {
            return 0;
        }
    }
    memset(&day, 0, sizeof(day));
    day.tm_year = (int)apr_strtoi64(text, NULL, 10) - 1900;
    day.tm_mon = (int)apr_strtoi64(text + 5, NULL, 10) - 1;
    day.tm_mday = (int)apr_strtoi64(text + 8, NULL, 10);
    /* The 31st of a shorter month comes back as another day. */
    if (day.tm_year < 70 || day.tm_mon < 0 || day.tm_mon > 11 || apr_time_exp_gmt_get(&time, &day) != APR_SUCCESS ||
        apr_time_exp_gmt(&again, time) != APR_SUCCESS || again.tm_mday != day.tm_mday || again.tm_mon != day.tm_mon) {
        return 0;
    }
    *seconds = apr_time_sec(time);
    return 1;
}

const char *times_text(apr_pool_t *p, apr_int64_t seconds, const char *format)
{
    apr_time_exp_t time;
    apr_size_t size;
    char text[32] = "";

    apr_time_exp_gmt(&time, apr_time_from_sec(seconds));
    apr_strftime(text, &size, sizeof(text), format, &time);
    return apr_pstrdup(p, text);
}
