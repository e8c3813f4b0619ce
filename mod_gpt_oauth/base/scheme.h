/*
 * Schemes of redirect URIs that belong to an app on the user's device (RFC 8252 section 7.1), and those that do not.
 */
#ifndef GPT_OAUTH_BASE_SCHEME_H
#define GPT_OAUTH_BASE_SCHEME_H

/*
 * 1 when a browser or the system acts on URIs of this scheme (in any case) by itself, so that a redirect there would run a
 * script, open a file or write a mail in place of calling an app. The list cannot be complete; what is not on it is some app's
 * own.
 */
int scheme_is_taken(const char *scheme);

#endif
