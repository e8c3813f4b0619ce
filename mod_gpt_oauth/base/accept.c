/*
 * Weighs what Accept and Accept-Language list (RFC 9110 sections 12.4.2, 12.5.1 and 12.5.4). Called where the guard refuses a
 * request (web/guard/refusal.c), to choose between a page and JSON, and where a page chooses its language (web/page/page.c).
 */
#include "base/accept.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* No more of a list is looked at: browsers send ten or twenty. */
#define RANGES_MAX 100

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

/* Without the blanks around it, in place: lists may be long. */
static char *trim(char *text)
{
    apr_size_t length;

    while (*text == ' ' || *text == '\t') {
        text++;
    }
    length = strlen(text);
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        text[--length] = '\0';
    }
    return text;
}

static int quality_of(char *parameters)
{
    char *rest;

    for (char *one = apr_strtok(parameters, ";", &rest); one; one = apr_strtok(NULL, ";", &rest)) {
        const char *parameter = trim(one);

        if (strncasecmp(parameter, "q=", 2) == 0) {
            return parse_quality(parameter + 2);
        }
    }
    return 1000;
}

/* Cuts one off a list; NULL at its end. *quality is what it says. */
static const char *next_range(char **list, int *quality)
{
    char *range = apr_strtok(*list, ",", list), *parameters = range ? strchr(range, ';') : NULL;

    if (!range) {
        return NULL;
    }
    if (parameters) {
        *parameters++ = '\0';
    }
    *quality = parameters ? quality_of(parameters) : 1000;
    return trim(range);
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
    char *list = apr_pstrdup(p, accept ? accept : "");
    const char *type;
    int quality;

    for (int i = 0; i < RANGES_MAX && (type = next_range(&list, &quality)); i++) {
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

/* Does the tag begin with the subtags of range? */
static int is_within(const char *range, const char *tag)
{
    apr_size_t length = strlen(tag);

    return strncasecmp(range, tag, length) == 0 && (range[length] == '\0' || range[length] == '-');
}

const char *accept_language(apr_pool_t *p, const char *accept, const apr_array_header_t *offered)
{
    char *list = apr_pstrdup(p, accept ? accept : "");
    const char *range, *best = NULL;
    int quality, highest = 0;

    for (int looked = 0; looked < RANGES_MAX && (range = next_range(&list, &quality)); looked++) {
        for (int i = 0; i < offered->nelts && quality > highest; i++) {
            const char *tag = APR_ARRAY_IDX(offered, i, const char *);

            if (is_within(range, tag) || strcmp(range, "*") == 0) {
                best = tag;
                highest = quality;
            }
        }
    }
    return best;
}
