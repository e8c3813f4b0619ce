/*
 * What scopes the Require lines of a section ask for, for who was refused there (RFC 6750 section 3, scope).
 */
#ifndef GPT_OAUTH_WEB_NEED_H
#define GPT_OAUTH_WEB_NEED_H

#include <httpd.h>
#include <http_config.h>

/* One of the alternatives in a section or a <RequireAny>. */
typedef struct branch_t {
    const ap_directive_t *any;
    const ap_directive_t *line; /* in it */
} branch_t;

/* A Require oauth-scope. */
typedef struct scope_line_t {
    const char *scopes;           /* normalised; all of them are needed */
    apr_array_header_t *branches; /* branch_t, from within outwards: the alternatives that this line is part of */
} scope_line_t;

/* For each line that is asked about r; all are, as long as there is no user. */
void need_note(request_rec *r, const scope_line_t *line);

/*
 * What a client should ask for, normalised: of alternatives the first that asks for scopes, and in it everything. NULL: no line
 * was noted.
 */
const char *need_of(request_rec *r);

#endif
