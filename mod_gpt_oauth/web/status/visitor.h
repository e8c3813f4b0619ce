/*
 * Who may look at /oauth/status: whoever sits at this machine, the addresses of GPTOAuthStatus, and administrators.
 */
#ifndef GPT_OAUTH_WEB_VISITOR_H
#define GPT_OAUTH_WEB_VISITOR_H

#include <httpd.h>

/*
 * OK; DECLINED for everybody else, who is to be told that there is nothing; or the answer, as there was one. Asks the database
 * only for who says by a cookie, or by httpd's sign-in, that he is an administrator.
 */
int visitor_check(request_rec *r);

#endif
