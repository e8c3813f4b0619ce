/*
 * Writes the forms for machines. Called by endpoint.c; server_status.c has its lines from here, too.
 */
#include "web/status/forms.h"

#include <apr_strings.h>
#include <jansson.h>
#include <math.h>

#include "base/json.h"

#define MICRO 1e-6

typedef struct lines_t {
    apr_pool_t *p;
    apr_array_header_t *list;     /* const char * */
    const meter_family_t *family; /* whose numbers are being written */
} lines_t;

static lines_t lines_make(apr_pool_t *p)
{
    return (lines_t){ .p = p, .list = apr_array_make(p, 256, sizeof(const char *)) };
}

static void add(lines_t *lines, const char *line)
{
    APR_ARRAY_PUSH(lines->list, const char *) = line;
}

static const char *text_of(const lines_t *lines)
{
    return apr_pstrcat(lines->p, apr_array_pstrcat(lines->p, lines->list, '\n'), "\n", NULL);
}

const char *form_number(apr_pool_t *p, double value)
{
    return apr_psprintf(p, value == floor(value) ? "%.0f" : "%.6f", value);
}

static void head(lines_t *lines, const char *name, const char *help, const char *type)
{
    add(lines, apr_psprintf(lines->p, "# HELP %s %s\n# TYPE %s %s", name, help, name, type));
}

static void add_count(void *baton, const report_count_t *count)
{
    const meter_family_t *family = count->family;
    lines_t *lines = baton;

    if (lines->family != family) {
        lines->family = family;
        head(lines, family->name, family->help, "counter");
    }
    add(lines, apr_pstrcat(lines->p, family->name, count->labels, " ", form_number(lines->p, count->total), NULL));
}

/* In seconds, whatever the locale; APR's %g would leave out the 0 before the point. */
static const char *bound_text(apr_pool_t *p, apr_int64_t microseconds)
{
    char *text = apr_psprintf(p, "%d.%06d", (int)(microseconds / 1000000), (int)(microseconds % 1000000));
    apr_size_t size = strlen(text);

    while (text[size - 1] == '0') {
        size--;
    }
    text[size - (text[size - 1] == '.')] = '\0';
    return text;
}

static void add_histogram(lines_t *lines, const meter_family_t *family, const apr_uint64_t *counted)
{
    apr_uint64_t sum = 0;

    head(lines, family->name, family->help, "histogram");
    for (int i = 0; i <= LATENCY_BOUNDS; i++) {
        const char *bound = i < LATENCY_BOUNDS ? bound_text(lines->p, meter_bounds[i]) : "+Inf";

        sum += counted[family->first + i];
        add(lines, apr_psprintf(lines->p, "%s_bucket{le=\"%s\"} %" APR_UINT64_T_FMT, family->name, bound, sum));
    }
    add(lines, apr_psprintf(lines->p, "%s_sum %.6f\n%s_count %" APR_UINT64_T_FMT, family->name,
                            (double)counted[family->first + LATENCY_BOUNDS + 1] * MICRO, family->name, sum));
}

const char *form_prometheus(apr_pool_t *p, const report_t *report)
{
    lines_t lines = lines_make(p);
    const char *last = "";

    report_each(p, report, add_count, &lines);
    for (const meter_family_t *family = meter_families; family->name; family++) {
        if (family->kind == METER_IS_HISTOGRAM) {
            add_histogram(&lines, family, report->counted.total);
        }
    }
    for (int i = 0; i < report->gauges->nelts; i++) {
        const gauge_t *gauge = &APR_ARRAY_IDX(report->gauges, i, gauge_t);

        if (strcmp(last, gauge->name) != 0) {
            head(&lines, gauge->name, gauge->help, "gauge");
        }
        last = gauge->name;
        add(&lines, apr_pstrcat(p, gauge->name, gauge->labels, " ", form_number(p, gauge->value), NULL));
    }
    return text_of(&lines);
}

/* Of the histogram how many there were, and how many seconds they took, where nobody wants the buckets. */
static void each_of_latency(const report_t *report, report_count_fn *each, void *baton)
{
    static const meter_family_t families[] = { { .name = "gptoauth_database_operation_seconds_count" },
                                               { .name = "gptoauth_database_operation_seconds_sum" } };
    const meter_reading_t *counted = &report->counted;

    each(baton, &(report_count_t){ .family = &families[0],
                                   .labels = "",
                                   .total = (double)report_sum(counted->total, METER_LATENCY, LATENCY_BOUNDS + 1),
                                   .recent = (double)report_sum(counted->recent, METER_LATENCY, LATENCY_BOUNDS + 1) });
    each(baton, &(report_count_t){ .family = &families[1],
                                   .labels = "",
                                   .total = (double)counted->total[METER_LATENCY_SUM] * MICRO,
                                   .recent = (double)counted->recent[METER_LATENCY_SUM] * MICRO });
}

static void add_pair(void *baton, const report_count_t *count)
{
    const char *name = count->family->name, *labels = count->labels;
    lines_t *lines = baton;

    add(lines, apr_psprintf(lines->p, "%s%s: %s", name, labels, form_number(lines->p, count->total)));
    add(lines, apr_psprintf(lines->p, "last_hour_%s%s: %s", name, labels, form_number(lines->p, count->recent)));
}

const char *form_auto(apr_pool_t *p, const report_t *report)
{
    lines_t lines = lines_make(p);

    add(&lines, apr_pstrcat(p, "issuer: ", report->conf->issuer, NULL));
    add(&lines, apr_psprintf(p, "well: %d", report->problems == 0));
    for (int i = 0; i < CONCERNS; i++) {
        if (report->problem[i]) {
            add(&lines, apr_psprintf(p, "problem_%s: %s", concern_names[i], report->problem[i]));
        }
    }
    for (int i = 0; i < report->gauges->nelts; i++) {
        const gauge_t *gauge = &APR_ARRAY_IDX(report->gauges, i, gauge_t);

        add(&lines, apr_pstrcat(p, gauge->name, gauge->labels, ": ", form_number(p, gauge->value), NULL));
    }
    report_each(p, report, add_pair, &lines);
    each_of_latency(report, add_pair, &lines);
    return text_of(&lines);
}

static void add_object(void *baton, const report_count_t *count)
{
    json_t *counted = baton, *object = json_object_get(counted, count->family->name);

    if (!object) {
        object = json_object();
        json_object_set_new(counted, count->family->name, object);
    }
    json_object_set_new(object, count->labels, json_pack("{s:f, s:f}", "total", count->total, "last_hour", count->recent));
}

const char *form_json(apr_pool_t *p, const report_t *report)
{
    json_t *problems = json_object(), *gauges = json_object(), *counted = json_object();
    json_t *object = json_own(p, json_pack("{s:s, s:b, s:f, s:f, s:o, s:o, s:o}", "issuer", report->conf->issuer, "well",
                                           report->problems == 0, "counted_for_seconds", (double)report->counted.age * MICRO,
                                           "last_hour_seconds", (double)report->counted.span * MICRO, "problems", problems,
                                           "gauges", gauges, "counted", counted));

    for (int i = 0; i < CONCERNS; i++) {
        if (report->problem[i]) {
            json_object_set_new(problems, concern_names[i], json_string(report->problem[i]));
        }
    }
    for (int i = 0; i < report->gauges->nelts; i++) {
        const gauge_t *gauge = &APR_ARRAY_IDX(report->gauges, i, gauge_t);

        if (!*gauge->labels) {
            json_object_set_new(gauges, gauge->name, json_real(gauge->value));
        }
    }
    json_object_set_new(object, "version", json_string(report->version));
    report_each(p, report, add_object, counted);
    each_of_latency(report, add_object, counted);
    return json_print(p, object);
}
