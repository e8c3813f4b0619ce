/*
 * Paths below /.well-known/ (RFC 8615) that the module answers and the command asks for.
 */
#ifndef GPT_OAUTH_BASE_WELL_KNOWN_H
#define GPT_OAUTH_BASE_WELL_KNOWN_H

#define WELL_KNOWN_METADATA "/.well-known/oauth-authorization-server" /* RFC 8414 section 3, before the issuer's path */
#define WELL_KNOWN_RESOURCE "/.well-known/oauth-protected-resource"   /* RFC 9728 section 3, before the resource's path */
#define WELL_KNOWN_OPENID   "/.well-known/openid-configuration"       /* a file of the administrator's, or nothing */
#define WELL_KNOWN_MANIFEST "/.well-known/ai-plugin.json"             /* base/manifest.h */

#endif
