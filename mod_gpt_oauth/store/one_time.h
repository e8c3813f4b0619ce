/*
 * One-time passwords: set by an administrator or the help desk, they sign in to nothing but the choice of another one. Part of
 * the store's interface, as store.h.
 */
#ifndef GPT_OAUTH_STORE_ONE_TIME_H
#define GPT_OAUTH_STORE_ONE_TIME_H

#include "store/store.h"

typedef struct one_time_t {
    const char *password_hash;
    apr_int64_t until;
    const char *by; /* set now, by whom */
} one_time_t;

/* As store_user_add and store_user_set_password, which ends all sessions and grants. */
store_status_t store_user_add_one_time(store_t *store, const char *name, const one_time_t *password);
store_status_t store_user_set_one_time(store_t *store, const char *name, const one_time_t *password);
/*
 * The user chooses another one, where one_time_hash is still his, in time, and he is not disabled. Sessions that he may have end.
 * STORE_REFUSED: nothing changed.
 */
store_status_t store_user_choose_password(store_t *store, const char *name, const char *one_time_hash, const char *password_hash);

#endif
