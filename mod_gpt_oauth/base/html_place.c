/*
 * Follows the text of an HTML page as a browser's tokeniser would (HTML, section 13.2.5), so far as templates need it.
 */
#include "base/html_place.h"

#include <string.h>

#include <apr_lib.h>

/* Steps within a tag. */
enum { TAG_NAME, BEFORE_ATTRIBUTE, ATTRIBUTE_NAME, AFTER_ATTRIBUTE, BEFORE_VALUE, IN_VALUE };

static const char no_script[] = "a page must not hold script";
static const char no_fields[] = "this form lacks {{>fields}}, without which it cannot be sent";

html_place_t html_place_begin(void)
{
    return (html_place_t){ .where = HTML_TEXT };
}

static void append(char *name, apr_size_t size, char c)
{
    apr_size_t length = strlen(name);

    if (length + 1 < size) {
        name[length] = (char)apr_tolower(c);
        name[length + 1] = '\0';
    }
}

static void begin_tag(html_place_t *place, int is_end)
{
    place->where = HTML_INNER_TAG;
    place->step = TAG_NAME;
    place->is_end = is_end;
    place->element[0] = place->attribute[0] = '\0';
}

static int is_element(const html_place_t *place, const char *name)
{
    return strcmp(place->element, name) == 0;
}

/* Behind the > of a tag. */
static const char *end_tag(html_place_t *place)
{
    place->where = HTML_TEXT;
    place->attribute[0] = '\0';
    if (is_element(place, "script")) {
        return no_script;
    }
    if (is_element(place, "form")) {
        if (place->is_end && place->has_form == 1) {
            return no_fields;
        }
        place->has_form = !place->is_end;
    }
    if (!place->is_end) {
        place->where = is_element(place, "title") || is_element(place, "textarea") ? HTML_PLAIN
                       : is_element(place, "style")                                ? HTML_RAW
                                                                                   : HTML_TEXT;
    }
    return NULL;
}

static const char *begin_attribute(html_place_t *place, char c)
{
    if (strchr("='\"<", c)) {
        return "an attribute has no name";
    }
    place->step = ATTRIBUTE_NAME;
    place->attribute[0] = '\0';
    append(place->attribute, sizeof(place->attribute), c);
    return NULL;
}

/* An attribute whose name is complete. */
static const char *check_attribute(const html_place_t *place)
{
    return strncmp(place->attribute, "on", 2) == 0 ? no_script : NULL;
}

static const char *read_value(html_place_t *place, char c)
{
    if (place->step == BEFORE_VALUE) {
        if (apr_isspace(c)) {
            return NULL;
        }
        if (c == '>') {
            return end_tag(place);
        }
        place->step = IN_VALUE;
        place->quote = c == '"' || c == '\'' ? c : 0;
        place->where = c == '"' ? HTML_ATTRIBUTE : HTML_INNER_TAG;
        return NULL;
    }
    if (place->quote ? c == place->quote : apr_isspace(c)) {
        place->step = BEFORE_ATTRIBUTE;
        place->where = HTML_INNER_TAG;
        place->attribute[0] = '\0';
    } else if (!place->quote && c == '>') {
        return end_tag(place);
    }
    return NULL;
}

static const char *read_tag(html_place_t *place, char c)
{
    const char *problem = NULL;

    if (place->step >= BEFORE_VALUE) {
        return read_value(place, c);
    }
    if (place->step == ATTRIBUTE_NAME && (apr_isspace(c) || strchr("=>/", c))) {
        problem = check_attribute(place);
        place->step = AFTER_ATTRIBUTE;
    }
    if (c == '>') {
        return problem ? problem : end_tag(place);
    }
    if (place->step == TAG_NAME && !apr_isspace(c) && c != '/') {
        append(place->element, sizeof(place->element), c);
    } else if (place->step == ATTRIBUTE_NAME) {
        append(place->attribute, sizeof(place->attribute), c);
    } else if (apr_isspace(c) || c == '/') {
        place->step = place->step == TAG_NAME ? BEFORE_ATTRIBUTE : place->step;
    } else if (place->step == AFTER_ATTRIBUTE && c == '=') {
        place->step = BEFORE_VALUE;
    } else {
        problem = begin_attribute(place, c);
    }
    return problem;
}

/* How many bytes begin a tag or comment here; 0: none. */
static apr_size_t open_tag(html_place_t *place, const char *text)
{
    if (strncmp(text, "<!--", 4) == 0) {
        place->where = HTML_COMMENT;
        return 4;
    }
    if (text[0] == '<' && (apr_isalpha(text[1]) || text[1] == '!' || (text[1] == '/' && apr_isalpha(text[2])))) {
        begin_tag(place, text[1] == '/');
        return text[1] == '/' ? 2 : 1;
    }
    return 0;
}

/* In text that only its own end tag ends. */
static apr_size_t close_plain(html_place_t *place, const char *text)
{
    apr_size_t length = strlen(place->element);

    if (text[0] != '<' || text[1] != '/' || strncasecmp(text + 2, place->element, length) != 0 || apr_isalnum(text[2 + length])) {
        return 0;
    }
    begin_tag(place, 1);
    return 2;
}

const char *html_place_read(html_place_t *place, const char *text, apr_size_t *size)
{
    const char *problem = NULL;
    apr_size_t at = 0, step;

    while (at < *size && !problem) {
        step = 0;
        switch (place->where) {
        case HTML_TEXT: step = open_tag(place, text + at); break;
        case HTML_PLAIN:
        case HTML_RAW: step = close_plain(place, text + at); break;
        case HTML_COMMENT:
            if (strncmp(text + at, "-->", 3) == 0) {
                place->where = HTML_TEXT;
                step = 3;
            }
            break;
        default: problem = read_tag(place, text[at]); break;
        }
        at += step ? step : 1;
    }
    *size = at;
    return problem;
}

static int is_between_attributes(const html_place_t *place)
{
    return place->where == HTML_INNER_TAG && (place->step == BEFORE_ATTRIBUTE || place->step == AFTER_ATTRIBUTE);
}

int html_place_join(html_place_t *place, const html_place_t *other)
{
    if (place->where != other->where || place->has_form != other->has_form) {
        return 0;
    }
    if (place->where == HTML_TEXT) {
        return 1;
    }
    if (strcmp(place->element, other->element) != 0) {
        return 0;
    }
    /* No = may follow: it would belong to an attribute that need not be there. */
    if (is_between_attributes(place) && is_between_attributes(other)) {
        place->step = BEFORE_ATTRIBUTE;
        return 1;
    }
    return place->step == other->step && place->quote == other->quote && strcmp(place->attribute, other->attribute) == 0;
}

const char *html_place_problem(const html_place_t *place, const char *name)
{
    static const char *const urls[] = { "href",   "src",  "style",      "srcset",     "srcdoc", "formaction",
                                        "action", "data", "background", "xlink:href", "ping",   "poster" };

    if (place->where == HTML_TEXT || place->where == HTML_PLAIN) {
        return NULL;
    }
    if (place->where != HTML_ATTRIBUTE) {
        return "{{}} may stand in text or between the double quotes of an attribute, and nowhere else";
    }
    if (strcmp(place->attribute, "action") == 0 && strcmp(name, "action") == 0 && is_element(place, "form")) {
        return NULL;
    }
    for (apr_size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        if (strcmp(place->attribute, urls[i]) == 0) {
            return "{{}} must not stand in an attribute that is an address or a style";
        }
    }
    return NULL;
}
