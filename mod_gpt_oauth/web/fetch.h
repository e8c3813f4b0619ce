/*
 * Fetches client metadata documents by libcurl. Who asks for one has chosen the address, so: https from public addresses only,
 * looked at when the connection is made; no redirects, no proxy, 5 seconds, 16 KB. Of one host one document at a time, and none
 * for a minute after one failed, by all children together.
 */
#ifndef GPT_OAUTH_WEB_FETCH_H
#define GPT_OAUTH_WEB_FETCH_H

#include <httpd.h>

#include "grant/document.h"

/* 0 when this module was built without libcurl. */
int fetch_is_possible(void);

/* post_config, in the parent; and child_init, before the threads begin. */
apr_status_t fetch_create(apr_pool_t *pconf);
void fetch_child_init(void);

/* For one request. */
typedef struct fetch_t {
    request_rec *r;
    apr_uint64_t ticket; /* by which it has its turn */
} fetch_t;

/* The fetcher of a request; fetch is filled and must live as long. */
document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch);

#endif
