/*
 * Colours and logo of the pages. Called by the setter of GPTOAuthBrand (web/setup/directives_pages.c), web/setup/check.c and
 * page.c.
 */
#include "web/page/brand.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/colour.h"

/* What the pages are drawn on (conf/pages/style.css). */
#define LIGHT_GROUND "#ffffff"
#define DARK_GROUND  "#1d2126"
#define LIGHT        "#1f5fbf"
#define DARK         "#8ab4f8"

#define CONTRAST_OF_SHAPES 3.0 /* WCAG 2.2, 1.4.11 */

static colour_t colour(const char *text)
{
    colour_t parsed = { 0, 0, 0 };

    colour_parse(text, &parsed);
    return parsed;
}

/* The accent on dark ground: given, or the light one as bright as it has to be. */
static colour_t dark_accent(const brand_t *brand)
{
    return brand->dark ? colour(brand->dark) : colour_readable(colour(brand->light), colour(DARK_GROUND), CONTRAST_OF_SHAPES);
}

/* What is filled with a colour that is hard to see on its ground has an edge that is not. */
static const char *rule(apr_pool_t *p, colour_t accent, const char *ground)
{
    return apr_psprintf(p, ":root{--accent:%s;--on-accent:%s;--accent-edge:%s}", colour_print(p, accent),
                        colour_print(p, colour_of_text(accent)),
                        colour_print(p, colour_readable(accent, colour(ground), CONTRAST_OF_SHAPES)));
}

const char *brand_colours(apr_pool_t *p, const brand_t *brand)
{
    int is_ours = !brand || !brand->light;

    return apr_pstrcat(p, rule(p, colour(is_ours ? LIGHT : brand->light), LIGHT_GROUND), "@media(prefers-color-scheme:dark){",
                       rule(p, is_ours ? colour(DARK) : dark_accent(brand), DARK_GROUND), "}\n", NULL);
}

const char *brand_colour_problem(apr_pool_t *p, const brand_t *brand)
{
    const struct {
        const char *text, *ground, *words;
    } rows[] = { { brand->light, LIGHT_GROUND, "white" }, { brand->dark, DARK_GROUND, "the dark ground " DARK_GROUND } };

    for (int i = 0; i < 2; i++) {
        if (rows[i].text && colour_contrast(colour(rows[i].text), colour(rows[i].ground)) < CONTRAST_OF_SHAPES) {
            return apr_psprintf(
                p, "%s is hard to see on %s; the nearest colour that is not is %s", rows[i].text, rows[i].words,
                colour_print(p, colour_readable(colour(rows[i].text), colour(rows[i].ground), CONTRAST_OF_SHAPES)));
        }
    }
    return NULL;
}

/* An element svg, behind a declaration, comments and blanks. */
static int is_svg(const char *text)
{
    for (;;) {
        const char *end = NULL;

        while (apr_isspace(*text)) {
            text++;
        }
        if (strncmp(text, "<svg", 4) == 0 && (apr_isspace(text[4]) || text[4] == '>')) {
            return 1;
        }
        if (strncmp(text, "<?xml", 5) == 0) {
            end = strstr(text, "?>");
            text = end ? end + 2 : "";
        } else if (strncmp(text, "<!--", 4) == 0) {
            end = strstr(text, "-->");
            text = end ? end + 3 : "";
        }
        if (!end) {
            return 0;
        }
    }
}

const char *brand_take_logo(brand_t *brand, const char *bytes, apr_size_t size)
{
    static const char png[] = "\x89PNG\r\n\x1a\n";

    if (size >= sizeof(png) - 1 && memcmp(bytes, png, sizeof(png) - 1) == 0) {
        brand->logo_type = "image/png";
    } else if (strlen(bytes) == size && is_svg(strncmp(bytes, "\xef\xbb\xbf", 3) == 0 ? bytes + 3 : bytes)) {
        brand->logo_type = "image/svg+xml";
    } else {
        return "it is neither a PNG nor an SVG";
    }
    brand->logo = bytes;
    brand->logo_size = size;
    return NULL;
}
