/*
 * The module record, shared by everything under web/. AP_DECLARE_MODULE stands in mod_gpt_oauth.c, which must not include
 * this.
 */
#ifndef GPT_OAUTH_PRIVATE_H
#define GPT_OAUTH_PRIVATE_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

/* The build hides all symbols; this is the one that LoadModule looks for. */
extern module AP_MODULE_DECLARE_DATA gpt_oauth_module __attribute__((visibility("default")));
APLOG_USE_MODULE(gpt_oauth);

#endif
