/*
 * Loads the pages of a server, with a sentence about what is wrong in files of the administrator's. Called by check.c.
 */
#include "private.h"
#include "web/http/log.h"
#include "web/page/brand.h"
#include "web/page/pages.h"
#include "web/setup/check.h"

int check_pages(apr_pool_t *pconf, const server_rec *s, server_conf_t *conf)
{
    const char *problem = conf->brand && conf->brand->light ? brand_colour_problem(pconf, conf->brand) : NULL;

    if (problem && conf->issuer) {
        log_config(s, LOG_COLOUR, "GPTOAuthBrand: the colour %s", problem);
    }
    conf->pages = pages_load(pconf, conf->pages_dir, brand_colours(pconf, conf->brand), &problem);
    return conf->pages ? 0 : check_complain(s, LOG_PAGES, conf->pages_dir ? "GPTOAuthPages" : NULL, problem);
}
