/*
 * Client metadata (RFC 7591 section 2), by which an app describes itself. It is anybody's word: strictly typed, bounded, and cut
 * down to what this server uses. Members that it does not know, language tags among them, are passed over; null is absence.
 */
#ifndef GPT_OAUTH_GRANT_CLIENT_METADATA_H
#define GPT_OAUTH_GRANT_CLIENT_METADATA_H

#include "base/failure.h"
#include "base/json.h"
#include "store/store.h"

/* Together with an id (URI_MAX at most) no client that brings itself along takes 8 KB of a row. */
#define CLIENT_METADATA_NAME_MAX       255 /* bytes */
#define CLIENT_METADATA_LINK_MAX       512 /* bytes */
#define CLIENT_METADATA_REDIRECTS_MAX  16
#define CLIENT_METADATA_REDIRECTS_SIZE 4096 /* bytes of all together */

/* What RFC 7591 calls the links of a client. */
extern const char *const client_link_names[CLIENT_LINKS];

/*
 * Fills name, redirect_uris, grant_types and links of client, in p. Redirect URIs must be https, http on a loopback host, or of a
 * private-use scheme. Grant and response types that this server lacks are dropped, as clients list all they could ever use. The
 * URIs of logo and keys are looked at, but neither kept nor fetched; links on the own computer, or longer than
 * CLIENT_METADATA_LINK_MAX, are not kept either. NULL, or what is wrong.
 */
const failure_t *client_metadata_read(apr_pool_t *p, const json_t *metadata, client_t *client);

/* *text is the string, or NULL when it is absent or empty. */
const failure_t *client_metadata_text(apr_pool_t *p, const json_t *metadata, const char *name, const char **text);

/* *list is an array of strings, or NULL when it is absent. */
const failure_t *client_metadata_list(apr_pool_t *p, const json_t *metadata, const char *name, const json_t **list);

/* 1 when a list (or NULL) of strings holds text. */
int client_metadata_list_has(const json_t *list, const char *text);

#endif
