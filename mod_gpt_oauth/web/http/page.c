/*
 * The frame that every HTML page of the module shares, with its style and its headers (CSP Level 3), and the pages that say one
 * thing. The endpoints call it, and the guard for people who come where apps belong.
 */
#include "web/http/page.h"

#include <httpd.h>
#include <apr_encode.h>
#include <apr_strings.h>
#include <http_protocol.h>

#include "base/crypto.h"
#include "base/text.h"
#include "private.h"
#include "web/http/reply.h"

static const char style[] =
    ":root{color-scheme:light dark}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:#f4f5f7;color:#1b1f24;font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:26rem;margin:8vh auto;padding:2rem;overflow-wrap:anywhere}"
    "main{background:#fff;border:1px solid #d8dce2;border-radius:.75rem}"
    "h1{margin:0 0 1rem;font-size:1.35rem;line-height:1.3}"
    "a{color:#1f5fbf}"
    "label{display:block;margin-top:1rem;font-weight:600}"
    "input{display:block;width:100%;margin-top:.25rem;padding:.6rem;font:inherit;border:1px solid #848d99;border-radius:.4rem}"
    "button{padding:.65rem 1.4rem;font:inherit;font-weight:600;border:1px solid #1f5fbf;border-radius:.4rem;"
    "background:#1f5fbf;color:#fff;cursor:pointer}"
    "button.second{background:#fff;color:#1f5fbf}"
    ":focus-visible{outline:3px solid #e09f1f;outline-offset:2px}"
    ".buttons{display:flex;gap:.75rem;margin:1.5rem 0 0}"
    ".problem{padding:.6rem .8rem;border-left:4px solid #b3261e;background:#fdeeed}"
    ".warning{padding:.6rem .8rem;border-left:4px solid #a86b00;background:#fff6e3}"
    ".small{color:#535c68;font-size:.9rem}"
    ".mark{padding:.1rem .4rem;border-radius:.3rem;background:#fff6e3;color:#7a4d00;font-size:.85rem;font-weight:600}"
    "main>:last-child{margin-bottom:0}"
    "@media(max-width:30rem){main{margin:1rem;padding:1.25rem}}"
    "@media(prefers-color-scheme:dark){body{background:#15181c;color:#e6e8eb}main{background:#1d2126;border-color:#3a414a}"
    "a{color:#8ab4f8}input{background:#15181c;color:inherit}button.second{background:none;color:#8ab4f8;border-color:#8ab4f8}"
    ".problem{background:#3a1b19}.warning,.mark{background:#352a12}.mark{color:#f2c879}"
    ".small{color:#a7b0bb}}";

const char *page_text(apr_pool_t *p, const char *text)
{
    return utf8_valid(text, strlen(text)) ? ap_escape_html(p, text_clean(p, text)) : "(unreadable)";
}

static const char *content_security_policy(apr_pool_t *p)
{
    digest_t hash;

    /* No form-action: Chromium applies it to the redirect after Allow, and the app would never hear. */
    crypto_sha256(style, sizeof(style) - 1, &hash);
    return apr_pstrcat(p, "default-src 'none'; style-src 'sha256-",
                       apr_pencode_base64_binary(p, hash.byte, DIGEST_SIZE, APR_ENCODE_NONE, NULL),
                       "'; base-uri 'none'; frame-ancestors 'none'", NULL);
}

/* Sets the headers of a page, and returns its text. */
static const char *make_page(request_rec *r, const char *title, const char *body)
{
    const char *heading = page_text(r->pool, title);

    reply_no_store(r);
    apr_table_setn(r->err_headers_out, "X-Frame-Options", "DENY");
    apr_table_setn(r->err_headers_out, "Content-Security-Policy", content_security_policy(r->pool));
    return apr_pstrcat(r->pool,
                       "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
                       heading, "</title>\n<style>", style, "</style>\n</head>\n<body>\n<main>\n<h1>", heading, "</h1>\n", body,
                       "</main>\n</body>\n</html>\n", NULL);
}

int page_send(request_rec *r, int status, const char *title, const char *body)
{
    const char *text = make_page(r, title, body);

    if (status == HTTP_SERVICE_UNAVAILABLE) {
        reply_later(r, status, RETRY_AFTER_DOWN);
    }
    r->status = status;
    ap_set_content_type(r, "text/html;charset=UTF-8");
    ap_rputs(text, r);
    return OK;
}

const char *page_what_failed(apr_pool_t *p, const failure_t *failure)
{
    return apr_pstrcat(p, "<p>", page_text(p, failure->description),
                       "</p>\n<p class=\"small\">Error: ", oauth_error_name(failure->error), "</p>\n", NULL);
}

int page_failure(request_rec *r, int status, const char *title, const failure_t *failure)
{
    return page_send(r, status, title, page_what_failed(r->pool, failure));
}

const char *page_failure_text(request_rec *r, const char *title, const failure_t *failure)
{
    return make_page(r, title, page_what_failed(r->pool, failure));
}

int page_message(request_rec *r, const char *title, const char *sentence)
{
    return page_send(r, HTTP_OK, title, apr_pstrcat(r->pool, "<p>", page_text(r->pool, sentence), "</p>\n", NULL));
}
