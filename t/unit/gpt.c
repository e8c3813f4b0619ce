#include "tap.h"
#include "base/gpt.h"

#include <apr_strings.h>

void test_gpt(apr_pool_t *p)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        { "https://chat.openai.com/aip/g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc/oauth/callback",
          "g-1bc9e788468a358cb5138906b5c6d706d0ecb2cc" },
        { "https://chatgpt.com/aip/g-123/oauth/callback", "g-123" },
        { "https://chatgpt.com/aip/g-a/oauth/callback", "g-a" },
        { "https://chatgpt.com/aip/g--/oauth/callback", "g--" },
        { "https://chatgpt.com/aip/g-AZaz09-/oauth/callback", "g-AZaz09-" },
        { "https://chatgpt.com/aip/g-/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g/oauth/callback", NULL },
        { "https://chatgpt.com/aip/G-123/oauth/callback", NULL },
        { "https://chatgpt.com/aip/plugin-123/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-1_2/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-1%32/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-1.2/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-1/2/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-123/../g-1/oauth/callback", NULL },
        { "https://chatgpt.com/aip//g-123/oauth/callback", NULL },
        { "https://chatgpt.com/aip/%67-123/oauth/callback", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callback/", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callbackx", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callback?", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callback?x=1", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callback#x", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/callback%0a", NULL },
        { "https://chatgpt.com/aip/g-123/oauth/Callback", NULL },
        { "https://chatgpt.com/aip/g-123/oauth", NULL },
        { "https://chatgpt.com/aip/g-123", NULL },
        { "https://chatgpt.com/aip/", NULL },
        { "https://chatgpt.com", NULL },
        { "http://chatgpt.com/aip/g-123/oauth/callback", NULL },
        { "HTTPS://chatgpt.com/aip/g-123/oauth/callback", NULL },
        { "https://ChatGPT.com/aip/g-123/oauth/callback", NULL },
        { "https://chatgpt.com:443/aip/g-123/oauth/callback", NULL },
        { "https://chatgpt.com./aip/g-123/oauth/callback", NULL },
        { "https://chatgpt.com.evil.example/aip/g-123/oauth/callback", NULL },
        { "https://www.chatgpt.com/aip/g-123/oauth/callback", NULL },
        { "https://evilchatgpt.com/aip/g-123/oauth/callback", NULL },
        { "https://chatXopenai.com/aip/g-123/oauth/callback", NULL },
        { "https://openai.com/aip/g-123/oauth/callback", NULL },
        { "https://chatgpt.com@evil.example/aip/g-123/oauth/callback", NULL },
        { "https://user@chatgpt.com/aip/g-123/oauth/callback", NULL },
        { "https://chatgpt.com\\@evil.example/aip/g-123/oauth/callback", NULL },
        { " https://chatgpt.com/aip/g-123/oauth/callback", NULL },
        { "", NULL },
    };
    char id[68] = "g-";

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(gpt_id_of(p, rows[i].text), rows[i].wanted, "case 401: the GPT of '%s'", rows[i].text);
    }
    for (size_t size = 2; size < 67; size++) {
        id[size] = 'x';
    }
    ok(!gpt_id_of(p, apr_pstrcat(p, "https://chatgpt.com/aip/", id, "/oauth/callback", NULL)),
       "case 401: an id of 65 characters");
    id[66] = '\0';
    is_str(gpt_id_of(p, apr_pstrcat(p, "https://chatgpt.com/aip/", id, "/oauth/callback", NULL)), id,
           "case 401: an id of 64 characters");
}
