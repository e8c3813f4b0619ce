/*
 * Tells hosts that only a private network knows. Called by `gptoauth doctor`: ChatGPT reaches none of them.
 */
#include "base/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"
#include "base/array.h"

/* Is host an address? Then *is_public says of which kind. */
static int is_address(const char *host, int *is_public)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    char bare[INET6_ADDRSTRLEN + 1] = "";
    size_t size = strlen(host);

    if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        *is_public = address_is_public((const struct sockaddr *)(const void *)&v4);
        return 1;
    }
    if (host[0] != '[' || size < 3 || size - 2 >= sizeof(bare)) {
        return 0;
    }
    memcpy(bare, host + 1, size - 2);
    *is_public = inet_pton(AF_INET6, bare, &v6.sin6_addr) == 1 && address_is_public((const struct sockaddr *)(const void *)&v6);
    return 1;
}

int host_is_private(const char *host)
{
    static const char *const ends[] = { "localhost", "local", "internal", "intranet", "lan", "home.arpa", "test", "invalid" };
    size_t size = strlen(host);
    int is_public;

    if (is_address(host, &is_public)) {
        return !is_public;
    }
    for (int i = 0; i < COUNT(ends); i++) {
        size_t end = strlen(ends[i]);

        if (size > end && host[size - end - 1] == '.' && strcasecmp(host + size - end, ends[i]) == 0) {
            return 1;
        }
    }
    return !strchr(host, '.');
}
