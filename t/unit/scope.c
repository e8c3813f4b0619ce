#include "tap.h"
#include "base/scope.h"

#include <apr_strings.h>

#include <string.h>

static void test_normalise(apr_pool_t *p)
{
    const struct {
        const char *text, *wanted;
    } rows[] = {
        { "", "" },
        { " ", "" },
        { " , ,, ", "" },
        { "a", "a" },
        { "b  a a", "a b" },
        { "user:read,user:delete", "user:delete user:read" },
        { " write, read ", "read write" },
        { "a ab abc b ab", "a ab abc b" },
        { "a-b a ab", "a a-b ab" },
        { "Read read", "Read read" },
        { "!#$%&'()*+-./0:;<=>?@[]^_`{|}~", "!#$%&'()*+-./0:;<=>?@[]^_`{|}~" },
        { "https://h/notes.read", "https://h/notes.read" },
        { "\"x\"", NULL },
        { "a\\b", NULL },
        { "a\tb", NULL },
        { "a\nb", NULL },
        { "a\x7f", NULL },
        { "\xc3\xa9", NULL },
        { "fine and then \x01", NULL },
    };
    apr_size_t size = 2 * SCOPE_COUNT_MAX;
    char *many = apr_palloc(p, size + 2);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(scope_normalise(p, rows[i].text), rows[i].wanted, "cases 21 and 22: scope row %d", (int)i);
    }
    for (apr_size_t i = 0; i < size; i++) {
        many[i] = i % 2 ? ' ' : "zyx"[i % 3];
    }
    many[size] = '\0';
    is_str(scope_normalise(p, many), "x y z", "case 273: 256 tokens shrink to three");
    memcpy(many + size, "x", 2);
    is_str(scope_normalise(p, many), NULL, "case 304: one more is too many");
}

static void test_tokens(void)
{
    ok(scope_token_valid("a") && scope_token_valid("notes.read") && scope_token_valid("!#[]~"), "case 21: scope tokens");
    ok(!scope_token_valid("") && !scope_token_valid("a b") && !scope_token_valid("a,b") && !scope_token_valid("a\"") &&
           !scope_token_valid("\\") && !scope_token_valid("\x7f") && !scope_token_valid("\xc3\xa9") && !scope_token_valid("a\n"),
       "case 21: no scope tokens");

    ok(scope_contains("a ab b", "a") && scope_contains("a ab b", "ab") && scope_contains("a ab b", "b"),
       "a set contains its tokens");
    ok(!scope_contains("notes.read", "notes") && !scope_contains("notes", "notes.read") && !scope_contains("ab b", "a"),
       "no token is contained by its beginning");
    ok(!scope_contains("", "a") && !scope_contains("a", "") && !scope_contains("", ""), "the empty set contains nothing");
    ok(!scope_contains("a b", "a b") && !scope_contains("Read", "read"), "two tokens or another case are not contained");
}

static void test_sets(apr_pool_t *p)
{
    ok(scope_subset("", "") && scope_subset("", "a") && scope_subset("a", "a") && scope_subset("a c", "a b c") &&
           scope_subset("a ab b", "a ab b"),
       "subsets");
    ok(!scope_subset("a", "") && !scope_subset("a d", "a b c") && !scope_subset("aa", "a aaa") && !scope_subset("a b c", "b c"),
       "case 94: no subsets");

    is_str(scope_intersect(p, "a b d", "b c d"), "b d", "intersection");
    is_str(scope_intersect(p, "a b", "c d"), "", "intersection of strangers");
    is_str(scope_intersect(p, "", "c d"), "", "intersection with nothing");
    is_str(scope_intersect(p, "a ab", "ab b"), "ab", "intersection where one token begins another");
    is_str(scope_union(p, "a c", "b c d"), "a b c d", "union");
    is_str(scope_union(p, "", ""), "", "union of nothing");
    is_str(scope_union(p, "", "x"), "x", "union with nothing");
    is_str(scope_union(p, "x", ""), "x", "union with nothing, the other way");
    is_str(scope_union(p, "a", "b"), "a b", "union as long as its parts");
    is_str(scope_without(p, "notes.read " SCOPE_OFFLINE, SCOPE_OFFLINE), "notes.read", "a set without a token");
    is_str(scope_without(p, SCOPE_OFFLINE, SCOPE_OFFLINE), "", "a set without its only token");
    is_str(scope_without(p, "a b", "c"), "a b", "a set without what it does not hold");
}

void test_scope(apr_pool_t *p)
{
    test_normalise(p);
    test_tokens();
    test_sets(p);
}
