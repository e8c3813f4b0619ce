/*
 * The special-purpose ranges of IANA's registries (RFC 6890) as tables, and whether an address lies in one. Called by host.c, and
 * before the module connects to a server whose name a stranger has given (web/http/fetch.c).
 */
#include "base/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "base/array.h"

typedef struct range_t {
    unsigned char start[16];
    int bits;
} range_t;

static int in_ranges(const unsigned char *address, const range_t *ranges, int count)
{
    for (int i = 0; i < count; i++) {
        int whole = ranges[i].bits / 8, rest = ranges[i].bits % 8;

        if (memcmp(address, ranges[i].start, (size_t)whole) == 0 &&
            (rest == 0 || (address[whole] ^ ranges[i].start[whole]) >> (8 - rest) == 0)) {
            return 1;
        }
    }
    return 0;
}

static int is_public4(const unsigned char *address)
{
    static const range_t special[] = {
        { { 0 }, 8 },             /* this network */
        { { 10 }, 8 },            /* private */
        { { 100, 64 }, 10 },      /* shared by a provider's customers */
        { { 127 }, 8 },           /* loopback */
        { { 169, 254 }, 16 },     /* link-local, with the metadata services of clouds */
        { { 172, 16 }, 12 },      /* private */
        { { 192, 0, 0 }, 24 },    /* protocol assignments */
        { { 192, 0, 2 }, 24 },    /* documentation */
        { { 192, 31, 196 }, 24 }, /* AS112 */
        { { 192, 52, 193 }, 24 }, /* AMT */
        { { 192, 88, 99 }, 24 },  /* 6to4 relays */
        { { 192, 168 }, 16 },     /* private */
        { { 192, 175, 48 }, 24 }, /* AS112 */
        { { 198, 18 }, 15 },      /* benchmarks */
        { { 198, 51, 100 }, 24 }, /* documentation */
        { { 203, 0, 113 }, 24 },  /* documentation */
        { { 224 }, 3 },           /* multicast, reserved, broadcast */
    };

    return !in_ranges(address, special, COUNT(special));
}

static int is_public6(const unsigned char *address)
{
    static const range_t global[] = { { { 0x20 }, 3 } };
    static const range_t special[] = {
        { { 0x20, 0x01 }, 23 },             /* protocol assignments, Teredo among them */
        { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, /* documentation */
        { { 0x20, 0x02 }, 16 },             /* 6to4: any address of IPv4 */
        { { 0x3f, 0xff }, 20 },             /* documentation */
    };

    return in_ranges(address, global, COUNT(global)) && !in_ranges(address, special, COUNT(special));
}

int address_is_public(const struct sockaddr *address)
{
    unsigned char bytes[16];

    if (address->sa_family == AF_INET) {
        memcpy(bytes, (const unsigned char *)address + offsetof(struct sockaddr_in, sin_addr), 4);
        return is_public4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(bytes, (const unsigned char *)address + offsetof(struct sockaddr_in6, sin6_addr), 16);
        return is_public6(bytes);
    }
    return 0;
}
