/*
 * The pages where a user looks after himself: apps, consents, sessions, password.
 */
#ifndef GPT_OAUTH_WEB_APPS_PAGE_H
#define GPT_OAUTH_WEB_APPS_PAGE_H

#include "base/params.h"
#include "store/sessions.h"
#include "web/endpoint/visit.h"

/* Who looks at it. */
typedef struct owner_t {
    const char *username;
    const user_session_t *session; /* NULL: httpd signs users in, who has no sessions, password or sign-out here */
    int has_own_provider;          /* the sign-in page asks for passwords of the module's own users, among others */
} owner_t;

/* The page of that query, which says after what each list goes on. Or the refusal, when the database does not answer. */
int apps_page_show(visit_t *visit, const owner_t *owner, const params_t *query);

/* The form for another password; problem (NULL: none) is in the page's language. */
int apps_page_password(visit_t *visit, const owner_t *owner, int status, const char *problem);

#endif
