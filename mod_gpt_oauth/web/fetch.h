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

/* Those of a document_fetcher_t; its baton is the request_rec. */
fetch_status_t fetch_document(void *r, const char *url, fetched_t *fetched);
void fetch_blame(void *r, const char *url, const char *problem);

#endif
