#include "tap.h"
#include "base/array.h"

void test_array(apr_pool_t *p)
{
    static const char *const words[] = { "b", "", "a", "ab", "B", "a" };
    apr_array_header_t *strings = apr_array_make(p, 1, sizeof(const char *));

    ok(COUNT(words) == 6, "elements are counted, not bytes");
    ok(array_word(words, COUNT(words), "AB") == 3 && array_word(words, COUNT(words), "b") == 0,
       "a word is found in whatever case");
    ok(array_word(words, COUNT(words), "abc") == -1 && array_word(words, 0, "b") == -1, "... and what is none is not");
    array_sort(strings);
    ok(!array_has(strings, ""), "nothing is among nothing");
    for (int i = 0; i < COUNT(words); i++) {
        APR_ARRAY_PUSH(strings, const char *) = words[i];
    }
    ok(array_has(strings, "ab") && array_has(strings, ""), "what is there is found");
    ok(!array_has(strings, "A") && !array_has(strings, "abc"), "what differs by case or length is not");
    array_sort(strings);
    is_str(apr_array_pstrcat(p, strings, ','), ",B,a,a,ab,b", "sorted by bytes, the empty one first");
}
