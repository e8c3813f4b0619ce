/*
 * Reads templates, stylesheet and messages when the server starts, and refuses what would make a page that deceives or breaks.
 * Called by web/setup/check.c; page.c sends what is here.
 */
#include "web/page/pages.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define FILE_MAX     262144
#define MESSAGES_DIR "messages/"

/* The pages that are sent, and what must stand in them, whoever writes them. */
static const struct {
    const char *name;
    const char *needs[5]; /* ends with NULL */
} known[] = {
    { "apps", { "apps", NULL } }, { "choose-password", { "by", NULL } },
    { "console", { NULL } },      { "consent", { "warning", "host", "scopes", "user", NULL } },
    { "error", { NULL } },        { "message", { NULL } },
    { "password", { NULL } },     { "sign-in", { NULL } },
    { "status", { NULL } },
};

#define KNOWN (int)(sizeof(known) / sizeof(*known))

/* These are no one else's: they hold addresses, or what makes a form one of ours. */
static int is_ours_alone(const char *name)
{
    static const char *const names[] = { "button", "console", "fields", "icon", "link", "logo", "status", "view" };

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *built_in(const char *file)
{
    for (const built_in_page_t *page = built_in_pages; page->file; page++) {
        if (strcmp(page->file, file) == 0) {
            return page->text;
        }
    }
    return NULL;
}

/* The file of that name, and where it is, for sentences. NULL: there is none, or *problem. */
static const char *read_one(const pages_t *pages, const char *file, const char **where, const char **problem)
{
    const char *path = pages->dir ? apr_pstrcat(pages->p, pages->dir, "/", file, NULL) : NULL, *why;
    apr_finfo_t info;
    file_t content;

    *where = apr_pstrcat(pages->p, "conf/pages/", file, NULL);
    if (!path || apr_stat(&info, path, APR_FINFO_TYPE, pages->p) != APR_SUCCESS) {
        return built_in(file);
    }
    *where = path;
    why = file_read(pages->p, path, FILE_MAX, &content);
    if (!why && (strlen(content.text) != content.size || !utf8_valid(content.text, content.size))) {
        why = "it is not UTF-8; save it in that encoding";
    }
    *problem = why ? apr_psprintf(pages->p, "%s cannot be used: %s", path, why) : NULL;
    return why ? NULL : content.text;
}

typedef struct loader_t {
    pages_t *pages;
    const char *style;
    const char *problem; /* of a file that cannot be read */
} loader_t;

static int find(void *baton, const char *name, template_text_t *text)
{
    loader_t *loader = baton;
    pages_t ours = *loader->pages;

    if (strcmp(name, "style") == 0) {
        *text = (template_text_t){ .text = loader->style, .file = "style.css", .is_verbatim = 1 };
        return 1;
    }
    text->is_ours = is_ours_alone(name);
    ours.dir = text->is_ours ? NULL : ours.dir;
    text->text = read_one(&ours, apr_pstrcat(ours.p, name, ".html", NULL), &text->file, &loader->problem);
    return text->text != NULL;
}

static int has_message(void *baton, const char *name)
{
    const loader_t *loader = baton;

    return json_object_get(APR_ARRAY_IDX(loader->pages->messages, 0, json_t *), name) != NULL;
}

static void add_language(pages_t *pages, const char *tag, json_t *messages)
{
    APR_ARRAY_PUSH(pages->languages, const char *) = tag;
    APR_ARRAY_PUSH(pages->messages, json_t *) = messages;
}

/* Every name of `all` in `messages`, with a text. */
static const char *lacking(json_t *messages, json_t *all)
{
    const char *name;
    json_t *value;

    json_object_foreach(all, name, value)
    {
        if (!json_is_string(json_object_get(messages, name))) {
            return name;
        }
    }
    return NULL;
}

/* NULL and *messages, which may be of a language that is built in with some of its own, or what is wrong. */
static const char *read_language(pages_t *pages, const char *tag, json_t **messages)
{
    const char *file = apr_pstrcat(pages->p, MESSAGES_DIR, tag, ".json", NULL), *where, *problem = NULL, *name;
    const char *text = read_one(pages, file, &where, &problem), *ours = built_in(file);
    json_t *all = pages->languages->nelts ? APR_ARRAY_IDX(pages->messages, 0, json_t *) : NULL;

    if (problem) {
        return problem;
    }
    *messages = text ? json_parse_object(pages->p, text, strlen(text)) : NULL;
    if (!*messages) {
        return apr_pstrcat(pages->p, where, ": the file is not one JSON object of names and texts", NULL);
    }
    if (ours && text != ours) {
        json_t *merged = json_own(pages->p, json_deep_copy(json_parse_object(pages->p, ours, strlen(ours))));

        json_object_update(merged, *messages);
        *messages = merged;
    }
    name = lacking(*messages, all ? all : *messages);
    if (!name && all) {
        name = lacking(all, *messages);
        return name ? apr_psprintf(pages->p, "%s: no page has a message \"%s\"", where, name) : NULL;
    }
    return name ? apr_psprintf(pages->p, "%s: the message \"%s\" is missing", where, name) : NULL;
}

static const char *load_language(pages_t *pages, const char *tag)
{
    json_t *messages = NULL;
    const char *problem;

    for (int i = 0; i < pages->languages->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(pages->languages, i, const char *), tag) == 0) {
            return NULL;
        }
    }
    problem = read_language(pages, tag, &messages);
    if (!problem) {
        add_language(pages, tag, messages);
    }
    return problem;
}

/* The tag in the name of a file of messages; NULL when it is none. */
static const char *tag_of(apr_pool_t *p, const char *file)
{
    apr_size_t length = strlen(file);

    return length > 5 && strcmp(file + length - 5, ".json") == 0 ? apr_pstrmemdup(p, file, length - 5) : NULL;
}

/* Languages that are built in, and those that the directory has besides. */
static const char *load_languages(pages_t *pages)
{
    const char *problem = load_language(pages, "en"), *tag;
    apr_dir_t *dir;
    apr_finfo_t entry;

    for (const built_in_page_t *page = built_in_pages; page->file && !problem; page++) {
        if (strncmp(page->file, MESSAGES_DIR, strlen(MESSAGES_DIR)) == 0) {
            problem = load_language(pages, tag_of(pages->p, page->file + strlen(MESSAGES_DIR)));
        }
    }
    if (problem || !pages->dir ||
        apr_dir_open(&dir, apr_pstrcat(pages->p, pages->dir, "/" MESSAGES_DIR, NULL), pages->p) != APR_SUCCESS) {
        return problem;
    }
    while (!problem && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        tag = tag_of(pages->p, entry.name);
        problem = tag ? load_language(pages, tag) : NULL;
    }
    apr_dir_close(dir);
    return problem;
}

/* For template_uses. */
static const char *english(void *baton, const char *name)
{
    return pages_message(baton, 0, name);
}

static const char *load_template(loader_t *loader, int i)
{
    template_source_t source = { find, has_message, loader };
    const char *problem = NULL;
    const template_t *template = template_parse(loader->pages->p, &source, known[i].name, &problem);

    if (loader->problem || !template) {
        return loader->problem ? loader->problem : problem;
    }
    for (const char *const *name = known[i].needs; *name; name++) {
        if (!template_uses(loader->pages->p, template, *name, english, loader->pages)) {
            return apr_psprintf(loader->pages->p, "%s/%s.html: {{%s}} is missing, and the user must read it",
                                loader->pages->dir ? loader->pages->dir : "conf/pages", known[i].name, *name);
        }
    }
    APR_ARRAY_PUSH(loader->pages->templates, const template_t *) = template;
    return NULL;
}

static const char *load_style(loader_t *loader)
{
    const char *where, *problem = NULL, *text = read_one(loader->pages, "style.css", &where, &problem);
    digest_t hash;

    if (problem) {
        return problem;
    }
    if (strstr(text, "</")) {
        return apr_pstrcat(loader->pages->p, where, ": a stylesheet must not hold \"</\"", NULL);
    }
    loader->style = apr_pstrcat(loader->pages->p, loader->pages->colours, text, NULL);
    crypto_sha256(loader->style, strlen(loader->style), &hash);
    /* No form-action: Chromium applies it to the redirect after Allow, and the app would never hear. */
    loader->pages->policy =
        apr_pstrcat(loader->pages->p, "default-src 'none'; img-src 'self'; style-src 'sha256-",
                    apr_pencode_base64_binary(loader->pages->p, hash.byte, DIGEST_SIZE, APR_ENCODE_NONE, NULL),
                    "'; base-uri 'none'; frame-ancestors 'none'", NULL);
    return NULL;
}

const pages_t *pages_load(apr_pool_t *p, const char *dir, const char *colours, const char **problem)
{
    pages_t *pages = apr_pcalloc(p, sizeof(*pages));
    loader_t loader = { .pages = pages };

    *pages = (pages_t){ .p = p, .dir = dir, .colours = colours };
    pages->languages = apr_array_make(p, 8, sizeof(const char *));
    pages->messages = apr_array_make(p, 8, sizeof(json_t *));
    pages->templates = apr_array_make(p, KNOWN, sizeof(const template_t *));
    *problem = load_style(&loader);
    if (!*problem) {
        *problem = load_languages(pages);
    }
    for (int i = 0; i < KNOWN && !*problem; i++) {
        *problem = load_template(&loader, i);
    }
    return *problem ? NULL : pages;
}

const template_t *pages_template(const pages_t *pages, const char *name)
{
    int i = 0;

    while (strcmp(known[i].name, name) != 0) {
        i++;
    }
    return APR_ARRAY_IDX(pages->templates, i, const template_t *);
}

const char *pages_message(const pages_t *pages, int language, const char *name)
{
    return json_string_value(json_object_get(APR_ARRAY_IDX(pages->messages, language, json_t *), name));
}

const char *pages_icon(void)
{
    return built_in("icon.svg");
}
