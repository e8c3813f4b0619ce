/*
 * Pages for people, at an origin that is shared with applications: to a browser their pages are the same site as ours, so that
 * neither SameSite nor X-Frame-Options nor CORS keeps a hostile one of them from reading a page of ours and pressing its buttons.
 */
#ifndef GPT_OAUTH_WEB_SAME_ORIGIN_H
#define GPT_OAUTH_WEB_SAME_ORIGIN_H

#include <httpd.h>

/*
 * DECLINED when a person looks at what r asks for, as far as the browser says (Fetch Metadata: Sec-Fetch-Dest), and, where
 * is_form, when what r posts is a form of a page of this origin (Sec-Fetch-Site, else Origin). Otherwise r has been refused, and
 * this is what the handler returns. A client that sends none of these headers is no browser of today, and is let pass.
 */
int same_origin_check(request_rec *r, int is_form);

#endif
