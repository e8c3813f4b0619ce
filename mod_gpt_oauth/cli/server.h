/*
 * Where the server is: what --issuer says, or the file that httpd includes too.
 */
#ifndef GPT_OAUTH_CLI_SERVER_H
#define GPT_OAUTH_CLI_SERVER_H

#include "cli/args.h"
#include "cli/client/http.h"
#include "cli/db_conf.h"

typedef struct server_t {
    const char *file;   /* in which GPTOAuthIssuer may stand */
    const char *issuer; /* NULL: nobody said, and so are all that follow */
    const char *origin; /* scheme://host[:port] */
    const char *authorize, *token, *revoke;
    const char *metadata; /* RFC 8414: the issuer's path stands behind */
    const char *schema;   /* served where GPTOAuthOpenAPI is set */
    const char *url;      /* --url, of this server where it is a path; NULL without, whoever said where the server is */
} server_t;

/* NULL, or a sentence about --issuer or --url: then nothing of server is known. */
const char *server_find(apr_pool_t *p, const args_t *args, const db_conf_t *conf, server_t *server);

/* Makes ready to ask the server, in whose logs the caller is name. NULL and *http, or a sentence. */
const char *server_open(apr_pool_t *p, const server_t *server, const args_t *args, const char *name, http_t **http);

#endif
