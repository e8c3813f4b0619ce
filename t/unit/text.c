#include "tap.h"
#include "base/array.h"
#include "base/text.h"

#include <string.h>

static void test_kinds(apr_pool_t *p)
{
    const struct {
        const char *text, *page, *terminal, *what;
    } rows[] = {
        { "M\xc3\xbcller \xe5\x8f\xb0\xe5\x8c\x97", "M\xc3\xbcller \xe5\x8f\xb0\xe5\x8c\x97",
          "M\xc3\xbcller \xe5\x8f\xb0\xe5\x8c\x97", "letters" },
        { "a\xe2\x80\xae"
          "b",
          "ab", "a<U+202E>b", "U+202E, which turns text around" },
        { "a\xe2\x81\xa6"
          "b",
          "ab", "a<U+2066>b", "U+2066, which isolates" },
        { "a\xd8\x9c"
          "b",
          "ab", "a<U+061C>b", "the Arabic letter mark" },
        { "a\xe2\x80\x8b"
          "b",
          "ab", "a<U+200B>b", "a zero width space" },
        { "a\xe2\x80\x8d"
          "b",
          "ab", "a<U+200D>b", "a zero width joiner" },
        { "a\xef\xbb\xbf"
          "b",
          "ab", "a<U+FEFF>b", "a byte order mark" },
        { "a\xc2\xad"
          "b",
          "ab", "a<U+00AD>b", "a soft hyphen" },
        { "a\xcd\x8f"
          "b",
          "ab", "a<U+034F>b", "a grapheme joiner" },
        { "a\xe1\x85\xa0"
          "b",
          "ab", "a<U+1160>b", "a filler of Hangul" },
        { "a\xe3\x85\xa4"
          "b",
          "ab", "a<U+3164>b", "another" },
        { "a\xef\xbe\xa0"
          "b",
          "ab", "a<U+FFA0>b", "the narrow one" },
        { "a\xe1\xa0\x8e"
          "b",
          "ab", "a<U+180E>b", "the vowel separator of Mongolian" },
        { "a\xe2\xa0\x80"
          "b",
          "ab", "a<U+2800>b", "the empty pattern of Braille" },
        { "a\xef\xb8\x8f"
          "b",
          "ab", "a<U+FE0F>b", "a variation selector" },
        { "a\xf3\xa0\x81\x81"
          "b",
          "ab", "a<U+E0041>b", "a tag" },
        { "a\xf3\xa0\x84\x80"
          "b",
          "ab", "a<U+E0100>b", "a variation selector of the second kind" },
        { "a\xf0\x9d\x85\xb3"
          "b",
          "ab", "a<U+1D173>b", "the beginning of a beam" },
        { "a\xef\xbf\xb9"
          "b",
          "ab", "a<U+FFF9>b", "the beginning of an annotation" },
        { "a\xe2\x80\xa8"
          "b",
          "ab", "a<U+2028>b", "a line separator" },
        { "a\xc2\x9b"
          "31mb",
          "a31mb", "a<U+009B>31mb", "the C1 control that begins a sequence" },
        { "a\xc2\x85"
          "b",
          "ab", "a<U+0085>b", "the C1 control that ends a line" },
        { "a\x1b[31mb", "a [31mb", "a<U+001B>[31mb", "ESC" },
        { "a\r\nb\x7f", "a  b ", "a<U+000D><U+000A>b<U+007F>", "line ends and DEL" },
        { "a\xc2\xa0"
          "b",
          "a b", "a<U+00A0>b", "a space that does not break" },
        { "a\xe3\x80\x80"
          "b",
          "a b", "a<U+3000>b", "the wide space" },
        { "a\xff"
          "b\xc3",
          "ab", "a<FF>b<C3>", "bytes that are no UTF-8" },
        { "\xed\xa0\x80\xc0\xaf", "", "<ED><A0><80><C0><AF>", "a surrogate, and a slash in two bytes" },
        { "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "the last character" },
        { "", "", "", "nothing" },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        is_str(text_clean(p, rows[i].text), rows[i].page, "case 313: on a page: %s", rows[i].what);
        is_str(terminal_text(p, rows[i].text), rows[i].terminal, "case 313: on a terminal: %s", rows[i].what);
    }
}

static void test_utf8(void)
{
    const struct {
        const char *bytes;
        int valid;
    } rows[] = {
        { "", 1 },
        { "plain", 1 },
        { "\x7f", 1 },
        { "\x80", 0 },
        { "\xbf", 0 },
        { "\xc0\x80", 0 },
        { "\xc1\xbf", 0 },
        { "\xc2\x80", 1 },
        { "\xc2", 0 },
        { "\xc2\x7f", 0 },
        { "\xc2\xc0", 0 },
        { "\xdf\xbf", 1 },
        { "\xe0\x9f\xbf", 0 },
        { "\xe0\xa0\x80", 1 },
        { "\xe0\xa0", 0 },
        { "\xed\x9f\xbf", 1 },
        { "\xed\xa0\x80", 0 },
        { "\xed\xbf\xbf", 0 },
        { "\xee\x80\x80", 1 },
        { "\xef\xbf\xbf", 1 },
        { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf0\x90\x80\x80", 1 },
        { "\xf0\x90\x80", 0 },
        { "\xf0\x90\x80\x7f", 0 },
        { "\xf4\x8f\xbf\xbf", 1 },
        { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 },
        { "\xf8\x88\x80\x80\x80", 0 },
        { "\xff", 0 },
        { "ok \xe2\x82\xac\xc3\xa9 \xf0\x9f\x98\x80", 1 },
        { "cut \xe2\x82", 0 },
    };

    for (int i = 0; i < COUNT(rows); i++) {
        ok(utf8_valid(rows[i].bytes, strlen(rows[i].bytes)) == rows[i].valid, "UTF-8 row %d is %s", i,
           rows[i].valid ? "valid" : "not valid");
    }
    ok(!utf8_valid("\xe2\x82\xac", 2), "a character is not completed from beyond the end");
}

static void test_controls(void)
{
    ok(!text_has_control("", 0), "nothing holds no control");
    ok(!text_has_control("M\xc3\xbcller \xc2\x9b~", 11), "case 313: nor do letters, and C1 controls are another matter");
    for (int c = 0; c < 0x80; c++) {
        char text[3] = { 'a', (char)c, 'b' };

        ok(text_has_control(text, sizeof(text)) == (c < 0x20 || c == 0x7f), "case 313: is U+%04X a control?", (unsigned)c);
    }
    ok(!text_has_control("ab\n", 2), "what stands behind is not looked at");
}

static void test_measures(apr_pool_t *p)
{
    ok(text_length("") == 0, "nothing is no character");
    ok(text_length("M\xc3\xbcller \xe5\x8f\xb0\xf0\x9f\x98\x80") == 9, "characters are counted, not bytes");
    is_str(text_cut(p, "plain", 5), "plain", "what fits exactly is not cut");
    is_str(text_cut(p, "plain", 4), "plai...", "what does not is, and marked");
    is_str(text_cut(p, "", 0), "", "nothing is never cut");
    is_str(text_cut(p, "a", 0), "...", "nothing but the mark");
}

void test_text(apr_pool_t *p)
{
    test_kinds(p);
    test_utf8();
    test_controls();
    test_measures(p);
    is_str(log_quote(p,
                     "a\xe2\x80\xae"
                     "b",
                     99),
           "a\\xe2\\x80\\xaeb", "case 313: in the log: U+202E");
    is_str(log_quote(p, NULL, 10), "-", "NULL in the log");
    is_str(log_quote(p, "", 10), "", "an empty string in the log");
    is_str(log_quote(p, "plain text~", 11), "plain text~", "what fits exactly is not marked as cut");
    is_str(log_quote(p, "plain text~", 5), "plain...", "what does not fit is cut and marked");
    is_str(log_quote(p, "a\r\n[error] b\x1b[0m\x7f\"\\\xc3\xa9", 99), "a\\x0d\\x0a[error] b\\x1b[0m\\x7f\\x22\\x5c\\xc3\\xa9",
           "case 240: a log line can be neither split nor coloured");
    is_str(log_quote(p, "\xff\xff\xff", 2), "\\xff\\xff...", "a cut counts the bytes of the input");
    is_str(log_quote(p, "abc", 0), "...", "nothing but the mark");
    is_str(log_quote(p, "x gpts_0123456789-_ABCDEFGHI y", 99), "x gpts_... y", "no credential in the log");
    is_str(log_quote(p, "gptk_0123456789-_ABCDEFGHI", 9), "gptk_......", "... nor a part of one");
    is_str(log_quote(p, "gptk_0123456789-_ABCDEFGHI", 1), "gptk_......", "... however little is wanted");
    is_str(log_quote(p, "gpts_of_the_office", 99), "gpts_of_the_office", "a name that begins like one");
}
