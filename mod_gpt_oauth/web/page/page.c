/*
 * Chooses the language of a page, adds what all pages have, and sends it with its headers (CSP Level 3). The endpoints call it,
 * and the guard for people who come where apps belong.
 */
#include "web/page/page.h"

#include <http_protocol.h>
#include <apr_strings.h>

#include "base/accept.h"
#include "base/json.h"
#include "base/text.h"
#include "base/uri.h"
#include "private.h"
#include "web/config/config.h"
#include "web/http/reply.h"
#include "web/http/request.h"
#include "web/page/brand.h"
#include "web/page/pages.h"

void page_set(json_t *data, const char *name, const char *text)
{
    if (text) {
        json_object_set_new(data, name, json_string(utf8_valid(text, strlen(text)) ? text : "(unreadable)"));
    }
}

void page_set_link(json_t *data, const char *name, const char *url, const char *text)
{
    json_t *link = json_object();

    page_set(link, "url", url);
    page_set(link, "text", text);
    json_object_set_new(data, name, link);
}

/* As an index of pages->languages: what the app asked for goes before what the browser says (OpenID Connect Core, ui_locales). */
static int choose_language(request_rec *r, const pages_t *pages)
{
    char *locales = apr_pstrdup(r->pool, request_record(r)->ui_locales ? request_record(r)->ui_locales : "");
    const char *tag;

    for (char *c = locales; *c; c++) {
        *c = *c == ' ' ? ',' : *c;
    }
    tag = accept_language(r->pool, locales, pages->languages);
    tag = tag ? tag : accept_language(r->pool, apr_table_get(r->headers_in, "Accept-Language"), pages->languages);
    for (int i = 0; i < pages->languages->nelts && tag; i++) {
        if (strcmp(APR_ARRAY_IDX(pages->languages, i, const char *), tag) == 0) {
            return i;
        }
    }
    return 0;
}

/* Lists may be long, and pages ask often. What an app asks for is known before its first page. */
static int language_of(request_rec *r, const pages_t *pages)
{
    request_t *record = request_record(r);

    if (!record->language) {
        record->language = 1 + choose_language(r, pages);
    }
    return record->language - 1;
}

/* What template_render hands to say. */
typedef struct speaker_t {
    const pages_t *pages;
    int language;
} speaker_t;

static const char *say(void *baton, const char *name)
{
    const speaker_t *speaker = baton;

    return pages_message(speaker->pages, speaker->language, name);
}

/* The host of the issuer, as people know it. */
static const char *issuer_host(apr_pool_t *p, const server_conf_t *conf)
{
    uri_t uri;

    return conf->issuer && uri_parse(p, conf->issuer, &uri) ? apr_pstrcat(p, uri.host, uri.port ? ":" : "", uri.port, NULL)
                                                            : NULL;
}

static void add_brand(request_rec *r, json_t *data)
{
    const server_conf_t *conf = config_server(r->server);
    const char *host = issuer_host(r->pool, conf), *name = conf->brand ? conf->brand->name : host;

    name = name ? name : r->server->server_hostname ? r->server->server_hostname : "";
    page_set(data, "brand", name);
    if (host && strcmp(host, name) != 0) {
        page_set(data, "brand_host", host);
    }
    if (conf->issuer && !conf->is_guard) {
        json_object_set_new(data, "has_icon", json_true());
        page_set(data, "logo_url", apr_pstrcat(r->pool, conf->path, "/logo", NULL));
    }
    if (conf->brand && conf->brand->logo) {
        json_object_set_new(data, "has_logo", json_true());
    }
}

json_t *page_data(request_rec *r)
{
    json_t *data = json_own(r->pool, json_object());

    add_brand(r, data);
    return data;
}

static void add_links(request_rec *r, const speaker_t *speaker, json_t *data)
{
    const server_conf_t *conf = config_server(r->server);
    json_t *links = json_array();

    for (int i = 0; conf->links && i < conf->links->nelts; i++) {
        const brand_link_t *link = &APR_ARRAY_IDX(conf->links, i, brand_link_t);
        json_t *object = json_object();
        const char *message = pages_message(speaker->pages, speaker->language, apr_pstrcat(r->pool, "link_", link->kind, NULL));

        page_set_link(object, "link", link->url, message);
        /* Pages have their own places for these; that for help is below every page too. */
        json_object_set(data, apr_pstrcat(r->pool, link->kind, "_link", NULL), json_object_get(object, "link"));
        if (strcmp(link->kind, "password") == 0 || strcmp(link->kind, "signout") == 0) {
            json_decref(object);
        } else {
            json_array_append_new(links, object);
        }
    }
    json_object_set_new(data, "links", links);
}

const char *page_language(request_rec *r)
{
    const pages_t *pages = config_server(r->server)->pages;

    return APR_ARRAY_IDX(pages->languages, language_of(r, pages), const char *);
}

const char *page_say(request_rec *r, const char *message, json_t *data)
{
    const pages_t *pages = config_server(r->server)->pages;

    return template_say(r->pool, pages_message(pages, language_of(r, pages), message), data);
}

/* Sets the headers of a page, and returns its text. */
static const char *make_page(request_rec *r, const char *name, const char *title, json_t *data)
{
    const pages_t *pages = config_server(r->server)->pages;
    speaker_t speaker = { pages, language_of(r, pages) };

    page_set(data, "lang", APR_ARRAY_IDX(pages->languages, speaker.language, const char *));
    page_set(data, "dir", say(&speaker, "direction"));
    add_links(r, &speaker, data);
    page_set(data, "title", template_say(r->pool, say(&speaker, title), data));
    reply_no_store(r);
    apr_table_setn(r->err_headers_out, "X-Frame-Options", "DENY");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy", pages->policy);
    apr_table_mergen(r->err_headers_out, "Vary", "Accept-Language");
    return template_render(r->pool, pages_template(pages, name), data, say, &speaker);
}

int page_send(request_rec *r, int status, const char *name, const char *title, json_t *data)
{
    const char *text = make_page(r, name, title, data);

    if (status == HTTP_SERVICE_UNAVAILABLE) {
        reply_later(r, status, RETRY_AFTER_DOWN);
    }
    r->status = status;
    ap_set_content_type(r, "text/html;charset=UTF-8");
    ap_rputs(text, r);
    return OK;
}

static json_t *failure_data(request_rec *r, const char *title, const failure_t *failure, json_t *given)
{
    json_t *data = given ? given : page_data(r);

    json_object_set_new(data, "is_error", json_true());
    page_set(data, "description", failure->description);
    page_set(data, "error", oauth_error_name(failure->error));
    page_set(data, "reference", request_record(r)->reference);
    page_set(data, "time", request_time_text(r));
    page_set(data, "what", page_say(r, apr_pstrcat(r->pool, title, "_text", NULL), data));
    return data;
}

int page_failure(request_rec *r, int status, const char *title, const failure_t *failure, json_t *data)
{
    return page_send(r, status, "error", title, failure_data(r, title, failure, data));
}

const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure)
{
    return make_page(r, "error", title, failure_data(r, title, failure, NULL));
}

int page_message(request_rec *r, const char *title, json_t *data)
{
    data = data ? data : page_data(r);
    page_set(data, "what", page_say(r, apr_pstrcat(r->pool, title, "_text", NULL), data));
    return page_send(r, HTTP_OK, "message", title, data);
}
