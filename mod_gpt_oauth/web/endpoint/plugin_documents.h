/*
 * The documents about the API that stands behind the guard: the plugin manifest and the admin's OpenAPI document. Both are made
 * when the server starts, in texts that live as long as the configuration.
 */
#ifndef GPT_OAUTH_WEB_PLUGIN_DOCUMENTS_H
#define GPT_OAUTH_WEB_PLUGIN_DOCUMENTS_H

#include <httpd.h>

#include "web/config/config.h"

/*
 * Run after config_finish of a server with an issuer. NULL, or a sentence about what is wrong; what a client of the document
 * will merely not like is logged.
 */
const char *manifest_finish(apr_pool_t *p, const server_rec *s, server_conf_t *conf);
const char *openapi_finish(apr_pool_t *p, const server_rec *s, server_conf_t *conf);

#endif
