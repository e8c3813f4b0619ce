/*
 * Setters of what pages look like and whose they are: GPTOAuthBrand, GPTOAuthLink, GPTOAuthPages. What is in the directory of the
 * last one is read when the configuration is complete (web/page/pages.c).
 */
#include <apr_strings.h>

#include "base/colour.h"
#include "base/file.h"
#include "base/text.h"
#include "base/uri.h"
#include "web/page/brand.h"
#include "web/setup/directives.h"

static const char *read_colours(apr_pool_t *p, brand_t *brand, const char *text)
{
    const char *comma = strchr(text, ',');
    colour_t colour;

    brand->light = comma ? apr_pstrmemdup(p, text, (apr_size_t)(comma - text)) : text;
    brand->dark = comma ? comma + 1 : NULL;
    if (!colour_parse(brand->light, &colour) || (brand->dark && !colour_parse(brand->dark, &colour))) {
        return apr_psprintf(p,
                            "GPTOAuthBrand: \"%s\" is not a colour; write it as #1f5fbf, or two for light and dark as "
                            "#1f5fbf,#8ab4f8",
                            text);
    }
    return NULL;
}

static const char *read_logo(cmd_parms *cmd, brand_t *brand, const char *name)
{
    const char *path = ap_server_root_relative(cmd->pool, name), *problem = path ? NULL : "this is not the path of a file";
    file_t file = { .text = NULL };

    if (!problem) {
        problem = file_read(cmd->pool, path, LOGO_MAX, &file);
    }
    if (!problem) {
        problem = brand_take_logo(brand, file.text, file.size);
    }
    return problem ? apr_psprintf(cmd->pool,
                                  "GPTOAuthBrand: the logo %s cannot be used: %s; write the path of a PNG or SVG of at "
                                  "most 64 KB, or leave it out",
                                  path ? path : name, problem)
                   : NULL;
}

const char *set_brand(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    brand_t *brand = apr_pcalloc(cmd->pool, sizeof(*brand));
    const char *problem = NULL;

    (void)dir;
    if (argc < 1 || argc > 3 || !argv[0][strspn(argv[0], " \t")]) {
        return "GPTOAuthBrand needs the name that people know the service by, and may have a logo and colours: "
               "GPTOAuthBrand \"Acme Notes\" conf/logo.png #1f5fbf,#8ab4f8";
    }
    if (!utf8_valid(argv[0], strlen(argv[0])) || text_has_control(argv[0], strlen(argv[0])) || text_length(argv[0]) > 64) {
        return "GPTOAuthBrand: the name must be at most 64 characters of UTF-8 without control characters";
    }
    brand->name = argv[0];
    for (int i = 1; i < argc && !problem; i++) {
        if (argv[i][0] == '#') {
            problem = brand->light ? "GPTOAuthBrand: write both colours as one word, as #1f5fbf,#8ab4f8"
                                   : read_colours(cmd->pool, brand, argv[i]);
        } else {
            problem = brand->logo ? "GPTOAuthBrand: there can be one logo" : read_logo(cmd, brand, argv[i]);
        }
    }
    config_server(cmd->server)->brand = brand;
    return problem;
}

static int is_link_kind(const char *kind)
{
    static const char *const kinds[] = { "privacy", "terms", "help", "password", "signout" };

    for (apr_size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i], kind) == 0) {
            return 1;
        }
    }
    return 0;
}

/* https, or a mail address that holds nothing but what mail addresses usually do. */
static int is_link_url(apr_pool_t *p, const char *url)
{
    uri_t uri;

    if (strncmp(url, "mailto:", 7) == 0) {
        url += 7;
        return *url && strchr(url, '@') &&
               url[strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-")] == '\0';
    }
    return uri_parse(p, url, &uri) && strcmp(uri.scheme, "https") == 0;
}

const char *add_link(cmd_parms *cmd, void *dir, const char *kind, const char *url)
{
    server_conf_t *conf = config_server(cmd->server);

    (void)dir;
    if (!is_link_kind(kind)) {
        return apr_psprintf(cmd->pool, "GPTOAuthLink %s: the first word is privacy, terms, help, password or signout", kind);
    }
    if (!is_link_url(cmd->pool, url)) {
        return apr_psprintf(cmd->pool, "GPTOAuthLink %s: \"%s\" is neither an https URL nor mailto: and an address", kind, url);
    }
    if (!conf->links) {
        conf->links = apr_array_make(cmd->pool, 5, sizeof(brand_link_t));
    }
    for (int i = 0; i < conf->links->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->links, i, brand_link_t).kind, kind) == 0) {
            return apr_psprintf(cmd->pool, "GPTOAuthLink %s is there twice; keep one of the two lines", kind);
        }
    }
    APR_ARRAY_PUSH(conf->links, brand_link_t) = (brand_link_t){ kind, url };
    return NULL;
}

const char *set_pages(cmd_parms *cmd, void *dir, const char *path)
{
    server_conf_t *conf = config_server(cmd->server);
    apr_finfo_t info;

    (void)dir;
    conf->pages_dir = ap_server_root_relative(cmd->pool, path);
    if (!conf->pages_dir || apr_stat(&info, conf->pages_dir, APR_FINFO_TYPE, cmd->pool) != APR_SUCCESS ||
        info.filetype != APR_DIR) {
        return apr_psprintf(
            cmd->pool,
            "GPTOAuthPages %s: this is not a directory that can be read; write the path of one with files such as "
            "consent.html, named as those in conf/pages of the sources",
            path);
    }
    return NULL;
}
