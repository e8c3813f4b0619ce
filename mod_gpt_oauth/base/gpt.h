/*
 * Custom GPTs (GPT Actions), as they show themselves in the callback URLs of ChatGPT.
 */
#ifndef GPT_OAUTH_BASE_GPT_H
#define GPT_OAUTH_BASE_GPT_H

#include <apr_pools.h>

/*
 * The id ("g-...") of the GPT whose callback a redirect URI is, in p; NULL when it is none's. Exactly
 * ^https://(chat\.openai\.com|chatgpt\.com)/aip/g-[0-9A-Za-z-]{1,64}/oauth/callback$ as it stands, nothing decoded.
 */
const char *gpt_id_of(apr_pool_t *p, const char *redirect_uri);

#endif
