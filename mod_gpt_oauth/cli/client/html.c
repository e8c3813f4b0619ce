/*
 * Finds form and text in a page by looking for tags, without a tree. Called by `try`, which fills in the sign-in page, and by
 * `doctor`, which quotes pages that are not the module's.
 */
#include "cli/client/html.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/array.h"
#include "base/text.h"

static char *unescape(apr_pool_t *p, const char *text, apr_size_t size)
{
    static const struct {
        const char *entity;
        char byte;
    } known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&#34;", '"' }, { "&#39;", '\'' } };
    char *result = apr_pstrmemdup(p, text, size), *out = result;

    for (const char *in = result; *in;) {
        int i = 0;

        while (i < COUNT(known) && strncmp(in, known[i].entity, strlen(known[i].entity)) != 0) {
            i++;
        }
        if (i < COUNT(known)) {
            *out++ = known[i].byte;
            in += strlen(known[i].entity);
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
    return result;
}

/* Is there a tag of this name ("form", "/form") at s? */
static int is_tag(const char *s, const char *name)
{
    apr_size_t size = strlen(name);

    return s[0] == '<' && strncasecmp(s + 1, name, size) == 0 && !apr_isalnum(s[1 + size]);
}

/* The value of an attribute of the tag at s; NULL when it has none. */
static const char *attribute(apr_pool_t *p, const char *s, const char *name)
{
    apr_size_t wanted = strlen(name);

    for (s += 1 + strcspn(s + 1, " \t\r\n>"); *s && *s != '>';) {
        const char *value;
        apr_size_t size;
        char quote;
        int found;

        s += strspn(s, " \t\r\n/");
        size = strcspn(s, "= \t\r\n/>");
        found = size == wanted && strncasecmp(s, name, size) == 0;
        s += size;
        if (*s != '=') {
            if (found) {
                return "";
            }
            continue;
        }
        quote = s[1] == '"' || s[1] == '\'' ? s[1] : '\0';
        value = s + (quote ? 2 : 1);
        size = quote ? strcspn(value, quote == '"' ? "\"" : "'") : strcspn(value, " \t\r\n>");
        if (found) {
            return unescape(p, value, size);
        }
        s = value + size + (quote && value[size] ? 1 : 0);
    }
    return NULL;
}

static void add_field(apr_pool_t *p, const char *tag, html_form_t *form)
{
    const char *name = attribute(p, tag, "name"), *type = attribute(p, tag, "type"), *value = attribute(p, tag, "value");

    if (!name) {
        return;
    }
    form->asks_password |= strcmp(name, "password") == 0;
    form->asks_decision |= strcmp(name, "decision") == 0;
    if (type && (strcasecmp(type, "hidden") == 0 || (strcasecmp(type, "checkbox") == 0 && attribute(p, tag, "checked")))) {
        APR_ARRAY_PUSH(form->fields, const char *) = name;
        APR_ARRAY_PUSH(form->fields, const char *) = value ? value : "";
    }
}

int html_form(apr_pool_t *p, const char *page, html_form_t *form)
{
    const char *s = page;

    memset(form, 0, sizeof(*form));
    while (*s && !is_tag(s, "form")) {
        s++;
    }
    if (!*s) {
        return 0;
    }
    form->action = attribute(p, s, "action");
    form->action = form->action ? form->action : "";
    form->fields = apr_array_make(p, 12, sizeof(const char *));
    for (s++; *s && !is_tag(s, "/form"); s++) {
        if (is_tag(s, "input") || is_tag(s, "button")) {
            add_field(p, s, form);
        }
    }
    return 1;
}

const char *html_text(apr_pool_t *p, const char *page, apr_size_t max)
{
    const char *s = page;
    char *text, *out;
    int in_tag = 0, gap = 0;

    while (*s && !is_tag(s, "h1")) {
        s++;
    }
    s = *s ? s : page;
    text = apr_palloc(p, strlen(s) + 1);
    out = text;
    for (; *s; s++) {
        if (is_tag(s, "style") || is_tag(s, "script")) {
            while (*s && !is_tag(s, "/style") && !is_tag(s, "/script")) {
                s++;
            }
            if (!*s) {
                break;
            }
        }
        /* The heading reads as a sentence. */
        if (is_tag(s, "/h1") && out > text && !strchr(".?!", out[-1])) {
            *out++ = ':';
        }
        in_tag |= *s == '<';
        if (in_tag || apr_isspace(*s)) {
            gap = 1;
            in_tag &= *s != '>';
            continue;
        }
        if (gap && out > text && !strchr(".,;:?!", *s)) {
            *out++ = ' ';
        }
        gap = 0;
        *out++ = *s;
    }
    *out = '\0';
    return text_cut(p, unescape(p, text, strlen(text)), max);
}
