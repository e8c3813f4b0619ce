/*
 * Finds out which apps may connect by a document that they publish, by asking the authorization page for each. Called by
 * published.c, once the server's metadata is known.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/array.h"
#include "base/uri.h"
#include "cli/doctor/checks.h"
#include "grant/built_in.h"
#include "grant/client_document.h"

/* Of nobody: what ends so leads nowhere (RFC 2606). */
#define NOBODY "https://" DOCTOR_NAME ".invalid/client.json"
/* That of RFC 7636, appendix B: no code is ever issued to it. */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

/* Would a user be asked about the client of this document? Before the sign-in nothing is fetched, and nothing written. */
static int is_let_in(const doctor_t *doctor, const char *url, const char *redirect_uri)
{
    const char *const pairs[][2] = {
        { "response_type", "code" },
        { "client_id", url },
        { "redirect_uri", redirect_uri },
        { "code_challenge", CHALLENGE },
        { "code_challenge_method", "S256" },
        { "prompt", "consent" }, /* whoever httpd may take this command for: nobody is let in unasked */
    };
    http_request_t request = { .url = uri_append_query(doctor->report->pool, doctor->c->server.authorize, pairs, COUNT(pairs)) };
    const http_answer_t *answer = http_send(doctor->http, doctor->report->pool, &request);
    const char *location = apr_table_get(answer->headers, "Location");

    return (answer->status == 200 && strcmp(answer->type, "text/html") == 0) ||
           (answer->status / 100 == 3 && location && strncmp(location, redirect_uri, strlen(redirect_uri)) == 0);
}

/* The client of a built-in document, of one with this command's name as id where the URL is a pattern; NULL: it is none. */
static const client_t *client_of(apr_pool_t *p, const built_in_t *document)
{
    const char *open = strstr(document->url, BUILT_IN_ID), *url = document->url, *text;
    client_t *client;

    if (open) {
        url = apr_pstrcat(p, apr_pstrmemdup(p, url, (apr_size_t)(open - url)), DOCTOR_NAME, open + strlen(BUILT_IN_ID), NULL);
    }
    text = built_in_text(p, url);
    return text && !client_document_read(p, url, text, strlen(text), &client) && client->redirect_uris->nelts ? client : NULL;
}

/* "ChatGPT (URL, URL), Claude (URL)": the documents of one app follow each other. */
static const char *built_in_apps(const doctor_t *doctor)
{
    apr_pool_t *p = doctor->report->pool;
    const char *list = "", *last = "";

    for (const built_in_t *document = built_in_documents; document->url; document++) {
        const client_t *client = client_of(p, document);

        if (client && is_let_in(doctor, client->id, APR_ARRAY_IDX(client->redirect_uris, 0, const char *))) {
            int goes_on = strcmp(client->name, last) == 0;

            list = apr_pstrcat(p, list,
                               goes_on ? ", "
                               : *list ? "), "
                                       : "",
                               goes_on ? "" : client->name, goes_on ? "" : " (", document->url, NULL);
            last = client->name;
        }
    }
    return *list ? apr_pstrcat(p, list, ")", NULL) : NULL;
}

/* Those from which the server would fetch, of the hosts that the file names. */
static const char *fetched_hosts(const doctor_t *doctor)
{
    apr_pool_t *p = doctor->report->pool;
    const apr_array_header_t *hosts = doctor->c->database ? doctor->c->database->conf.document_hosts : NULL;
    const char *list = "";

    for (int i = 0; hosts && i < hosts->nelts; i++) {
        const char *host = APR_ARRAY_IDX(hosts, i, const char *);

        if (is_let_in(doctor, apr_pstrcat(p, "https://", host, "/" DOCTOR_NAME, NULL), "https://" DOCTOR_NAME ".invalid/")) {
            list = apr_pstrcat(p, list, *list ? ", " : "", host, NULL);
        }
    }
    return *list ? list : NULL;
}

void doctor_apps(doctor_t *doctor, const json_t *metadata)
{
    report_t *report = doctor->report;

    if (!json_is_true(json_object_get(metadata, "client_id_metadata_document_supported"))) {
        report_add(report, FINE, "apps", NULL, "none may connect by a document that it publishes (GPTOAuthClientMetadata off)");
    } else if (!doctor->sees_page) {
        report_add(report, FINE, "apps", NULL,
                   "some may connect by a document that they publish (GPTOAuthClientMetadata); which, cannot be seen "
                   "from here: httpd asks for a sign-in first");
    } else if (is_let_in(doctor, NOBODY, "https://" DOCTOR_NAME ".invalid/")) {
        report_add(report, FINE, "apps", NULL, "any may connect by a document that it publishes (GPTOAuthClientMetadata fetch)");
    } else {
        const char *apps = built_in_apps(doctor), *hosts = fetched_hosts(doctor);

        report_add(report, FINE, "apps", NULL, "by documents that are built in: %s; %s%s", apps ? apps : "none",
                   hosts
                       ? "by documents that are fetched: those of "
                       : "and those of hosts that GPTOAuthClientMetadata fetch names, if any, which the server does not disclose",
                   hosts ? hosts : "");
    }
}
