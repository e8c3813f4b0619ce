/*
 * Fills templates in. The only place where what a page says is escaped (HTML, section 13.1.3).
 */
#include "base/template.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/template_node.h"
#include "base/text.h"

typedef struct page_t {
    apr_pool_t *p;
    char *text;
    apr_size_t size, room;
    json_t *objects[TEMPLATE_DEPTH + 1]; /* the innermost last */
    int depth;
} page_t;

static void put(page_t *page, const char *text, apr_size_t size)
{
    if (page->size + size + 1 > page->room) {
        apr_size_t room = 2 * (page->size + size) + 1024;
        char *larger = apr_palloc(page->p, room);

        if (page->size) {
            memcpy(larger, page->text, page->size);
        }
        page->text = larger;
        page->room = room;
    }
    memcpy(page->text + page->size, text, size);
    page->size += size;
    page->text[page->size] = '\0';
}

static void put_text(page_t *page, const char *text)
{
    put(page, text, strlen(text));
}

static void put_escaped(page_t *page, const char *text)
{
    put_text(page, utf8_valid(text, strlen(text)) ? apr_pescape_entity(page->p, text_clean(page->p, text), 0) : "(unreadable)");
}

static json_t *find(const page_t *page, const char *name)
{
    if (strcmp(name, ".") == 0) {
        return page->objects[page->depth];
    }
    for (int i = page->depth; i >= 0; i--) {
        json_t *value = json_object_get(page->objects[i], name); /* of what is no object: NULL */

        if (value) {
            return value;
        }
    }
    return NULL;
}

/* NULL when it is neither text nor number. */
static const char *value_text(const page_t *page, const char *name)
{
    const json_t *value = find(page, name);

    return json_is_string(value)    ? json_string_value(value)
           : json_is_integer(value) ? apr_psprintf(page->p, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(value))
                                    : NULL;
}

static void put_value(page_t *page, const char *name, int is_plain, int is_strong)
{
    const char *text = value_text(page, name);

    if (text) {
        put_text(page, is_plain ? "" : is_strong ? "<strong><bdi>" : "<bdi>");
        put_escaped(page, text);
        put_text(page, is_plain ? "" : is_strong ? "</bdi></strong>" : "</bdi>");
    }
}

/* The name of the value that message goes on with, between { or {* and }; NULL when it goes on otherwise. *end is behind it. */
static const char *placeholder(apr_pool_t *p, const char *message, int *is_strong, const char **end)
{
    const char *name = message + 1;
    apr_size_t length;

    *is_strong = *name == '*';
    name += *is_strong;
    length = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    if (*message != '{' || !length || name[length] != '}') {
        return NULL;
    }
    *end = name + length + 1;
    return apr_pstrmemdup(p, name, length);
}

/* Calls put_piece for what stands between placeholders, and put_value for those. */
static void put_message(page_t *page, const char *message, int is_plain, void (*put_piece)(page_t *page, const char *text))
{
    while (*message) {
        apr_size_t size = strcspn(message, "{");
        int is_strong;
        const char *end, *name;

        if (!size) {
            name = placeholder(page->p, message, &is_strong, &end);
            if (name) {
                if (put_piece == put_text) {
                    const char *value = value_text(page, name);

                    put_text(page, value ? text_clean(page->p, value) : "");
                } else {
                    put_value(page, name, is_plain, is_strong);
                }
                message = end;
                continue;
            }
            size = 1;
        }
        put_piece(page, apr_pstrmemdup(page->p, message, size));
        message += size;
    }
}

static int is_something(const json_t *value)
{
    return value && !json_is_null(value) && !json_is_false(value) && !(json_is_string(value) && !json_string_length(value)) &&
           !(json_is_array(value) && !json_array_size(value));
}

typedef struct renderer_t {
    page_t page;
    const template_t *template;
    template_message_fn *message;
    void *baton;
} renderer_t;

static void render(renderer_t *renderer, int from, int to);

static void render_section(renderer_t *renderer, const template_node_t *node, int at)
{
    page_t *page = &renderer->page;
    json_t *value = find(page, node->text);

    if (node->kind == NODE_INVERTED || !is_something(value)) {
        if ((node->kind == NODE_INVERTED) != is_something(value)) {
            render(renderer, at + 1, node->other);
        }
        return;
    }
    page->depth++;
    if (json_is_array(value)) {
        for (apr_size_t i = 0; i < json_array_size(value); i++) {
            page->objects[page->depth] = json_array_get(value, i);
            render(renderer, at + 1, node->other);
        }
    } else {
        page->objects[page->depth] = value;
        render(renderer, at + 1, node->other);
    }
    page->depth--;
}

static void render(renderer_t *renderer, int from, int to)
{
    for (int i = from; i < to; i++) {
        const template_node_t *node = &APR_ARRAY_IDX(renderer->template->nodes, i, template_node_t);
        const char *message;

        switch (node->kind) {
        case NODE_TEXT: put(&renderer->page, node->text, node->size); break;
        case NODE_VALUE: put_value(&renderer->page, node->text, node->is_plain, 0); break;
        case NODE_MESSAGE:
            message = renderer->message(renderer->baton, node->text);
            put_message(&renderer->page, message ? message : "", node->is_plain, put_escaped);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            render_section(renderer, node, i);
            i = node->other;
            break;
        case NODE_END: break;
        }
    }
}

int template_uses(apr_pool_t *p, const template_t *t, const char *name, template_message_fn *message, void *baton)
{
    const char *plain = apr_pstrcat(p, "{", name, "}", NULL), *strong = apr_pstrcat(p, "{*", name, "}", NULL);

    for (int i = 0; i < t->nodes->nelts; i++) {
        const template_node_t *node = &APR_ARRAY_IDX(t->nodes, i, template_node_t);
        const char *text = node->kind == NODE_MESSAGE ? message(baton, node->text) : NULL;

        if ((node->kind == NODE_VALUE || node->kind == NODE_SECTION) && strcmp(node->text, name) == 0) {
            return 1;
        }
        if (text && (strstr(text, plain) || strstr(text, strong))) {
            return 1;
        }
    }
    return 0;
}

const char *template_render(apr_pool_t *p, const template_t *t, json_t *data, template_message_fn *message, void *baton)
{
    renderer_t renderer = { .page = { .p = p, .objects = { data } }, .template = t, .message = message, .baton = baton };

    put_text(&renderer.page, "");
    render(&renderer, 0, t->nodes->nelts);
    return renderer.page.text;
}

const char *template_say(apr_pool_t *p, const char *message, json_t *data)
{
    page_t page = { .p = p, .objects = { data } };

    put_text(&page, "");
    put_message(&page, message, 1, put_text);
    return page.text;
}
