/* Colours: contrast by WCAG, and the nearest colour that has it. */
#include "base/colour.h"

#include "tap.h"

static colour_t colour(const char *text)
{
    colour_t parsed = { 0, 0, 0 };

    colour_parse(text, &parsed);
    return parsed;
}

void test_colour(apr_pool_t *p)
{
    static const char *const wrong[] = { "", "red", "#fff", "#12345", "#1234567", "#12345g", "123456#", "#-12345" };
    const char *pale;
    colour_t parsed;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        ok(!colour_parse(wrong[i], &parsed), "\"%s\" is no colour", wrong[i]);
    }
    is_str(colour_print(p, colour("#1F5fbF")), "#1f5fbf", "a colour");
    ok(colour_contrast(colour("#000000"), colour("#ffffff")) > 20.99, "black on white: 21");
    ok(colour_contrast(colour("#777777"), colour("#ffffff")) > 4.47 &&
           colour_contrast(colour("#777777"), colour("#ffffff")) < 4.49,
       "grey on white: 4.48");
    is_str(colour_print(p, colour_of_text(colour("#ffff00"))), "#000000", "black text on yellow");
    is_str(colour_print(p, colour_of_text(colour("#1f5fbf"))), "#ffffff", "white text on blue");
    is_str(colour_print(p, colour_readable(colour("#1f5fbf"), colour("#ffffff"), 3)), "#1f5fbf", "what can be read stays");
    pale = colour_print(p, colour_readable(colour("#ffee88"), colour("#ffffff"), 3));
    ok(colour_contrast(colour(pale), colour("#ffffff")) >= 3 && colour_contrast(colour(pale), colour("#ffffff")) < 3.1,
       "what cannot becomes darker, and no darker than it must: %s", pale);
    ok(colour_contrast(colour_readable(colour("#000080"), colour("#1d2126"), 3), colour("#1d2126")) >= 3, "or lighter on dark");
}
