/*
 * JSON objects from strangers (base/json): what is parsed can be printed in plain ASCII and parsed again, and is the same.
 */
#include "fuzz.h"
#include "base/json.h"
#include "base/params.h"
#include "base/text.h"

#include <apr_strings.h>

#include <string.h>

#define SIZE_MAX_INPUT (64 * 1024)

static void look_at_words(apr_pool_t *p, const char *text)
{
    const json_t *list = json_own(p, json_words(p, text)), *word;
    size_t index, sum = 0;

    json_array_foreach(list, index, word)
    {
        HOLDS(json_string_length(word) > 0 && !strchr(json_string_value(word), ' '));
        sum += json_string_length(word);
    }
    for (const char *c = text; *c; c++) {
        sum -= *c != ' ';
    }
    HOLDS(sum == 0 || !utf8_valid(text, strlen(text)));
}

void fuzz_json(apr_pool_t *p, const char *data, apr_size_t size)
{
    json_t *object = json_parse_object(p, data, size), *again;
    const char *text;

    look_at_words(p, apr_pstrmemdup(p, data, size));
    if (!object) {
        return;
    }
    HOLDS(json_is_object(object) && size <= SIZE_MAX_INPUT);
    text = json_print(p, object);
    for (const char *c = text; *c; c++) {
        HOLDS(*c >= ' ');
    }
    /* An escape takes more bytes than what it stands for. */
    if (strlen(text) <= SIZE_MAX_INPUT) {
        again = json_parse_object(p, text, strlen(text));
        HOLDS(again && json_equal(object, again));
        HOLDS(strlen(json_print(p, again)) == strlen(text));
    }
}
