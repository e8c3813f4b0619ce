#include "tap.h"
#include "base/fold.h"

#include <string.h>
#include <apr_strings.h>

static void test_folding(apr_pool_t *p)
{
    const struct {
        const char *name, *folded;
    } rows[] = {
        { "alice", "alice" },
        { "ALICE", "alice" },
        { "a.b-c_d+e@Example.COM", "a.b-c_d+e@example.com" },
        { "\xef\xbd\x81\xef\xbd\x8c\xef\xbd\x89\xef\xbd\x83\xef\xbd\x85", "alice" },
        { "\xef\xbc\xa1\xef\xbc\xac\xef\xbc\xa9\xef\xbc\xa3\xef\xbc\xa5", "alice" },
        { "\xf0\x9d\x90\x9alice", "alice" },
        { "\xe2\x93\x90lice", "alice" },
        { "al\xc2\xadice", "alice" },
        { "al\xe2\x80\x8bice", "alice" },
        { "al\xe2\x80\x8dice", "alice" },
        { "al\xe1\xa0\x86ice", "alice" },
        { "al\xef\xbf\xbcice", "alice" },
        { "al\xef\xb8\x8fice", "alice" },
        { "al\xdb\x9dice", "alice" },
        { "\x01"
          "alice\x7f\xc2\x9b",
          "alice" },
        { " alice  ", "alice" },
        { "\xc2\xa0"
          "alice\xe3\x80\x80\xe1\x9a\x80",
          "alice" },
        { "alice   b", "alice b" },
        { "alice\xe2\x80\x83\t\xe2\x80\xa8"
          "b",
          "alice b" },
        { "alice \xc2\xad b", "alice b" },
        { "J\xc3\x9cRGEN", "j\xc3\xbcrgen" },
        { "Ju\xcc\x88rgen", "j\xc3\xbcrgen" },
        { "JU\xcc\x88RGEN", "j\xc3\xbcrgen" },
        { "gro\xc3\x9f", "gross" },
        { "GRO\xe1\xba\x9e", "gross" },
        { "\xef\xac\x81n", "fin" },
        { "\xe2\x84\xaa"
          "arl",
          "karl" },
        { "\xc5\xbf"
          "am",
          "sam" },
        { "\xce\x9d\xce\xaf\xce\xba\xce\xbf\xcf\x82", "\xce\xbd\xce\xaf\xce\xba\xce\xbf\xcf\x83" },
        { "\xce\x9d\xce\x8a\xce\x9a\xce\x9f\xce\xa3", "\xce\xbd\xce\xaf\xce\xba\xce\xbf\xcf\x83" },
        { "", "" },
        { " ", "" },
        { "\xff\xfe", "\xff\xfe" },
    };
    const char *longest = apr_psprintf(p, "%0255d", 0);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(name_fold(p, rows[i].name), rows[i].folded, "case 328: what is the same in all spellings: %s", rows[i].name);
        is_str(name_fold(p, name_fold(p, rows[i].name)), rows[i].folded, "case 328: ... and stays: %s", rows[i].folded);
    }
    is_str(name_fold(p, apr_pstrcat(p, longest, "A", NULL)), apr_pstrcat(p, longest, "A", NULL),
           "what is too long is left alone");
    is_str(name_fold(p, apr_pstrcat(p, longest + 1, "A", NULL)), apr_pstrcat(p, longest + 1, "a", NULL), "... and not before");
}

static void test_problems(apr_pool_t *p)
{
    static const char *const good[] = {
        "alice",
        "ALICE",
        "Alice Miller",
        "alice@example.com",
        "CN=Carol, O=Example",
        "J\xc3\xbcrgen",
        "J\xc3\x9cRGEN",
        "\xce\x9d\xce\xaf\xce\xba\xce\xbf\xcf\x82",
        "\xce\xa4\xce\xb1\xce\x90\xce\xb6\xcf\x89",
        "y\xc4\xb1ld\xc4\xb1z",
        "\xe6\x9d\x8e\xe6\x98\x8e",
        "\xd0\x9e\xd0\xbb\xd1\x8f",
        "\xd8\xb9\xd9\x84\xd9\x8a",
        "\xe0\xa4\x85\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb2",
    };
    const struct {
        const char *name, *why;
    } bad[] = {
        { "\xef\xbd\x81lice", "another form" },
        { "\xef\xac\x81n", "another form" },
        { "\xe2\x84\xaa"
          "arl",
          "another form" },
        { "\xc5\xbf"
          "am",
          "another form" },
        { "Ju\xcc\x88rgen", "another form" },
        { "\xc2\xb5m", "another form" },
        { "\xe2\x93\x90lice", "another form" },
        { "\xe2\x91\xa0", "another form" },
        { "gro\xc3\x9f", "treats as several" },
        { "\xc4\xb0lker", "treats as several" },
        { "al\xc2\xadice", "invisible" },
        { "al\xe2\x80\x8bice", "invisible" },
        { "al\xe2\x80\xaeice", "invisible" },
        { "al\xe1\xa0\x86ice", "invisible" },
        { "al\xef\xbf\xbcice", "invisible" },
        { "al\xef\xb8\x8fice", "invisible" },
        { "al\xc2\xa0ice", "space" },
        { "al\xe3\x80\x80ice", "space" },
        { "al\xe1\x9a\x80ice", "space" },
        { "al\xe2\x80\xa8ice", "invisible" },
        { "al  ice", "two spaces" },
        { "al\xee\x80\x80ice", "does not define" },
        { "al\xcd\xb8ice", "does not define" },
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        is_str(name_spelling_problem(p, good[i]), NULL, "case 328: a name: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *problem = name_spelling_problem(p, bad[i].name);

        ok(problem && strstr(problem, bad[i].why), "case 328: %s is no spelling for a name: %s", bad[i].name,
           problem ? problem : "?");
    }
}

void test_fold(apr_pool_t *p)
{
    test_folding(p);
    test_problems(p);
}
