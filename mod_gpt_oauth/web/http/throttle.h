/*
 * Counts wrong secrets, codes and passwords, and new clients, per who and address, in shared memory of all children
 * (base/counts.h). An address of IPv6 is its /64, and is counted once more as its /48, with four times the limit.
 *
 * A throttle of sign-ins that begins to refuse is written to the database, where the administrator sees it and may lift it
 * (`gptoauth throttle`). A database that does not answer lifts none.
 */
#ifndef GPT_OAUTH_WEB_THROTTLE_H
#define GPT_OAUTH_WEB_THROTTLE_H

#include <httpd.h>

typedef enum {
    THROTTLE_CLIENT,       /* wrong client secrets, by client id and address */
    THROTTLE_GRANT,        /* wrong codes and refresh tokens, by client id and address */
    THROTTLE_PASSWORD,     /* wrong passwords, by user name and address */
    THROTTLE_ADDRESS,      /* wrong passwords of one address, whoever it tries to be */
    THROTTLE_KEY,          /* wrong service keys, by address */
    THROTTLE_USER,         /* wrong passwords of one user, from wherever */
    THROTTLE_BROWSER,      /* wrong passwords of one user in a browser that is known for him: in place of those from wherever */
    THROTTLE_REGISTRATION, /* new clients of one address that register themselves */
    THROTTLE_DOCUMENT,     /* metadata documents fetched for one address */
    THROTTLE_KNOWN,        /* no throttle: names that are somebody's (throttle_know) */
    THROTTLE_KINDS
} throttle_t;

/* post_config, in the parent. */
apr_status_t throttle_create(apr_pool_t *pconf);

/*
 * Notes one failure (a password: before it is looked at, so that a hundred at once are a hundred); 0, or the seconds to wait.
 * User names come folded. No lease is held.
 */
int throttle_count(request_rec *r, throttle_t kind, const char *who);

/*
 * A sign-in has shown that this name, folded, is somebody's: lines about its throttles may name it while this window lasts.
 * Others may be passwords that were typed into the wrong field, and stand nowhere.
 */
void throttle_know(const request_rec *r, const char *name);
int throttle_is_known(const request_rec *r, const char *name);

/* Takes one back: it was none. */
void throttle_forgive(const request_rec *r, throttle_t kind, const char *who);

#endif
