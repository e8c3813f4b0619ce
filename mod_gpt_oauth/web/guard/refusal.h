/*
 * What the guard's refusals look like: httpd's own pages for errors are written for people with a browser, and a GPT reads the
 * body and no header.
 */
#ifndef GPT_OAUTH_WEB_REFUSAL_H
#define GPT_OAUTH_WEB_REFUSAL_H

#include <httpd.h>

#include "base/failure.h"

/*
 * For the hook insert_error_filter: JSON in place of httpd's page for the error r->status, or a page of the module's own for a
 * caller whose Accept prefers HTML. An ErrorDocument of the administrator's stays what it is.
 */
void refusal_explain(request_rec *r, const failure_t *failure);

void refusal_register(void);

#endif
