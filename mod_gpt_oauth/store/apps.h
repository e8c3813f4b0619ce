/*
 * What a user sees and ends of what he let in: apps, and his consents to them. Each is one statement, at store->issuer.
 */
#ifndef GPT_OAUTH_STORE_APPS_H
#define GPT_OAUTH_STORE_APPS_H

#include "store/store.h"

/* What a user has to do with one client: all his living grants to it and consents that are remembered. */
typedef struct app_t {
    const char *client_id;
    const char *name;   /* NULL, as source and redirect_uris: the client is being removed */
    const char *source; /* CLIENT_ADMIN and so on */
    int is_gpt;
    const char *redirect_uris; /* one a line */
    const char *scope;         /* all that was given, and need not be asked for again, normalised */
    apr_int64_t since;         /* the first time */
    apr_int64_t used_at;       /* exact to TOUCH_INTERVAL; 0: never, or a consent */
    apr_int64_t until;         /* when the last grant ends by itself; 0: a consent */
    apr_int64_t not_asked;     /* until when something of it is not asked again; 0: it is */
} app_t;

/* The number of entries on a page. The last page has fewer. */
#define APPS_PAGE 50

/*
 * A page of both, arrays of app_t *, by client id: of apps with living grants, and of consents to apps that have none. after and
 * consents_after are the last ones of the pages before, "" for none.
 */
store_status_t store_app_list(store_t *store, const char *username, const char *after, const char *consents_after,
                              apr_array_header_t **apps, apr_array_header_t **consents);

/*
 * Kills all that this user granted to this client, and forgets what he consented to, in one transaction. STORE_REFUSED: there was
 * neither.
 */
store_status_t store_app_end(store_t *store, const char *username, const char *client_id);

#endif
