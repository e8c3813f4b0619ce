/*
 * Takes the header Authorization apart for everybody who looks at it: the guard (web/guard/credentials.c), and the endpoints for
 * tokens, introspection and registration. How strict to be with what is found is left to each of them.
 */
#include "base/authorization.h"

#include <apr_encode.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* What stands behind the scheme in *text, NULL when nothing does; 0: it is another scheme. */
static int has_scheme(const char *header, const char *scheme, const char **text)
{
    apr_size_t size = strlen(scheme);

    if (strncasecmp(header, scheme, size) != 0 || (header[size] && header[size] != ' ')) {
        return 0;
    }
    *text = header[size] ? header + size + strspn(header + size, " ") : NULL;
    return 1;
}

/* What base64 stands for, with a NUL behind; NULL when it is none, or stands for a NUL. */
static char *decode_base64(apr_pool_t *p, const char *text)
{
    char *out = apr_palloc(p, strlen(text) + 1);
    apr_size_t size;

    if (apr_decode_base64(out, text, APR_ENCODE_STRING, APR_ENCODE_NONE, &size) != APR_SUCCESS || memchr(out, '\0', size)) {
        return NULL;
    }
    out[size] = '\0';
    return out;
}

static void parse_basic(apr_pool_t *p, authorization_t *authorization)
{
    char *text = decode_base64(p, authorization->text ? authorization->text : "");
    char *colon = text ? strchr(text, ':') : NULL;

    if (colon) {
        *colon = '\0';
        authorization->secret = colon + 1;
    }
    authorization->id = text;
}

authorization_t authorization_parse(apr_pool_t *p, const char *header)
{
    authorization_t authorization = { .scheme = AUTHORIZATION_NONE };

    if (!header) {
        return authorization;
    }
    if (has_scheme(header, "Bearer", &authorization.text)) {
        authorization.scheme = AUTHORIZATION_BEARER;
    } else if (has_scheme(header, "Basic", &authorization.text)) {
        authorization.scheme = AUTHORIZATION_BASIC;
        parse_basic(p, &authorization);
    } else {
        authorization.scheme = AUTHORIZATION_OTHER;
    }
    return authorization;
}
