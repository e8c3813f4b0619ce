/*
 * What was typed. Options may stand anywhere on the line, as --name value or --name=value; "--" ends them.
 */
#ifndef GPT_OAUTH_CLI_ARGS_H
#define GPT_OAUTH_CLI_ARGS_H

#include <apr_pools.h>
#include <apr_tables.h>

/* Bits of args_t.given. A command names those that it takes; ARG_ANYWHERE go with every command. */
enum {
    ARG_DB_CONF = 1 << 0,
    ARG_JSON = 1 << 1,
    ARG_HELP = 1 << 2,
    ARG_VERSION = 1 << 3,
    ARG_GRANT_TO = 1 << 4,
    ARG_PUBLIC = 1 << 5,
    ARG_GPT = 1 << 6,
    ARG_REDIRECT = 1 << 7,
    ARG_SCOPE = 1 << 8,
    ARG_USER = 1 << 9,
    ARG_CLIENT = 1 << 10,
    ARG_REPIN = 1 << 11,
    ARG_NEW_SECRET = 1 << 12,
    ARG_ISSUER = 1 << 13,
    ARG_SERVICE = 1 << 14,
    ARG_RESOURCE_SERVER = 1 << 15,
    ARG_RESOURCE = 1 << 16,
    ARG_EXPIRES = 1 << 17,
    ARG_INTROSPECT = 1 << 18,
    ARG_REGISTER = 1 << 19,
    ARG_SECRET_FILE = 1 << 20,
    ARG_URL = 1 << 21,
    ARG_BROWSER = 1 << 22,
    ARG_NET = 1 << 23, /* --connect-to or --cacert, of commands that ask the server */
    ARG_DRY_RUN = 1 << 24,
    ARG_CHILDREN = 1 << 25,
    ARG_ADDRESS = 1 << 26,
    ARG_ALL = 1 << 27,
    ARG_LIMIT = 1 << 28,
    ARG_LINKS = 1 << 29, /* --website, --privacy or --terms */
    ARG_ONE_TIME = 1 << 30,
    ARG_ANYWHERE = ARG_DB_CONF | ARG_ISSUER | ARG_JSON | ARG_HELP | ARG_VERSION
};

typedef struct args_t {
    unsigned given;
    const char *secret_file, *url, *connect_to, *cacert, *children, *limit;
    const char *db_conf, *issuer, *grant_to, *scope, *resource, *user, *client, *expires, *address; /* NULL unless given */
    const char *website, *privacy, *terms;
    apr_array_header_t *redirects; /* const char * */
    apr_array_header_t *operands;  /* const char *: all that is no option, command words first */
} args_t;

/* NULL, or a sentence about what cannot be understood. */
const char *args_parse(apr_pool_t *p, int argc, const char *const *argv, args_t *args);

/* The name ("--scope") of the first option given that is not among allowed, or NULL. */
const char *args_stranger(const args_t *args, unsigned allowed);

#endif
