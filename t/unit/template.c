/* Templates: what they fill in, and what they refuse because it could end up as anything but text. */
#include "base/template.h"

#include <string.h>

#include "tap.h"

/* One template, "page"; another, "inner"; and our own, "fields" and "link". */
static int find(void *baton, const char *name, template_text_t *text)
{
    *text = (template_text_t){ .text = *(const char *const *)baton, .file = "page.html" };
    if (strcmp(name, "inner") == 0) {
        text->text = "<b>{{a}}</b>";
    } else if (strcmp(name, "fields") == 0) {
        text->text = "<input name=\"x\" value=\"{{a}}\">";
    } else if (strcmp(name, "link") == 0) {
        text->text = "<a href=\"{{a}}\">";
        text->is_ours = 1;
    } else if (strcmp(name, "style") == 0) {
        text->text = "p{}}{{a}}";
        text->is_verbatim = 1;
    }
    return strcmp(name, "none") != 0;
}

static const char *message(void *baton, const char *name)
{
    (void)baton;
    return strcmp(name, "hello") == 0 ? "Hello {a}, <{*b}> {{ {none}." : NULL;
}

static int has_message(void *baton, const char *name)
{
    return message(baton, name) != NULL;
}

static const char *fill(apr_pool_t *p, const char *text, const char *json)
{
    template_source_t source = { find, has_message, &text };
    const char *problem;
    const template_t *t = template_parse(p, &source, "page", &problem);
    json_t *data = json_loads(quoted(p, json), 0, NULL);
    const char *result = t ? template_render(p, t, data, message, NULL) : problem;

    json_decref(data);
    return result;
}

static void test_filling(apr_pool_t *p)
{
    static const struct {
        const char *text, *json, *wanted;
    } rows[] = {
        { "", "{}", "" },
        { "<p>{{a}}</p>", "{'a': 'x'}", "<p><bdi>x</bdi></p>" },
        { "<p>{{ a }}</p>{{! no }}", "{'a': 7}", "<p><bdi>7</bdi></p>" },
        { "{{a}}", "{'a': '<b>&\\\"\\u0027'}", "<bdi>&lt;b&gt;&amp;&quot;'</bdi>" },
        { "<i title=\"{{a}}\">", "{'a': '\\\"><script>'}", "<i title=\"&quot;&gt;&lt;script&gt;\">" },
        { "<title>{{a}}</title>{{a}}", "{'a': 'x'}", "<title>x</title><bdi>x</bdi>" },
        { "{{a}}", "{'a': 'm\\u202eoc'}", "<bdi>moc</bdi>" },
        { "{{a}}{{b}}", "{'a': null, 'b': {}}", "" },
        { "{{#a}}{{.}},{{/a}}", "{'a': ['x', 'y']}", "<bdi>x</bdi>,<bdi>y</bdi>," },
        { "{{#a}}{{b}}{{c}}{{/a}}", "{'a': [{'b': 1}, {'b': 2}], 'c': 3}", "<bdi>1</bdi><bdi>3</bdi><bdi>2</bdi><bdi>3</bdi>" },
        { "{{#a}}in{{/a}}{{^a}}out{{/a}}", "{'a': ''}", "out" },
        { "{{#a}}in{{/a}}{{^a}}out{{/a}}", "{'a': []}", "out" },
        { "{{#a}}in{{/a}}{{^a}}out{{/a}}", "{'a': false}", "out" },
        { "{{#a}}in{{/a}}{{^a}}out{{/a}}", "{}", "out" },
        { "{{#a}}in{{/a}}{{^a}}out{{/a}}", "{'a': true}", "in" },
        { "{{#a}}{{#b}}x{{/b}}{{/a}}", "{'a': {'b': 1}}", "x" },
        { "{{>inner}}", "{'a': 1}", "<b><bdi>1</bdi></b>" },
        { "<style>{{>style}}</style>", "{'a': 1}", "<style>p{}}{{a}}</style>" },
        { "{{>link}}", "{'a': 'https://x/?a&b'}", "<a href=\"https://x/?a&amp;b\">" },
        { "<form>{{>fields}}</form>", "{'a': 1}", "<form><input name=\"x\" value=\"1\"></form>" },
        { "<form action=\"{{action}}\">{{>fields}}</form>", "{'action': '/o'}",
          "<form action=\"/o\"><input name=\"x\" value=\"\"></form>" },
        { "<i {{#a}}lang=\"{{a}}\" {{/a}}>", "{'a': 'de'}", "<i lang=\"de\" >" },
        { "<i {{#a}}hidden {{/a}}class=\"b\">", "{'a': 'de'}", "<i hidden class=\"b\">" },
        { "{{_hello}}", "{'a': '<', 'b': 'y'}", "Hello <bdi>&lt;</bdi>, &lt;<strong><bdi>y</bdi></strong>&gt; {{ ." },
        { "<i title=\"{{_hello}}\">", "{'a': '<', 'b': 'y'}", "<i title=\"Hello &lt;, &lt;y&gt; {{ .\">" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        is_str(fill(p, rows[i].text, rows[i].json), rows[i].wanted, "template %s with %s", rows[i].text, rows[i].json);
    }
}

static void test_refusal(apr_pool_t *p)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        { "\n{{", "line 2: {{ has no }}" },
        { "{{a b", "has no }}" },
        { "{{}}", "is no tag" },
        { "{{{a}}}", "is no tag" },
        { "{{&a}}", "is no tag" },
        { "{{#a}}", "{{#a}} has no end" },
        { "{{/a}}", "has not begun" },
        { "{{#a}}{{/b}}", "{{/b}} stands where {{/a}} should" },
        { "{{>none}}", "there is no template none" },
        { "{{>page}}", "within itself" },
        { "{{_none}}", "there is no message none" },
        { "<a href=\"{{a}}\">", "an address, a style" },
        { "<a HREF = \"x{{a}}\">", "an address, a style" },
        { "<a href=\"{{_hello}}\">", "an address, a style" },
        { "<img src=\"{{a}}\">", "an address, a style" },
        { "<i style=\"{{a}}\">", "an address, a style" },
        { "<button formaction=\"{{a}}\">", "an address, a style" },
        { "<form action=\"{{a}}\">{{>fields}}</form>", "an address, a style" },
        { "<i onclick=\"{{a}}\">", "script" },
        { "<i ONCLICK=1>", "script" },
        { "<script>", "script" },
        { "<SCRIPT src=\"x\">", "script" },
        { "<i title='{{a}}'>", "between the double quotes" },
        { "<i title={{a}}>", "between the double quotes" },
        { "<{{a}}>", "write &lt;" },
        { "<i {{a}}>", "between the double quotes" },
        { "<i {{a}}=\"x\">", "between the double quotes" },
        { "<!-- {{a}} -->", "write &lt;" },
        { "<style>{{a}}</style>", "between the double quotes" },
        { "<style></p>{{a}}</style>", "write &lt;" },
        { "<i title=\"{{#a}}\">{{/a}}", "different places" },
        { "{{#a}}<i title=\"{{/a}}\">", "different places" },
        { "{{^a}}<title>{{/a}}", "different places" },
        { "<i {{#a}}hidden {{/a}}=\"{{b}}\">", "an attribute has no name" },
        { "<i \"{{a}}\">", "an attribute has no name" },
        { "<form></form>", "lacks {{>fields}}" },
        { "<form>{{#a}}{{>fields}}{{/a}}</form>", "different places" },
        { "<p", "ends within a tag" },
        { "<!--", "write &lt;" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *said = fill(p, rows[i].text, "{'a': '1'}");

        ok(strncmp(said, "page.html, line ", 16) == 0 && strstr(said, rows[i].wanted), "template %s is refused: %s", rows[i].text,
           said);
    }
}

/* Where a browser could see something else than who reads the template: what is filled in would be attributes or an address. */
static void test_browsers(apr_pool_t *p)
{
    static const char *const refused[] = {
        "<{{! }}script>x</script>",
        "<{{! }}a href=\"{{a}}\">",
        "<{{#a}}b title='{{/a}}'>",
        "<{{>inner}}",
        "</{{! }}b>",
        "<!--><a title=\"--><i title=\"{{a}}\">",
        "<!---><a title=\"--><i title=\"{{a}}\">",
        "<!-- -{{! }}-><a title=\"--><i title=\"{{a}}\">",
        "<!-- {{! }}-->",
        "<!-- --!><a title=\"--><i title=\"{{a}}\">",
        "<!--!><i title='--><a title=\"' lang=\"{{a}}\">",
        "<?<i title='><a title=\"' lang=\"{{a}}\">",
        "</ <i title='><a title=\"' lang=\"{{a}}\">",
        "<!x title='><a title=\"' lang=\"{{a}}\">",
        "<!doctype html \">\"<i>",
        "<noscript><i title='</noscript><a title=\"' lang=\"{{a}}\">",
        "<XMP><i title='</xmp><a title=\"' lang=\"{{a}}\">",
        "<iframe><i title='</iframe><a title=\"' lang=\"{{a}}\">",
        "<iframe srcdoc='x'></iframe>",
        "<noembed>",
        "<noframes>",
        "<plaintext>",
        "<svg><style><a title=\"</style><i title=\"{{a}}\">",
        "<svg><set attributeName=href to=\"{{a}}\">",
        "<math><![CDATA[>",
        "<select><title><input title=\"</title><i title=\"{{a}}\">",
        "<title><!--</title>",
        "<title></title-><i title='</title><a title=\"' lang=\"{{a}}\">",
        "<title></title{{! }}x></title>",
        "<title><{{! }}/title>",
        "<i title/=\"{{a}}\">",
        "<i title / =\"{{a}}\">",
        "<i title=\v\"{{a}}\">",
        "<i title {{#a}}=\"{{.}}\" {{/a}}>",
        "<meta content=\"{{a}}\" http-equiv=refresh>",
        "<input name=\"{{a}}\">",
        "<link imagesrcset=\"{{a}}\">",
        "<form method=\"{{a}}\">{{>fields}}</form>",
        "<button formmethod=\"{{a}}\">",
        "<a target=\"{{a}}\">",
    };
    static const char *const taken[] = {
        "<!DOCTYPE html><!-- <a title=\" --><i title=\"{{a}}\">",
        "<!----><!-- --!><i title=\"{{a}}\">",
        "<i data-x=\"1\"aria-label=\"{{a}}\"/><br/><hr />",
        "<i title\n= \"{{a}}\">",
        "<style>@media(width <= 9px){} a > b{}</style\n><select><option value=\"{{a}}\">{{a}}</select>",
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        ok(strncmp(fill(p, refused[i], "{'a': ['1', '2']}"), "page.html, line ", 16) == 0, "template %s is refused", refused[i]);
    }
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
        const char *said = fill(p, taken[i], "{'a': '1'}");

        ok(strncmp(said, "page.html, line ", 16) != 0, "template %s is taken: %s", taken[i], said);
    }
}

void test_template(apr_pool_t *p)
{
    json_t *data = json_loads("{\"a\": \"<x>\", \"b\": 2}", 0, NULL);

    test_filling(p);
    test_refusal(p);
    test_browsers(p);
    is_str(template_say(p, "{a} and {*b}{c}", data), "<x> and 2", "a message as plain text");
    json_decref(data);
}
