/*
 * What an administrator or the help desk does with users. Returns and *problem as in admin/clients.h. Disabling, removing and
 * what ends sessions or grants takes in all spellings of the name (base/fold.h).
 */
#ifndef GPT_OAUTH_ADMIN_USERS_H
#define GPT_OAUTH_ADMIN_USERS_H

#include "store/store.h"

/* Seconds for which a one-time password is good. */
#define ONE_TIME_LIFETIME (24 * 60 * 60)

/* May this name be added: sentences about the name, or that there is such a user. Asked before a password is typed. */
store_status_t admin_user_may_add(store_t *store, const char *name, const char **problem);
/* hash is bcrypt. */
store_status_t admin_user_add(store_t *store, const char *name, const char *hash, const char **problem);
/* Refused where there is no such user. */
store_status_t admin_user_get(store_t *store, const char *name, user_t **user, const char **problem);
/* May the user get another password here: there is such a user, and he has one here. */
store_status_t admin_user_may_passwd(store_t *store, const char *name, const char **problem);
/* Ends all sessions and grants. */
store_status_t admin_user_passwd(store_t *store, const char *name, const char *hash, const char **problem);

/*
 * One-time passwords: 80 random bits, shown once; *password is set only with STORE_OK. They sign in to nothing but the page
 * where the user chooses another one, for ONE_TIME_LIFETIME. by: who set it, as the user reads it. Hashes: not on a thread that
 * must be quick.
 */
store_status_t admin_user_add_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem);
/* Ends all sessions and grants. */
store_status_t admin_user_set_one_time(store_t *store, const char *name, const char *by, const char **password,
                                       const char **problem);

/* 1 where a name, in whatever spelling, is known to be disabled: a password lets nobody in then. */
int admin_user_is_disabled(store_t *store, const char *name);
/* A user of another sign-in may be unknown here and still be disabled. */
store_status_t admin_user_set_disabled(store_t *store, const char *name, int is_disabled, const char **problem);
store_status_t admin_user_remove(store_t *store, const char *name, const char **problem);
/* *count: how many sessions ended, 0 is no refusal. */
store_status_t admin_user_sign_out(store_t *store, const char *name, apr_int64_t *count);

#endif
