/*
 * The logo of GPTOAuthBrand, which is the pages' icon too; without one an icon of ours. An SVG may hold script: served so that a
 * browser that opens it by itself runs nothing (CSP Level 3, sandbox).
 */
#include <httpd.h>
#include <http_protocol.h>

#include "private.h"
#include "web/config/config.h"
#include "web/endpoint/endpoints.h"
#include "web/http/reply.h"
#include "web/page/brand.h"
#include "web/page/pages.h"

int endpoint_logo(request_rec *r)
{
    const brand_t *brand = config_server(r->server)->brand;
    int is_ours = !brand || !brand->logo;
    const char *bytes = is_ours ? pages_icon() : brand->logo;
    apr_size_t size = is_ours ? strlen(bytes) : brand->logo_size;

    apr_table_setn(r->headers_out, "Cache-Control", "public, max-age=3600");
    apr_table_setn(r->headers_out, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_set_content_type(r, is_ours ? "image/svg+xml" : brand->logo_type);
    ap_set_content_length(r, (apr_off_t)size);
    ap_rwrite(bytes, (int)size, r);
    return OK;
}
