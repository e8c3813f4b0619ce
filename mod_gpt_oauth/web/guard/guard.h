/*
 * AuthType GPTOAuth: tokens and service keys in check_user_id, challenges, and what the handler and the backend get to know.
 * RFC 6750.
 */
#ifndef GPT_OAUTH_WEB_GUARD_H
#define GPT_OAUTH_WEB_GUARD_H

#include <httpd.h>

#include "store/store.h"

/* Of the token or service key that let r in; NULL when none did. */
const access_t *guard_access(request_rec *r);

/*
 * post_read_request: httpd answers TRACE before it knows which section covers the request, and a backend after the guard has
 * spoken; either echoes what was meant for others.
 */
int guard_refuse_trace(request_rec *r);
int guard_check_authn(request_rec *r);
/* Ahead of mod_authz_core: turns its 401 for a good token without the right into 403. */
int guard_check_authz(request_rec *r);
int guard_note_failure(request_rec *r, const char *auth_type);
int guard_fixups(request_rec *r);
/* insert_error_filter: says why in a form that the caller can read. */
void guard_explain(request_rec *r);

#endif
