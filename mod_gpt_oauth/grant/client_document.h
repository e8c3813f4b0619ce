/*
 * Client ID metadata documents (draft-ietf-oauth-client-id-metadata-document): a client whose id is the https URL of a JSON
 * document in which it describes itself. Those of well-known apps are built in (conf/clients/); others may be fetched, once the
 * user has signed in. The row that such a client has in the store keeps what was fetched.
 */
#ifndef GPT_OAUTH_GRANT_CLIENT_DOCUMENT_H
#define GPT_OAUTH_GRANT_CLIENT_DOCUMENT_H

#include "base/failure.h"
#include "grant/policy.h"
#include "store/store.h"

#define CLIENT_DOCUMENT_MAX (16 * 1024) /* bytes */

typedef struct fetched_t {
    const char *text;
    apr_size_t size;
    apr_int64_t lifetime; /* seconds that the text may be kept */
    int is_silent;        /* there is none since its server does not answer, or says that it is out of order (5xx) */
    int is_withdrawn;     /* its server has answered, and there is none, or none that can be used */
} fetched_t;

/*
 * How documents are fetched; NULL in its place: not at all, or not yet. enter waits for others that fetch from the same host, or
 * for the same caller, and is 0 when that takes too long; after it has returned 1, leave must be called.
 */
typedef struct client_document_fetcher_t {
    int (*enter)(void *baton, const char *url);
    const char *(*fetch)(void *baton, const char *url, fetched_t *fetched); /* NULL, or what went wrong, for the log */
    void (*blame)(void *baton, const char *url, const char *problem);       /* what was fetched is no good */
    void (*leave)(void *baton, const char *url);
    void *baton;
} client_document_fetcher_t;

/* 1 when a client id can only be meant as the URL of a document: no id of another client has a colon. */
int client_document_is_url(const char *client_id);

/* NULL when url may be that of a document, else a sentence. */
const char *client_document_url_problem(apr_pool_t *p, const char *url);

/* The part of a document's URL by which a user knows whose it is: host, and port where there is one. */
const char *client_document_host(apr_pool_t *p, const char *url);

/* Judges the document found at url. NULL and *client, or what is wrong with it. */
const failure_t *client_document_read(apr_pool_t *p, const char *url, const char *text, apr_size_t size, client_t **client);

/*
 * Finds the client of a document's URL. NULL and *client, disabled or not; its fresh_until is 0 where the document is a
 * built-in one, and redirect_uris NULL where nothing is known yet since fetcher is NULL. Else the failure, for a page of ours.
 */
const failure_t *client_document_find(store_t *store, const policy_t *policy, const char *url,
                                      const client_document_fetcher_t *fetcher, client_t **client);

#endif
