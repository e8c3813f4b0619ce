/*
 * Which addresses belong to the public internet.
 */
#ifndef GPT_OAUTH_BASE_ADDRESS_H
#define GPT_OAUTH_BASE_ADDRESS_H

#include <sys/socket.h>

/*
 * 1 when a server that anybody may name can be connected to there: IPv4 outside, and IPv6 global unicast (2000::/3) outside of
 * what IANA's registries of special-purpose addresses list. Never an IPv6 address that carries one of IPv4 (mapped, NAT64, 6to4,
 * Teredo), and no other family.
 */
int address_is_public(const struct sockaddr *address);

#endif
