/*
 * Dynamic client registration (RFC 7591). A public client with equal metadata is the same client, and nobody can change it: a
 * hosted app that registers for each of its users takes one row. A confidential one is always a new client, with a secret of
 * its own.
 */
#ifndef GPT_OAUTH_GRANT_REGISTRATION_H
#define GPT_OAUTH_GRANT_REGISTRATION_H

#include "base/failure.h"
#include "base/json.h"
#include "grant/policy.h"
#include "store/store.h"

typedef struct registration_t {
    client_t *client;
    digest_t metadata_hash;
    const char *auth_method;           /* as asked for, or the default */
    apr_array_header_t *redirect_uris; /* as asked for: of an equal client the loopback ports may be others */
    const char *scope;                 /* what was asked for and is known here, NULL when nothing is */
    const char *secret;                /* NULL: a public client */
} registration_t;

/* Judges the metadata (NULL: what came is no JSON object). NULL and *registration, its client not yet in the store. */
const failure_t *registration_read(apr_pool_t *p, const policy_t *policy, const json_t *metadata, registration_t *registration);

/* Is this a public client that is there already? Then it is registration->client, and *found. Never for confidential ones. */
const failure_t *registration_find(store_t *store, registration_t *registration, int *found);

/* Adds the client, with an id and, where it is confidential, a secret. */
const failure_t *registration_add(store_t *store, registration_t *registration);

#endif
