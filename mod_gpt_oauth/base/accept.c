/*
 * Weighs the media ranges of an Accept header (RFC 9110 sections 12.4.2 and 12.5.1) for HTML against JSON. Called where the guard
 * refuses a request (web/guard/refusal.c), to choose between a page and JSON.
 */
#include "base/accept.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#include "base/text.h"

/* How closely the ranges so far name a media type, and the quality that the closest one gives it, in thousandths. */
typedef struct wanted_t {
    int closeness, quality;
} wanted_t;

/* "0.8" as 800. What is no quality is worth nothing. */
static int parse_quality(const char *text)
{
    int quality = 0, place = 100;

    if (*text == '1') {
        return 1000;
    }
    if (text[0] == '0' && text[1] == '.') {
        for (text += 2; place && apr_isdigit(*text); text++, place /= 10) {
            quality += (*text - '0') * place;
        }
    }
    return quality;
}

static int quality_of(apr_pool_t *p, char *parameters)
{
    char *rest;

    for (char *one = apr_strtok(parameters, ";", &rest); one; one = apr_strtok(NULL, ";", &rest)) {
        const char *parameter = text_trim(p, one);

        if (strncasecmp(parameter, "q=", 2) == 0) {
            return parse_quality(parameter + 2);
        }
    }
    return 1000;
}

static void consider(wanted_t *wanted, int closeness, int quality)
{
    if (closeness > wanted->closeness) {
        *wanted = (wanted_t){ closeness, quality };
    }
}

int accept_prefers_html(apr_pool_t *p, const char *accept)
{
    wanted_t html = { 0, 0 }, json = { 0, 0 };
    char *rest, *range = apr_strtok(apr_pstrdup(p, accept ? accept : ""), ",", &rest);

    for (; range; range = apr_strtok(NULL, ",", &rest)) {
        char *parameters = strchr(range, ';');
        const char *type;
        int quality;

        if (parameters) {
            *parameters++ = '\0';
        }
        quality = parameters ? quality_of(p, parameters) : 1000;
        type = text_trim(p, range);
        if (strcmp(type, "*/*") == 0) {
            consider(&html, 1, quality);
            consider(&json, 1, quality);
        } else if (strcasecmp(type, "text/*") == 0) {
            consider(&html, 2, quality);
        } else if (strcasecmp(type, "application/*") == 0) {
            consider(&json, 2, quality);
        } else if (strcasecmp(type, "text/html") == 0) {
            consider(&html, 3, quality);
        } else if (strcasecmp(type, "application/json") == 0) {
            consider(&json, 3, quality);
        }
    }
    return html.quality > json.quality;
}
