/*
 * The pages where a user looks after himself: apps, consents, sessions, password.
 */
#ifndef GPT_OAUTH_WEB_APPS_PAGE_H
#define GPT_OAUTH_WEB_APPS_PAGE_H

#include "base/params.h"
#include "web/endpoint/owner.h"

/* The page of that query, which says after what each list goes on. Or the refusal, when the database does not answer. */
int apps_page_show(visit_t *visit, const owner_t *owner, const params_t *query);

/* The form for another password; problem (NULL: none) is in the page's language. */
int apps_page_password(visit_t *visit, const owner_t *owner, int status, const char *problem);

#endif
