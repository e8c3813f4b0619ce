/*
 * Takes the command line apart by one table of options. Called by main.c, which knows what goes with which command.
 */
#include "cli/args.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#define NO_VALUE ((size_t)-1)

/* Where the value goes: a const char * member of args_t. --redirect alone may be repeated and collects. */
static const struct option {
    const char *name;
    unsigned bit;
    size_t member;
} options[] = {
    { "--db-conf", ARG_DB_CONF, offsetof(args_t, db_conf) },
    { "--issuer", ARG_ISSUER, offsetof(args_t, issuer) },
    { "--json", ARG_JSON, NO_VALUE },
    { "--help", ARG_HELP, NO_VALUE },
    { "--version", ARG_VERSION, NO_VALUE },
    { "--grant-to", ARG_GRANT_TO, offsetof(args_t, grant_to) },
    { "--public", ARG_PUBLIC, NO_VALUE },
    { "--gpt", ARG_GPT, NO_VALUE },
    { "--service", ARG_SERVICE, NO_VALUE },
    { "--resource-server", ARG_RESOURCE_SERVER, NO_VALUE },
    { "--resource", ARG_RESOURCE, offsetof(args_t, resource) },
    { "--redirect", ARG_REDIRECT, offsetof(args_t, redirects) },
    { "--scope", ARG_SCOPE, offsetof(args_t, scope) },
    { "--website", ARG_LINKS, offsetof(args_t, website) },
    { "--privacy", ARG_LINKS, offsetof(args_t, privacy) },
    { "--terms", ARG_LINKS, offsetof(args_t, terms) },
    { "--user", ARG_USER, offsetof(args_t, user) },
    { "--client", ARG_CLIENT, offsetof(args_t, client) },
    { "--repin", ARG_REPIN, NO_VALUE },
    { "--new-secret", ARG_NEW_SECRET, NO_VALUE },
    { "--expires", ARG_EXPIRES, offsetof(args_t, expires) },
    { "--introspect", ARG_INTROSPECT, NO_VALUE },
    { "--register", ARG_REGISTER, NO_VALUE },
    { "--secret-file", ARG_SECRET_FILE, offsetof(args_t, secret_file) },
    { "--url", ARG_URL, offsetof(args_t, url) },
    { "--browser", ARG_BROWSER, NO_VALUE },
    { "--connect-to", ARG_NET, offsetof(args_t, connect_to) },
    { "--cacert", ARG_NET, offsetof(args_t, cacert) },
    { "--children", ARG_CHILDREN, offsetof(args_t, children) },
    { "--address", ARG_ADDRESS, offsetof(args_t, address) },
    { "--all", ARG_ALL, NO_VALUE },
    { "--one-time", ARG_ONE_TIME, NO_VALUE },
    { "--dry-run", ARG_DRY_RUN, NO_VALUE },
    { "--limit", ARG_LIMIT, offsetof(args_t, limit) },
    { NULL, 0, 0 },
};

static const struct option *find_option(const char *text, size_t size)
{
    for (const struct option *option = options; option->name; option++) {
        if (strlen(option->name) == size && memcmp(option->name, text, size) == 0) {
            return option;
        }
    }
    return NULL;
}

/* Of options that share a bit the values tell. */
static int is_given(const args_t *args, const struct option *option)
{
    return (args->given & option->bit) &&
           (option->member == NO_VALUE || *(const char *const *)(const void *)((const char *)args + option->member));
}

static void set_value(args_t *args, const struct option *option, const char *value)
{
    if (option->bit == ARG_REDIRECT) {
        APR_ARRAY_PUSH(args->redirects, const char *) = value;
    } else {
        *(const char **)(void *)((char *)args + option->member) = value;
    }
}

const char *args_parse(apr_pool_t *p, int argc, const char *const *argv, args_t *args)
{
    int only_operands = 0;

    memset(args, 0, sizeof(*args));
    args->redirects = apr_array_make(p, 2, sizeof(const char *));
    args->operands = apr_array_make(p, 4, sizeof(const char *));
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i], *equals;
        const struct option *option;
        size_t size;

        if (only_operands || text[0] != '-' || !text[1]) {
            APR_ARRAY_PUSH(args->operands, const char *) = text;
            continue;
        }
        if (strcmp(text, "--") == 0) {
            only_operands = 1;
            continue;
        }
        equals = strchr(text, '=');
        size = equals ? (size_t)(equals - text) : strlen(text);
        option = strcmp(text, "-h") == 0 ? find_option("--help", 6) : find_option(text, size);
        if (!option) {
            return apr_psprintf(p, "there is no option %.*s", (int)size, text);
        }
        if (option->member == NO_VALUE) {
            if (equals) {
                return apr_psprintf(p, "%s takes no value", option->name);
            }
        } else {
            const char *value;

            if (is_given(args, option) && option->bit != ARG_REDIRECT) {
                return apr_psprintf(p, "%s was given twice", option->name);
            }
            value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
            if (!value || !*value) {
                return apr_psprintf(p, "%s needs a value", option->name);
            }
            set_value(args, option, value);
        }
        args->given |= option->bit;
    }
    return NULL;
}

const char *args_stranger(const args_t *args, unsigned allowed)
{
    for (const struct option *option = options; option->name; option++) {
        if (is_given(args, option) && !(allowed & option->bit)) {
            return option->name;
        }
    }
    return NULL;
}
