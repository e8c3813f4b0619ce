#include "tap.h"
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static int is_public(const char *text)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        return address_is_public((struct sockaddr *)&four);
    }
    return inet_pton(AF_INET6, text, &six.sin6_addr) == 1 ? address_is_public((struct sockaddr *)&six) : -1;
}

void test_address(apr_pool_t *p)
{
    static const char *const public[] = {
        "1.1.1.1",         "8.8.8.8",         "9.255.255.255",     "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0",       "169.253.0.1",       "169.255.0.1",     "172.15.255.255", "172.32.0.0",
        "192.0.1.1",       "192.167.255.255", "192.169.0.0",       "198.17.0.1",      "198.20.0.1",     "203.0.112.255",
        "203.0.114.0",     "223.255.255.255", "160.79.104.1",      "2001:4860::8888", "2600::1",        "2a00:1450::1",
        "2606:4700::1",    "2001:200::1",     "2003:ffff:ffff::1", "3ffe::1",
    };
    static const char *const special[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "192.175.48.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::a00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:53aa:64c::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "1fff::1",
        "8000::1",
    };
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    (void)p;
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
        ok(is_public(public[i]) == 1, "%s is public", public[i]);
    }
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        ok(is_public(special[i]) == 0, "case 209: %s is not public", special[i]);
    }
    ok(!address_is_public((struct sockaddr *)&local), "case 209: nor is a socket of this host");
}
