/*
 * What mod_status shows of each issuer: whether all is well, and the numbers that one looks at first. Called by its optional
 * hook.
 */
#include "web/status/server_status.h"

#include <httpd.h>
#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <http_main.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "private.h"
#include "web/status/forms.h"
#include "web/status/report.h"

/* Of one issuer there may be several virtual hosts; the first is shown. */
static int is_shown(const server_rec *s)
{
    const struct meter_t *meter = config_server(s)->meter;

    if (!meter) {
        return 0;
    }
    for (const server_rec *other = ap_server_conf; other && other != s; other = other->next) {
        if (config_server(other)->meter == meter) {
            return 0;
        }
    }
    return 1;
}

/* Each is a key of ?auto, and a row for people. */
static void show(request_rec *r, const report_t *report, int is_short, int number)
{
    static const struct {
        const char *key, *name;
        int first, count;
    } rows[] = { { "GuardedRequests", "Guarded requests", METER_VERDICTS, VERDICTS },
                 { "GuardedAllowed", "of them allowed", METER_VERDICTS + VERDICT_ALLOWED, 1 },
                 { "CodesIssued", "Codes issued", METER_CODES, 1 },
                 { "TokensIssued", "Tokens issued", METER_TOKENS, GRANT_METERS },
                 { "CacheHits", "Found in the cache", METER_CACHE_HITS, 1 },
                 { "CacheMisses", "Not found there", METER_CACHE_MISSES, 1 },
                 { "DatabaseFailures", "Failures of the database", METER_DATABASE_FAILURES, 1 } };

    for (int i = 0; i < (int)(sizeof(rows) / sizeof(*rows)); i++) {
        apr_uint64_t total = report_sum(report->counted.total, rows[i].first, rows[i].count);
        apr_uint64_t recent = report_sum(report->counted.recent, rows[i].first, rows[i].count);

        if (is_short) {
            ap_rprintf(r, "GPTOAuth%d%s: %" APR_UINT64_T_FMT "\n", number, rows[i].key, total);
        } else {
            ap_rprintf(r, "<dt>%s: %" APR_UINT64_T_FMT " in the last hour, %" APR_UINT64_T_FMT " in all</dt>\n", rows[i].name,
                       recent, total);
        }
    }
}

static int server_status(request_rec *r, int flags)
{
    int is_short = flags & AP_STATUS_SHORT, number = 0;

    for (const server_rec *s = ap_server_conf; s; s = s->next) {
        const report_t *report;

        if (!is_shown(s)) {
            continue;
        }
        report = report_make(r, s);
        number++;
        if (is_short) {
            ap_rprintf(r, "GPTOAuth%dIssuer: %s\nGPTOAuth%dProblems: %d\n", number, report->conf->issuer, number,
                       report->problems);
        } else {
            ap_rprintf(r, "<hr>\n<h2>mod_gpt_oauth: %s</h2>\n<dl>\n<dt>%s</dt>\n", ap_escape_html(r->pool, report->conf->issuer),
                       report->problems ? "Not all is well:" : "All is well.");
            for (int i = 0; i < CONCERNS; i++) {
                if (report->problem[i]) {
                    ap_rprintf(r, "<dd>%s</dd>\n", ap_escape_html(r->pool, report->problem[i]));
                }
            }
        }
        show(r, report, is_short, number);
        if (!is_short) {
            ap_rputs("</dl>\n", r);
        }
    }
    return OK;
}

void server_status_register(apr_pool_t *p)
{
    (void)p;
    APR_OPTIONAL_HOOK(ap, status_hook, server_status, NULL, NULL, APR_HOOK_MIDDLE);
}
