/*
 * Fetches client metadata documents by libcurl. Their addresses are chosen by whoever asks for one, hence: only https and only
 * public addresses, checked when the connection is made; no redirects, no proxy, 5 seconds, 16 KB, 64 KB of headers; and only in
 * turn (turns.h).
 */
#ifndef GPT_OAUTH_WEB_FETCH_H
#define GPT_OAUTH_WEB_FETCH_H

#include <httpd.h>

#include "grant/client_document.h"
#include "web/http/turns.h"

/* 0 when this module was built without libcurl. */
int fetch_is_possible(void);

/* Before the threads begin. */
void fetch_child_init(void);

/* For one request. */
typedef struct fetch_t {
    request_rec *r;
    turn_t turn;
} fetch_t;

/* The fetcher of a request; fetch is filled and must live as long. */
client_document_fetcher_t fetch_for(request_rec *r, fetch_t *fetch);

#endif
