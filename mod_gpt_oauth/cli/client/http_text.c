/*
 * Forms and statuses as text. Called by http.c for what is sent, and wherever an answer is shown to a person.
 */
#include <apr_strings.h>

#include "base/array.h"
#include "base/params.h"
#include "cli/client/http.h"

const char *http_form(apr_pool_t *p, const apr_array_header_t *form)
{
    const char *text = "";

    for (int i = 0; i + 1 < form->nelts; i += 2) {
        text = apr_pstrcat(p, text, i ? "&" : "", APR_ARRAY_IDX(form, i, const char *), "=",
                           params_encode(p, APR_ARRAY_IDX(form, i + 1, const char *)), NULL);
    }
    return text;
}

const char *http_status_text(apr_pool_t *p, int status)
{
    static const struct {
        int status;
        const char *words;
    } known[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 415, "Unsupported Media Type" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
    };
    for (int i = 0; i < COUNT(known); i++) {
        if (known[i].status == status) {
            return apr_psprintf(p, "%d %s", status, known[i].words);
        }
    }
    return apr_itoa(p, status);
}
