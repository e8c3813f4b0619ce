/*
 * Host names and addresses that mean nothing on the internet.
 */
#ifndef GPT_OAUTH_BASE_HOST_H
#define GPT_OAUTH_BASE_HOST_H

/* 1 for addresses (IPv6 in brackets) that are not public, single labels, and .local, .internal and their like. */
int host_is_private(const char *host);

#endif
