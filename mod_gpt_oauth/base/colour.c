/*
 * Relative luminance and contrast of colours (WCAG 2.2). Called for GPTOAuthBrand (web/page/brand.c).
 */
#include "base/colour.h"

#include <math.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

static const colour_t black = { 0, 0, 0 }, white = { 255, 255, 255 };

static unsigned char two_digits(const char *text)
{
    char digits[] = { text[0], text[1], '\0' };

    return (unsigned char)apr_strtoi64(digits, NULL, 16);
}

int colour_parse(const char *text, colour_t *colour)
{
    if (text[0] != '#' || strlen(text) != 7) {
        return 0;
    }
    for (int i = 1; i < 7; i++) {
        if (!apr_isxdigit(text[i])) {
            return 0;
        }
    }
    *colour = (colour_t){ two_digits(text + 1), two_digits(text + 3), two_digits(text + 5) };
    return 1;
}

const char *colour_print(apr_pool_t *p, colour_t colour)
{
    return apr_psprintf(p, "#%02x%02x%02x", colour.red, colour.green, colour.blue);
}

static double linear(unsigned char channel)
{
    double value = channel / 255.0;

    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance(colour_t colour)
{
    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue);
}

double colour_contrast(colour_t a, colour_t b)
{
    double first = luminance(a), second = luminance(b);

    return first > second ? (first + 0.05) / (second + 0.05) : (second + 0.05) / (first + 0.05);
}

/* Between two colours, so many of 255 parts of the way. */
static colour_t mix(colour_t from, colour_t to, int parts)
{
    return (colour_t){ (unsigned char)(from.red + (to.red - from.red) * parts / 255),
                       (unsigned char)(from.green + (to.green - from.green) * parts / 255),
                       (unsigned char)(from.blue + (to.blue - from.blue) * parts / 255) };
}

colour_t colour_readable(colour_t colour, colour_t ground, double contrast)
{
    colour_t target = colour_of_text(ground);

    for (int parts = 0; parts < 255; parts++) {
        colour_t mixed = mix(colour, target, parts);

        if (colour_contrast(mixed, ground) >= contrast) {
            return mixed;
        }
    }
    return target;
}

colour_t colour_of_text(colour_t ground)
{
    return colour_contrast(ground, black) >= colour_contrast(ground, white) ? black : white;
}
