/*
 * What the two files say: dbd.conf and the site, which is that of conf/site.conf with the answers in it. And how such a text is
 * read again. Called by the other parts.
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/uri.h"
#include "cli/setup/parts.h"

#define APPLICATION "http://127.0.0.1:3000"

/* With a backslash before each character of these. */
static const char *quote(apr_pool_t *p, const char *value, char mark, const char *special)
{
    char *quoted = apr_palloc(p, 2 * strlen(value) + 3), *end = quoted;

    *end++ = mark;
    for (; *value; value++) {
        if (strchr(special, *value)) {
            *end++ = '\\';
        }
        *end++ = *value;
    }
    *end++ = mark;
    *end = '\0';
    return quoted;
}

/* Never with ${, which httpd would take for a variable before it looks at quotes. */
const char *quote_libpq(apr_pool_t *p, const char *value)
{
    return quote(p, value, '\'', "'\\{");
}

const char *quote_httpd(apr_pool_t *p, const char *value)
{
    return quote(p, value, '"', "\"\\");
}

const char *guarded_path(const setup_t *s)
{
    return s->is_mcp ? "/mcp" : "/api";
}

const char *text_of_dbd_conf(const setup_t *s)
{
    return apr_psprintf(s->pool,
                        SETUP_MARK ". httpd includes this file, and gptoauth reads it.\n"
                                   "DBDriver  %s\n"
                                   "DBDParams %s\n"
                                   "DBDMin    0\n"
                                   "GPTOAuthIssuer %s\n",
                        s->driver, quote_httpd(s->pool, s->params), s->issuer);
}

/* Without an application the module's own example answers, so that a token can be tried at once. */
static const char *text_of_guard(const setup_t *s)
{
    const char *path = guarded_path(s);
    const char *proxy =
        apr_pstrcat(s->pool, "ProxyPass ", path, " " APPLICATION, path, s->is_mcp ? " flushpackets=on" : "", NULL);

    return apr_psprintf(
        s->pool,
        "    GPTOAuthScope %s %s default\n%s\n"
        "    <Location %s>\n"
        "        AuthType GPTOAuth\n"
        "        Require oauth-scope %s\n%s"
        "    </Location>\n"
        "%s    %s%s\n",
        s->scope, quote_httpd(s->pool, s->words), s->is_mcp ? "    GPTOAuthRegistration open\n" : "", path, s->scope,
        s->has_application ? "" : "        SetHandler gpt-oauth-hello\n",
        s->has_application
            ? ""
            : "    # Where your application is. Once it listens, uncomment this line and remove the one with SetHandler:\n",
        s->has_application ? "" : "#", proxy);
}

/* httpd's own words for where it listens: what comes before the virtual host, its address, and its certificate. */
static const char *text_of_head(const setup_t *s)
{
    const char *host = s->uri.host, *origin = uri_origin(s->pool, &s->uri);
    const char *port = s->uri.port ? s->uri.port : "443";

    if (strcmp(s->uri.scheme, "http") == 0) {
        const char *address = strcmp(host, "[::1]") == 0 ? host : "127.0.0.1";

        return apr_psprintf(s->pool, "Listen %s:%s\n\n<VirtualHost %s:%s>\n    ServerName %s\n", address, port, address, port,
                            origin);
    }
    return apr_psprintf(s->pool,
                        "%s<VirtualHost *:%s>\n"
                        "    ServerName %s\n\n"
                        "    SSLEngine on\n"
                        "    SSLCertificateFile    /etc/letsencrypt/live/%s/fullchain.pem\n"
                        "    SSLCertificateKeyFile /etc/letsencrypt/live/%s/privkey.pem\n",
                        s->uri.port ? apr_psprintf(s->pool, "Listen %s\n\n", port)
                                    : apr_psprintf(s->pool,
                                                   "<VirtualHost *:80>\n    ServerName %s\n    Redirect permanent / %s/\n"
                                                   "</VirtualHost>\n\n",
                                                   host, origin),
                        port, origin, host, host);
}

const char *text_of_site(const setup_t *s)
{
    return apr_pstrcat(s->pool, SETUP_MARK ". It is yours to change: setup leaves it as it is.\n\n",
                       s->layout->has_a2 ? ""
                                         : "<IfModule !gpt_oauth_module>\n"
                                           "    LoadModule gpt_oauth_module modules/mod_gpt_oauth.so\n"
                                           "</IfModule>\n\n",
                       text_of_head(s), "\n    Include " DB_CONF_DEFAULT "\n\n", text_of_guard(s), "</VirtualHost>\n", NULL);
}

char **words_of_next(apr_pool_t *p, const char **text, const char *directive)
{
    apr_size_t size = strlen(directive);

    while (**text) {
        const char *line = *text;
        apr_size_t length = strcspn(line, "\n"), blanks = strspn(line, " \t");

        *text += length + (line[length] == '\n');
        if (apr_cstr_casecmpn(line + blanks, directive, size) == 0 && strchr(" \t", line[blanks + size])) {
            char **words;

            line = apr_pstrmemdup(p, line + blanks + size, length - blanks - size);
            return apr_tokenize_to_argv(line, &words, p) == APR_SUCCESS ? words : NULL;
        }
    }
    return NULL;
}

char **words_of_directive(apr_pool_t *p, const char *text, const char *directive, int *number)
{
    const char *at = text;
    char **words = words_of_next(p, &at, directive);

    if (words && number) {
        *number = at[-1] != '\n';
        for (; text < at; text++) {
            *number += *text == '\n';
        }
    }
    return words;
}

int site_is_mcp(const setup_t *s)
{
    return words_of_directive(s->pool, s->kept_site, "GPTOAuthRegistration", NULL) != NULL;
}
