/*
 * What everything else is compared with: two handlers that write a constant answer and check nothing. bench-hello writes what
 * gpt-oauth-hello does, byte for byte. Built with apxs by t/bench/run into a folder of its own, and part of nothing else.
 */
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include <string.h>

static int answer(request_rec *r)
{
    static const char greeting[] = "{\"message\":\"Hello, world!\"}";

    if (!strcmp(r->handler, "bench-floor")) {
        ap_set_content_type(r, "text/plain");
        ap_rputs("protected data\n", r);
        return OK;
    }
    if (!strcmp(r->handler, "bench-hello")) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
        apr_table_setn(r->err_headers_out, "Pragma", "no-cache");
        apr_table_setn(r->err_headers_out, "X-Content-Type-Options", "nosniff");
        apr_table_setn(r->err_headers_out, "Referrer-Policy", "no-referrer");
        ap_set_content_type(r, "application/json;charset=UTF-8");
        ap_set_content_length(r, sizeof(greeting) - 1);
        ap_rputs(greeting, r);
        return OK;
    }
    return DECLINED;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(answer, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bench_floor) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks, 0 };
