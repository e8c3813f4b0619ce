/*
 * Follows the text of an HTML page as a browser's tokeniser would (HTML, section 13.2.5), so far as templates need it.
 */
#include "base/html_place.h"

#include <string.h>

#include <apr_lib.h>

/* Steps within a tag. */
enum { TAG_NAME, BEFORE_ATTRIBUTE, ATTRIBUTE_NAME, AFTER_ATTRIBUTE, BEFORE_VALUE, IN_VALUE };

static const char no_script[] = "a page must not hold script";
static const char no_markup[] =
    "< begins neither a tag, <!doctype html> nor a whole comment here; write &lt; for the sign itself";
static const char no_element[] = "a page must not hold an element whose content is not read as the rest of a page is";
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

/* What HTML takes for a blank, and no more: with \v it goes on differently. */
static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Raw text by rules of their own, other markup languages, and whole pages. */
static int is_foreign(const html_place_t *place)
{
    static const char *const names[] = { "noscript", "xmp",  "iframe", "noembed", "noframes", "plaintext",
                                         "svg",      "math", "object", "embed",   "frameset" };

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (is_element(place, names[i])) {
            return 1;
        }
    }
    return 0;
}

/* Behind the > of a tag. */
static const char *end_tag(html_place_t *place)
{
    place->where = HTML_TEXT;
    place->attribute[0] = '\0';
    if (is_element(place, "script")) {
        return no_script;
    }
    if (is_foreign(place)) {
        return no_element;
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
        if (is_blank(c)) {
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
    if (place->quote ? c == place->quote : is_blank(c)) {
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
    if (place->step == ATTRIBUTE_NAME && (is_blank(c) || strchr("=>/", c))) {
        problem = check_attribute(place);
        place->step = AFTER_ATTRIBUTE;
    }
    if (c == '/') { /* no = after it belongs to what was before it */
        place->step = BEFORE_ATTRIBUTE;
        return problem;
    }
    if (c == '>') {
        return problem ? problem : end_tag(place);
    }
    if (place->step == TAG_NAME && !is_blank(c)) {
        append(place->element, sizeof(place->element), c);
    } else if (place->step == ATTRIBUTE_NAME) {
        append(place->attribute, sizeof(place->attribute), c);
    } else if (is_blank(c)) {
        place->step = place->step == TAG_NAME ? BEFORE_ATTRIBUTE : place->step;
    } else if (place->step == AFTER_ATTRIBUTE && c == '=') {
        place->step = BEFORE_VALUE;
    } else {
        problem = begin_attribute(place, c);
    }
    return problem;
}

/* How long the comment is that begins here; 0 when a browser would see its end elsewhere, or what is filled in parts it. */
static apr_size_t comment_size(const char *text, apr_size_t size)
{
    if (text[4] == '>' || strncmp(text + 4, "->", 2) == 0) {
        return 0;
    }
    for (apr_size_t i = 4; i + 2 < size; i++) {
        if (strncmp(text + i, "-->", 3) == 0 || strncmp(text + i, "--!>", 4) == 0) {
            return i + (text[i + 2] == '!' ? 4 : 3);
        }
    }
    return 0;
}

/* How many bytes the < here begins a tag with, or are a comment; 0: neither, or not before the end of text. */
static apr_size_t open_tag(html_place_t *place, const char *text, apr_size_t size)
{
    if (strncasecmp(text, "<!doctype html>", 15) == 0) {
        return 15;
    }
    if (strncmp(text, "<!--", 4) == 0) {
        return comment_size(text, size);
    }
    if (apr_isalpha(text[1]) || (text[1] == '/' && apr_isalpha(text[2]))) {
        begin_tag(place, text[1] == '/');
        return text[1] == '/' ? 2 : 1;
    }
    return 0;
}

/*
 * The same in text that only its own end tag ends. A browser may read it as any other text, such as a <title> in a <select>: what
 * would be something else there is refused.
 */
static apr_size_t close_plain(html_place_t *place, const char *text)
{
    apr_size_t length = strlen(place->element);

    if (text[1] == '/' && strncasecmp(text + 2, place->element, length) == 0 &&
        (text[2 + length] == '>' || is_blank(text[2 + length]))) {
        begin_tag(place, 1);
        return 2;
    }
    return text[1] == '=' || is_blank(text[1]); /* as style sheets have it */
}

const char *html_place_read(html_place_t *place, const char *text, apr_size_t *size)
{
    const char *problem = NULL;
    apr_size_t at = 0, step;

    while (at < *size && !problem) {
        step = 1;
        if (place->where == HTML_ATTRIBUTE || place->where == HTML_INNER_TAG) {
            problem = read_tag(place, text[at]);
        } else if (text[at] == '<') {
            step = place->where == HTML_TEXT ? open_tag(place, text + at, *size - at) : close_plain(place, text + at);
            problem = step ? NULL : no_markup;
        }
        at += step;
    }
    *size = at;
    return problem;
}

static int is_between_attributes(const html_place_t *place)
{
    return place->where == HTML_INNER_TAG && (place->step == BEFORE_ATTRIBUTE || place->step == AFTER_ATTRIBUTE);
}

void html_place_part(html_place_t *place)
{
    if (is_between_attributes(place)) {
        place->step = BEFORE_ATTRIBUTE;
    }
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
    if (is_between_attributes(place) && is_between_attributes(other)) {
        place->step = BEFORE_ATTRIBUTE;
        return 1;
    }
    return place->step == other->step && place->quote == other->quote && strcmp(place->attribute, other->attribute) == 0;
}

const char *html_place_problem(const html_place_t *place, const char *name)
{
    static const char *const texts[] = { "alt",   "class", "datetime",    "dir",   "for",  "id",
                                         "label", "lang",  "placeholder", "title", "value" };

    if (place->where == HTML_TEXT || place->where == HTML_PLAIN) {
        return NULL;
    }
    if (place->where != HTML_ATTRIBUTE) {
        return "{{}} may stand in text or between the double quotes of an attribute, and nowhere else";
    }
    if (strcmp(place->attribute, "action") == 0 && strcmp(name, "action") == 0 && is_element(place, "form")) {
        return NULL;
    }
    for (apr_size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (strcmp(place->attribute, texts[i]) == 0) {
            return NULL;
        }
    }
    return strncmp(place->attribute, "aria-", 5) == 0 || strncmp(place->attribute, "data-", 5) == 0
               ? NULL
               : "{{}} must not stand in an attribute that is an address, a style, or anything else but text";
}
