/*
 * How a password is kept, for the operations on users; internal to store/. ONE_TIME stands before a one-time one, so that nothing
 * that compares it with what is kept takes it for the user's own.
 */
#ifndef GPT_OAUTH_STORE_USER_ROW_H
#define GPT_OAUTH_STORE_USER_ROW_H

#include "store/db.h"

#define ONE_TIME "one-time "

typedef struct password_t {
    const char *stored; /* as it is kept */
    apr_int64_t until;  /* 0: the user's own */
    const char *by;
} password_t;

/* The hash itself of what is kept (NULL: none), and whether it is of a one-time password. */
static inline const char *password_kept(const char *stored, int *is_one_time)
{
    *is_one_time = stored && strncmp(stored, ONE_TIME, strlen(ONE_TIME)) == 0;
    return *is_one_time ? stored + strlen(ONE_TIME) : stored;
}

/* See store_user_add and store_user_set_password. */
store_status_t store_user_insert(store_t *store, const char *name, const password_t *password);
store_status_t store_user_reset(store_t *store, const char *name, const password_t *password);

#endif
