/*
 * Templates of an administrator (base/template): whatever can be read can be filled in, and no value ever stands in the page as it
 * was, nor makes an element or ends an attribute.
 */
#include "fuzz.h"
#include "base/json.h"
#include "base/template.h"

#include <apr_strings.h>

#include <string.h>

#define HOSTILE "'\"><ScRipt>x&"

static int find(void *baton, const char *name, template_text_t *text)
{
    *text = (template_text_t){ .text = strcmp(name, "page") == 0 ? *(const char *const *)baton : "<i>{{a}}</i>", .file = name };
    return strcmp(name, "none") != 0;
}

static int has_message(void *baton, const char *name)
{
    (void)baton;
    return name[0] == 'm';
}

static const char *message(void *baton, const char *name)
{
    (void)baton;
    (void)name;
    return "<{a} {*b} {c}>";
}

void fuzz_template(apr_pool_t *p, const char *data, apr_size_t size)
{
    const char *text = apr_pstrmemdup(p, data, size), *problem = NULL, *page;
    template_source_t source = { find, has_message, &text };
    const template_t *t = template_parse(p, &source, "page", &problem);
    json_t *values = json_own(
        p, json_pack("{s:s, s:[s, s], s:{s:s}, s:s}", "a", HOSTILE, "b", HOSTILE, HOSTILE, "c", "a", HOSTILE, "action", HOSTILE));

    HOLDS(!t == !!problem);
    if (!t) {
        return;
    }
    page = template_render(p, t, values, message, NULL);
    HOLDS(!strstr(page, HOSTILE) || strstr(text, HOSTILE));
    HOLDS(!strstr(page, "<ScRipt") || strstr(text, "<ScRipt"));
    HOLDS(strlen(template_say(p, text, values)) <= 16 * size + 16);
}
