#include "base/host.h"

#include "tap.h"

void test_host(apr_pool_t *p)
{
    static const char *const private[] = { "localhost",   "LOCALHOST",  "a.localhost", "printer.local",
                                           "db.internal", "server",     "127.0.0.1",   "10.0.0.1",
                                           "192.168.1.1", "172.16.0.1", "172.29.0.1",  "172.31.255.1",
                                           "169.254.1.1", "[::1]",      "[fd00::1]",   "[FE80::1]" };
    static const char *const public[] = { "example.com", "api.example.com", "mylocal.example.com", "thelocal.com",
                                          "8.8.8.8",     "172.15.0.1",      "172.32.0.1",          "172.160.0.1",
                                          "172.2.0.1",   "110.0.0.1",       "[2606:4700::1]",      "10.example.com" };

    (void)p;
    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
        ok(host_is_private(private[i]), "%s is private", private[i]);
    }
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++) {
        ok(!host_is_private(public[i]), "%s is public", public[i]);
    }
}
