/*
 * Who is signed in at a page that shows a person what is his: the page of apps, and the console.
 */
#ifndef GPT_OAUTH_WEB_OWNER_H
#define GPT_OAUTH_WEB_OWNER_H

#include "store/sessions.h"
#include "web/endpoint/visit.h"

typedef struct owner_t {
    const char *username;          /* NULL: nobody is signed in */
    const user_session_t *session; /* NULL: httpd signs users in, who has no sessions, password or sign-out here */
    int has_own_provider;          /* the sign-in page asks for passwords of the module's own users, among others */
} owner_t;

/*
 * 1 where httpd signs users in for the authorization endpoint and not here: its alice may be another one than the module's
 * own, and our sign-in page would show one the apps of the other.
 */
int owner_is_astray(request_rec *r);

/*
 * Who he is, at the page of that name. DECLINED; or the answer, where httpd signs users in for the authorization endpoint and not
 * here, or where the database could not be asked.
 */
int owner_begin(visit_t *visit, const char *page, owner_t *owner);

#endif
