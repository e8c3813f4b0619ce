/*
 * Judges the issuer's URL, the certificate behind it and the server's clock. Called by doctor.c before anything else is asked.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_date.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "base/host.h"
#include "base/uri.h"
#include "cli/doctor/checks.h"
#include "cli/output.h"

#define DAY           (24 * 60 * 60)
#define RENEWAL_DAYS  14
#define CLOCK_NOTICED 10 /* seconds */
#define CLOCK_HARMFUL 60

void doctor_issuer(doctor_t *doctor)
{
    report_t *report = doctor->report;
    const char *issuer = doctor->c->server.issuer;
    uri_t uri;

    uri_parse(report->pool, issuer, &uri);
    if (host_is_private(uri.host)) {
        /* The first stage of every set-up: fine, but not for ChatGPT. */
        report_add(report, uri_host_is_loopback(uri.host) ? WARNING : PROBLEM, "issuer",
                   "ChatGPT needs a public name, https and port 443; set GPTOAuthIssuer to it when the server has one",
                   "%s can only be reached from here", issuer);
    } else if (uri.port) {
        report_add(report, PROBLEM, "issuer", "ChatGPT calls only port 443: put the server, or a proxy in front of it, there",
                   "%s has port %s", issuer, uri.port);
    } else {
        report_add(report, FINE, "issuer", NULL, "%s: public, https, port 443", issuer);
    }
}

static void judge_certificate(doctor_t *doctor)
{
    report_t *report = doctor->report;
    const http_certificate_t *certificate = http_certificate(doctor->http);
    apr_int64_t days;
    const char *end, *by;

    if (!certificate || !certificate->expires_at) {
        report_add(report, FINE, "certificate", NULL, "valid for this name; libcurl does not say until when");
        return;
    }
    days = (certificate->expires_at - apr_time_sec(apr_time_now())) / DAY;
    end = time_text(report->pool, certificate->expires_at, "?");
    by = certificate->issuer ? certificate->issuer : "an unnamed authority";
    if (days < RENEWAL_DAYS) {
        report_add(report, WARNING, "certificate", "renew it now, and find out why it was not renewed automatically",
                   "ends in %" APR_INT64_T_FMT " days, at %s", days, end);
    } else if (certificate->subject && strcmp(certificate->subject, by) == 0) {
        report_add(report, PROBLEM, "certificate", "get one from a public authority, for instance by mod_md",
                   "self-signed: only those who were told to trust it will");
    } else if (doctor->c->args->cacert) {
        report_add(report, WARNING, "certificate",
                   "ChatGPT trusts only public authorities: try without --cacert before you go on",
                   "good for those who trust --cacert, until %s (issued by %s)", end, by);
    } else {
        report_add(report, FINE, "certificate", NULL, "valid until %s, issued by %s", end, by);
    }
}

static void judge_clock(doctor_t *doctor, const http_answer_t *answer)
{
    const char *date = apr_table_get(answer->headers, "Date");
    apr_time_t theirs = date ? apr_date_parse_http(date) : 0;
    apr_int64_t ahead, off;
    verdict_t verdict;

    if (!theirs) {
        report_add(doctor->report, WARNING, "clock", "does something in front remove the Date header?",
                   "the server does not send the time");
        return;
    }
    ahead = apr_time_sec(theirs) - apr_time_sec(answer->at);
    off = ahead < 0 ? -ahead : ahead;
    verdict = off > CLOCK_HARMFUL ? PROBLEM : off > CLOCK_NOTICED ? WARNING : FINE;
    report_add(
        doctor->report, verdict, "clock",
        verdict
            ? "let both hosts follow NTP (timedatectl, chrony): codes and tokens that one host issues would be invalid on another"
            : NULL,
        verdict ? "the server's clock is %" APR_INT64_T_FMT " s %s this host's" : "the server's clock is this host's", off,
        ahead < 0 ? "behind" : "ahead of");
}

int doctor_server(doctor_t *doctor)
{
    report_t *report = doctor->report;
    http_request_t request = { .url = doctor->c->server.metadata }; /* which nobody is refused */
    const http_answer_t *answer = http_send(doctor->http, report->pool, &request);

    if (answer->problem) {
        report_add(report, PROBLEM, answer->is_tls ? "certificate" : "server", answer->remedy, "%s", answer->problem);
        return 0;
    }
    if (strncmp(doctor->c->server.issuer, "https:", 6) == 0) {
        judge_certificate(doctor);
    }
    judge_clock(doctor, answer);
    return 1;
}
