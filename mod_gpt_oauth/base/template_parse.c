/*
 * Reads a template into nodes, and refuses what could end up as anything but text.
 */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/html_place.h"
#include "base/template.h"
#include "base/template_node.h"

#define PARTIAL_DEPTH 8

typedef struct reader_t {
    apr_pool_t *p;
    const template_source_t *source;
    template_t *template;
    html_place_t place;
    int open[TEMPLATE_DEPTH]; /* indexes of sections that have not ended */
    html_place_t opened_at[TEMPLATE_DEPTH];
    int depth;
    int partials; /* how deep this one is */
    const char *problem;
} reader_t;

static void fail(reader_t *reader, const template_text_t *text, const char *at, const char *sentence)
{
    int line = 1;

    for (const char *c = text->text; c < at; c++) {
        line += *c == '\n';
    }
    if (!reader->problem) {
        reader->problem = apr_psprintf(reader->p, "%s, line %d: %s", text->file, line, sentence);
    }
}

static template_node_t *add(reader_t *reader, node_kind_t kind, const char *text, apr_size_t size)
{
    template_node_t *node = apr_array_push(reader->template->nodes);

    *node = (template_node_t){ .kind = kind,
                               .text = text,
                               .size = size,
                               .is_plain = reader->place.where != HTML_TEXT,
                               .other = reader->template->nodes->nelts - 1 };
    return node;
}

static void read_text(reader_t *reader, const template_text_t *text, const char *from, apr_size_t size)
{
    apr_size_t read = size;
    const char *problem = html_place_read(&reader->place, from, &read);

    if (problem) {
        fail(reader, text, from + read, problem);
    } else if (size) {
        add(reader, NODE_TEXT, from, size);
    }
}

static void read_partial(reader_t *reader, const char *name, const template_text_t *outer, const char *at);

static void open_section(reader_t *reader, node_kind_t kind, const char *name, const template_text_t *text, const char *at)
{
    if (reader->depth == TEMPLATE_DEPTH) {
        fail(reader, text, at, "there are too many sections within each other");
        return;
    }
    html_place_part(&reader->place);
    reader->opened_at[reader->depth] = reader->place;
    add(reader, kind, name, 0);
    reader->open[reader->depth++] = reader->template->nodes->nelts - 1;
}

static void close_section(reader_t *reader, int floor, const char *name, const template_text_t *text, const char *at)
{
    template_node_t *end, *begin;
    int index;

    if (reader->depth == floor) {
        fail(reader, text, at, apr_psprintf(reader->p, "{{/%s}} ends a section that has not begun", name));
        return;
    }
    index = reader->open[--reader->depth];
    end = add(reader, NODE_END, name, 0);
    begin = &APR_ARRAY_IDX(reader->template->nodes, index, template_node_t);
    if (strcmp(begin->text, name) != 0) {
        fail(reader, text, at, apr_psprintf(reader->p, "{{/%s}} stands where {{/%s}} should", name, begin->text));
    } else if (!html_place_join(&reader->place, &reader->opened_at[reader->depth])) {
        fail(reader, text, at, apr_psprintf(reader->p, "{{#%s}} begins and ends in different places of the page", name));
    }
    begin->other = reader->template->nodes->nelts - 1;
    end->other = index;
}

/* Of these the caller has checked that they are addresses, or words of its own. */
static int is_ours_to_fill(const char *attribute)
{
    static const char *const names[] = { "href", "name", "src", "type" };

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], attribute) == 0) {
            return 1;
        }
    }
    return 0;
}

static void read_value(reader_t *reader, const char *name, const template_text_t *text, const char *at)
{
    const char *problem = html_place_problem(&reader->place, name);

    if (problem && !(text->is_ours && reader->place.where == HTML_ATTRIBUTE && is_ours_to_fill(reader->place.attribute))) {
        fail(reader, text, at, problem);
    }
    add(reader, NODE_VALUE, name, 0);
}

static void read_message(reader_t *reader, const char *name, const template_text_t *text, const char *at)
{
    const char *problem = html_place_problem(&reader->place, name);

    if (problem) {
        fail(reader, text, at, problem);
    }
    if (!reader->source->has_message(reader->source->baton, name)) {
        fail(reader, text, at, apr_psprintf(reader->p, "there is no message %s", name));
    }
    add(reader, NODE_MESSAGE, name, 0);
}

/* Letters, digits, _ and -; or one dot. */
static int is_name(const char *name)
{
    if (strcmp(name, ".") == 0) {
        return 1;
    }
    for (const char *c = name; *c; c++) {
        if (!apr_isalnum(*c) && *c != '_' && *c != '-') {
            return 0;
        }
    }
    return *name != '\0';
}

/* What stands between {{ and }}, without blanks around it. */
static void read_tag(reader_t *reader, int floor, const char *tag, const template_text_t *text, const char *at)
{
    const char *name = apr_pstrdup(reader->p, tag + (*tag && strchr("#^/>_", *tag) ? 1 : 0));
    char sign = name != tag && *tag && strchr("#^/>_", *tag) ? *tag : 0;

    if (*tag == '!') {
        return;
    }
    if (!is_name(name)) {
        fail(reader, text, at, apr_psprintf(reader->p, "{{%.40s}} is no tag of a template", tag));
        return;
    }
    switch (sign) {
    case '#': open_section(reader, NODE_SECTION, name, text, at); break;
    case '^': open_section(reader, NODE_INVERTED, name, text, at); break;
    case '/': close_section(reader, floor, name, text, at); break;
    case '>': read_partial(reader, name, text, at); break;
    case '_': read_message(reader, name, text, at); break;
    default: read_value(reader, name, text, at); break;
    }
}

static void read_all(reader_t *reader, const template_text_t *text)
{
    const char *at = text->text, *open, *close;
    int floor = reader->depth;

    while (!reader->problem && (open = text->is_verbatim ? NULL : strstr(at, "{{"))) {
        read_text(reader, text, at, (apr_size_t)(open - at));
        close = strstr(open, "}}");
        if (!close) {
            fail(reader, text, open, "{{ has no }}");
            return;
        }
        if (!reader->problem) {
            char *tag = apr_pstrmemdup(reader->p, open + 2, (apr_size_t)(close - open - 2));

            apr_collapse_spaces(tag, tag);
            read_tag(reader, floor, tag, text, open);
        }
        at = close + 2;
    }
    if (!reader->problem) {
        read_text(reader, text, at, strlen(at));
    }
    if (reader->depth > floor) {
        fail(reader, text, at,
             apr_psprintf(reader->p, "{{#%s}} has no end",
                          APR_ARRAY_IDX(reader->template->nodes, reader->open[reader->depth - 1], template_node_t).text));
    }
}

static void read_partial(reader_t *reader, const char *name, const template_text_t *outer, const char *at)
{
    template_text_t text = { .text = NULL };

    if (!reader->source->find(reader->source->baton, name, &text)) {
        fail(reader, outer, at, apr_psprintf(reader->p, "there is no template %s", name));
        return;
    }
    if (reader->partials == PARTIAL_DEPTH) {
        fail(reader, outer, at, apr_psprintf(reader->p, "{{>%s}} stands within itself", name));
        return;
    }
    reader->partials++;
    read_all(reader, &text);
    reader->partials--;
    /* A form that asks for a page has nothing to be sealed: that one is ours, as the fields are. */
    if ((strcmp(name, "fields") == 0 || (outer->is_ours && strcmp(name, "view") == 0)) && reader->place.has_form) {
        reader->place.has_form = 2;
    }
}

template_t *template_parse(apr_pool_t *p, const template_source_t *source, const char *name, const char **problem)
{
    reader_t reader = { .p = p, .source = source, .place = html_place_begin() };
    template_text_t text = { .text = NULL };

    reader.template = apr_pcalloc(p, sizeof(*reader.template));
    reader.template->nodes = apr_array_make(p, 64, sizeof(template_node_t));
    if (!source->find(source->baton, name, &text)) {
        *problem = apr_psprintf(p, "there is no template %s", name);
        return NULL;
    }
    read_all(&reader, &text);
    if (!reader.problem && reader.place.where != HTML_TEXT) {
        fail(&reader, &text, text.text + strlen(text.text),
             "the page ends within a tag, or before the end tag of its title, style or textarea");
    }
    *problem = reader.problem;
    return reader.problem ? NULL : reader.template;
}
