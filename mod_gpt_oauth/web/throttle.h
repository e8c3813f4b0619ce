/*
 * Counts wrong secrets, codes and passwords per who and address, in shared memory of all children. A counter may be shared by
 * two parties whose hashes collide; that is harmless, since a right 256-bit secret is never refused and only passwords wait.
 */
#ifndef GPT_OAUTH_WEB_THROTTLE_H
#define GPT_OAUTH_WEB_THROTTLE_H

#include <httpd.h>

typedef enum {
    THROTTLE_CLIENT,   /* wrong client secrets, by client id */
    THROTTLE_GRANT,    /* wrong codes and refresh tokens, by client id */
    THROTTLE_PASSWORD, /* wrong passwords, by user name */
    THROTTLE_ADDRESS   /* wrong passwords of one address, whoever it tries to be */
} throttle_t;

/* post_config, in the parent. */
apr_status_t throttle_create(apr_pool_t *pconf);

/* Notes one failure; 0, or the seconds to wait when that was too many. */
int throttle_count(const request_rec *r, throttle_t kind, const char *who);

/* As throttle_count, without noting one. */
int throttle_wait(const request_rec *r, throttle_t kind, const char *who);

#endif
