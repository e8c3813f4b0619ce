/*
 * Setters of what opens a section: GPTOAuthCredentials, and GPTOAuthServiceKey with a key from elsewhere than the database, which
 * is read and hashed here.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_core.h>

#include "base/array.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/token.h"
#include "grant/key.h"
#include "private.h"
#include "web/setup/directives.h"
#include "web/http/log.h"

#define SECRET_MIN      32
#define SECRET_MAX      512
#define FILE_MAX        65536
#define HEADER_NAME_MAX 64

/* 1 when httpd, a proxy or this module gives a request header of this name a meaning of its own. */
static int is_taken(const char *name)
{
    static const char *const names[] = { "Authorization", "Cookie",  "Host",   "Connection", "Keep-Alive", "TE",
                                         "Trailer",       "Upgrade", "Expect", "Range",      "Origin",     "Referer",
                                         "User-Agent",    "Via",     "Date",   "Forwarded" };
    static const char *const beginnings[] = { "Accept", "Access-Control-", "Content-",     "If-",     "Proxy-",
                                              "Sec-",   "Transfer-",       "X-Forwarded-", "X-OAuth-" };

    for (int i = 0; i < COUNT(names); i++) {
        if (strcasecmp(name, names[i]) == 0) {
            return 1;
        }
    }
    for (int i = 0; i < COUNT(beginnings); i++) {
        if (strncasecmp(name, beginnings[i], strlen(beginnings[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *header_problem(apr_pool_t *p, const char *name)
{
    apr_size_t size = strlen(name);

    if (strcasecmp(name, "Authorization") == 0) {
        return "GPTOAuthCredentials header:Authorization: write service instead, which accepts a key as Bearer or Basic";
    }
    if (is_taken(name)) {
        return apr_psprintf(
            p, "GPTOAuthCredentials header:%s: this header has a meaning of its own; choose another such as X-API-Key", name);
    }
    /* Where '-' and '_' mean the same (CGI) an underscore would make two headers of one. */
    if (!apr_isalpha(name[0]) || size > HEADER_NAME_MAX ||
        name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")]) {
        return apr_psprintf(p,
                            "GPTOAuthCredentials header:%s: write the name of a header, letters, digits and hyphens, such as "
                            "header:X-API-Key",
                            name);
    }
    return NULL;
}

const char *set_credentials(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    dir_conf_t *conf = dir;
    ways_in_t *ways = apr_pcalloc(cmd->pool, sizeof(*ways));

    if (argc == 0) {
        return "GPTOAuthCredentials needs at least one of oauth, service and header:NAME";
    }
    for (int i = 0; i < argc; i++) {
        if (strcasecmp(argv[i], "oauth") == 0) {
            ways->oauth = 1;
        } else if (strcasecmp(argv[i], "service") == 0) {
            ways->service = 1;
        } else if (strncasecmp(argv[i], "header:", 7) == 0) {
            const char *problem = header_problem(cmd->pool, argv[i] + 7);

            if (problem) {
                return problem;
            }
            if (!ways->headers) {
                ways->headers = apr_array_make(cmd->pool, 1, sizeof(const char *));
            }
            APR_ARRAY_PUSH(ways->headers, const char *) = argv[i] + 7;
        } else {
            return apr_psprintf(cmd->pool, "GPTOAuthCredentials %s: write oauth, service, header:NAME, or several of them",
                                argv[i]);
        }
    }
    conf->ways_in = ways;
    section_note(cmd, config_server(cmd->server)->services, conf);
    return NULL;
}

/* *secret without the line's end; or a sentence. */
static const char *read_secret_file(cmd_parms *cmd, const char *path, const char **secret)
{
    const char *problem;
    apr_size_t size;
    file_t file;

    path = ap_server_root_relative(cmd->temp_pool, path);
    if (!path) {
        return "this is not a path";
    }
    problem = file_read(cmd->temp_pool, path, FILE_MAX, &file);
    if (problem) {
        return apr_psprintf(cmd->pool, "the file cannot be read: %s; httpd reads it at startup, as root", problem);
    }
    if (file.mode & S_IWOTH) {
        return apr_psprintf(cmd->pool, "everybody may write to this file, and so open the section; chmod 600 %s", path);
    }
    if (file.mode & S_IROTH) {
        log_config(cmd->server, LOG_KEY_FILE_OPEN,
                   "GPTOAuthServiceKey file:%s: everybody on this machine may read the key; chmod 600 %s", path, path);
    }
    for (size = file.size; size > 0 && (file.text[size - 1] == '\n' || file.text[size - 1] == '\r');) {
        size--;
    }
    *secret = apr_pstrmemdup(cmd->temp_pool, file.text, size);
    return strlen(*secret) == size ? NULL : "the file contains a NUL";
}

static const char *secret_problem(apr_pool_t *p, const char *secret)
{
    apr_size_t size = strlen(secret);

    if (size < SECRET_MIN || size > SECRET_MAX) {
        return apr_psprintf(p,
                            "a service key has %d to %d characters, and this one has %s%" APR_SIZE_T_FMT
                            "; `openssl rand -hex 32` makes a good one",
                            SECRET_MIN, SECRET_MAX, size > SECRET_MAX ? "at least " : "", size);
    }
    if (!token_is_b64(secret)) {
        return "a service key consists of letters, digits and - . _ ~ + /, and = at its end; `openssl rand -hex 32` makes one";
    }
    return NULL;
}

const char *set_service_key(cmd_parms *cmd, void *dir, const char *source)
{
    dir_conf_t *conf = dir;
    service_secret_t *secret = apr_pcalloc(cmd->pool, sizeof(*secret));
    const char *text = "", *problem = NULL;

    if (conf->service_key) {
        return "GPTOAuthServiceKey is set here twice, and takes one key; `gptoauth key add` makes as many as you like";
    }
    if (strncmp(source, "env:", 4) == 0 && source[4]) {
        secret->name = KEY_NAME_ENV;
        text = getenv(source + 4);
        if (!text) {
            problem = "this variable is not set where httpd is started; on Debian write export NAME=KEY in /etc/apache2/envvars";
        }
    } else if (strncmp(source, "file:", 5) == 0 && source[5]) {
        secret->name = KEY_NAME_FILE;
        problem = read_secret_file(cmd, source + 5, &text);
    } else {
        /* Not repeated here: it may be the key itself. */
        return "GPTOAuthServiceKey: write env:NAME or file:PATH, where the key is; the key itself does not belong here";
    }
    if (!problem) {
        problem = secret_problem(cmd->pool, text);
    }
    if (!problem && crypto_init() != APR_SUCCESS) {
        problem = "OpenSSL cannot compute SHA-256";
    }
    if (problem) {
        return apr_psprintf(cmd->pool, "GPTOAuthServiceKey %s: %s", source, problem);
    }
    token_hash(text, &secret->hash);
    conf->service_key = secret;
    section_note(cmd, config_server(cmd->server)->services, conf);
    return NULL;
}
