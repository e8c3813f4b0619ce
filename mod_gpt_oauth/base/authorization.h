/*
 * The request header Authorization, whatever is then made of it: Bearer (RFC 6750 section 2.1) and Basic (RFC 7617).
 */
#ifndef GPT_OAUTH_BASE_AUTHORIZATION_H
#define GPT_OAUTH_BASE_AUTHORIZATION_H

#include <apr_pools.h>

typedef struct authorization_t {
    enum {
        AUTHORIZATION_NONE, /* no header */
        AUTHORIZATION_BEARER,
        AUTHORIZATION_BASIC,
        AUTHORIZATION_OTHER
    } scheme;
    const char *text;   /* Bearer and Basic: as it was sent, without blanks ahead; NULL: the scheme stands alone */
    const char *id;     /* Basic: the decoded text up to its first colon, or all of it; NULL: no base64, or a NUL in it */
    const char *secret; /* Basic: what stands behind that colon; NULL: there is none */
} authorization_t;

/*
 * Takes header, which may be NULL, apart: schemes in any case, of which a blank or the end is the end. The texts are not judged,
 * and may be empty. They are header's own or in p.
 */
authorization_t authorization_parse(apr_pool_t *p, const char *header);

#endif
