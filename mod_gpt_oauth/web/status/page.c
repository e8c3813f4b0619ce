/*
 * Fills in the template of the status page (conf/pages/status.html). Called by endpoint.c.
 */
#include "web/status/page.h"

#include <apr_strings.h>
#include <jansson.h>
#include <math.h>

#include "private.h"
#include "web/http/request.h"
#include "web/page/page.h"
#include "web/status/forms.h"

typedef struct tables_t {
    request_rec *r;
    json_t *list, *rows; /* the tables, and the rows of the last of them */
    json_t *others;      /* the rows of what is one number */
    const meter_family_t *family;
} tables_t;

static json_t *row_of(json_t *rows)
{
    json_t *row = json_object();

    json_array_append_new(rows, row);
    return row;
}

static json_t *rows_of(json_t *tables, const char *help)
{
    json_t *table = row_of(tables), *rows = json_array();

    page_set(table, "help", help);
    json_object_set_new(table, "rows", rows);
    return rows;
}

/* As "token, success". */
static const char *name_of(apr_pool_t *p, const report_count_t *count)
{
    return count->outer   ? apr_pstrcat(p, count->outer, ", ", count->inner, NULL)
           : count->inner ? count->inner
                          : count->family->help;
}

static const char *amount(apr_pool_t *p, const report_count_t *count, double number)
{
    return count->family->kind == METER_IS_TIME ? apr_psprintf(p, "%.1f s", number) : form_number(p, number);
}

/* Endpoints and verdicts of which there never was one are left out. */
static void add_count(void *baton, const report_count_t *count)
{
    tables_t *tables = baton;
    apr_pool_t *p = tables->r->pool;
    json_t *row;

    if (count->total == 0 && count->inner) {
        return;
    }
    if (count->inner && count->family != tables->family) {
        tables->family = count->family;
        tables->rows = rows_of(tables->list, count->family->help);
    }
    row = row_of(count->inner ? tables->rows : tables->others);
    page_set(row, "name", name_of(p, count));
    page_set(row, "recent", amount(p, count, count->recent));
    page_set(row, "total", amount(p, count, count->total));
}

/* The bucket that this share of the numbers lies below, as "5 ms". */
static const char *quantile(apr_pool_t *p, const apr_uint64_t *counted, double share)
{
    double sum = (double)report_sum(counted, METER_LATENCY, LATENCY_BOUNDS + 1), below = 0;

    if (sum == 0) {
        return "none";
    }
    for (int i = 0; i < LATENCY_BOUNDS; i++) {
        below += (double)counted[METER_LATENCY + i];
        if (below >= sum * share) {
            return apr_psprintf(p, meter_bounds[i] < 1000 ? "%.1f ms or less" : "%.0f ms or less",
                                (double)meter_bounds[i] / 1000);
        }
    }
    return apr_psprintf(p, "more than %.0f ms", (double)meter_bounds[LATENCY_BOUNDS - 1] / 1000);
}

static void add_latency(const report_t *report, apr_pool_t *p, json_t *tables)
{
    static const struct {
        const char *name;
        double share;
    } shares[] = { { "half of them", 0.5 }, { "19 of 20", 0.95 }, { "99 of 100", 0.99 } };
    json_t *rows = rows_of(tables, "Time of an operation on the database, with the wait for a connection.");

    for (int i = 0; i < (int)(sizeof(shares) / sizeof(*shares)); i++) {
        json_t *row = row_of(rows);

        page_set(row, "name", shares[i].name);
        page_set(row, "recent", quantile(p, report->counted.recent, shares[i].share));
        page_set(row, "total", quantile(p, report->counted.total, shares[i].share));
    }
}

static const char *duration(apr_pool_t *p, apr_int64_t microseconds)
{
    double minutes = floor((double)microseconds / 60e6);

    return minutes < 2      ? "a minute or so"
           : minutes < 120  ? apr_psprintf(p, "%.0f minutes", minutes)
           : minutes < 2880 ? apr_psprintf(p, "%.0f hours", floor(minutes / 60))
                            : apr_psprintf(p, "%.0f days", floor(minutes / 1440));
}

static void add_now(const report_t *report, apr_pool_t *p, json_t *data)
{
    json_t *now = json_array();

    for (int i = 0; i < report->gauges->nelts; i++) {
        const gauge_t *gauge = &APR_ARRAY_IDX(report->gauges, i, gauge_t);

        if (!*gauge->labels && strcmp(gauge->name, "gptoauth_start_time_seconds") != 0) {
            json_t *row = row_of(now);

            page_set(row, "name", gauge->help);
            page_set(row, "value", gauge->is_answer ? gauge->value != 0 ? "yes" : "no" : form_number(p, gauge->value));
        }
    }
    json_object_set_new(data, "now", now);
}

/* In sentences commands stand between backticks. */
static json_t *parts_of(apr_pool_t *p, const char *sentence)
{
    json_t *parts = json_array();
    char *rest = apr_pstrdup(p, sentence);
    int is_command = 0;

    for (char *end; rest; rest = end, is_command = !is_command) {
        if ((end = strchr(rest, '`'))) {
            *end++ = '\0';
        }
        page_set(row_of(parts), is_command ? "command" : "words", rest);
    }
    return parts;
}

int page_status(request_rec *r, const report_t *report)
{
    tables_t tables = { .r = r, .list = json_array(), .others = json_array() };
    json_t *problems = json_array(), *data;

    request_record(r)->language = 1; /* English, as the console */
    data = page_data(r);
    if (request_is_insecure(r)) { /* the logo would be refused */
        json_object_del(data, "has_logo");
        json_object_del(data, "has_icon");
    }
    for (int i = 0; i < CONCERNS; i++) {
        if (report->problem[i]) {
            json_object_set_new(row_of(problems), "parts", parts_of(r->pool, report->problem[i]));
        }
    }
    json_object_set_new(data, "problems", problems);
    page_set(data, "heading", report->problems ? "Not all is well" : "All is well");
    page_set(data, "issuer", report->conf->issuer);
    page_set(data, "version", report->version);
    page_set(data, "time", request_time_text(r));
    page_set(data, "age", duration(r->pool, report->counted.age));
    page_set(data, "span", report->counted.span < report->counted.age ? "Last hour" : "So far");
    add_latency(report, r->pool, tables.list);
    report_each(r->pool, report, add_count, &tables);
    json_array_extend(rows_of(tables.list, "Other numbers"), tables.others);
    json_decref(tables.others);
    json_object_set_new(data, "tables", tables.list);
    add_now(report, r->pool, data);
    return page_send(r, HTTP_OK, "status", "status_title", data);
}
