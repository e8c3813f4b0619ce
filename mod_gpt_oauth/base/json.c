/*
 * Bounds what strangers send as JSON before jansson builds it, as each value takes many times the bytes that it is written in;
 * and ties what was built to a pool.
 */
#include "base/json.h"

#include <apr_strings.h>

#include <stdlib.h>

#define SIZE_MAX_INPUT (64 * 1024)
#define DEPTH_MAX      8
#define VALUES_MAX     512 /* each takes many times the bytes that it is written in */

static apr_status_t release(void *object)
{
    json_decref(object);
    return APR_SUCCESS;
}

json_t *json_own(apr_pool_t *p, json_t *object)
{
    if (!object) {
        abort();
    }
    apr_pool_cleanup_register(p, object, release, apr_pool_cleanup_null);
    return object;
}

static int nested_within(json_t *value, int levels)
{
    const char *name;
    size_t index;
    json_t *item;

    if (!json_is_object(value) && !json_is_array(value)) {
        return 1;
    }
    if (levels == 0) {
        return 0;
    }
    json_object_foreach(value, name, item)
    {
        if (!nested_within(item, levels - 1)) {
            return 0;
        }
    }
    json_array_foreach(value, index, item)
    {
        if (!nested_within(item, levels - 1)) {
            return 0;
        }
    }
    return 1;
}

/* No fewer than there are: each stands behind a bracket or a comma. Those in strings are counted too. */
static apr_size_t count_values(const char *data, apr_size_t size)
{
    apr_size_t count = 0;

    for (apr_size_t i = 0; i < size; i++) {
        count += data[i] == ',' || data[i] == '[' || data[i] == '{';
    }
    return count;
}

json_t *json_parse_object(apr_pool_t *p, const char *data, apr_size_t size)
{
    json_error_t error;
    json_t *object;

    if (!data || size > SIZE_MAX_INPUT || count_values(data, size) > VALUES_MAX) {
        return NULL;
    }
    object = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    if (!object) {
        return NULL;
    }
    json_own(p, object);
    return json_is_object(object) && nested_within(object, DEPTH_MAX) ? object : NULL;
}

json_t *json_words(apr_pool_t *p, const char *text)
{
    json_t *list = json_array();
    char *rest, *word;

    for (word = apr_strtok(apr_pstrdup(p, text), " ", &rest); word; word = apr_strtok(NULL, " ", &rest)) {
        json_array_append_new(list, json_string(word));
    }
    return list;
}

const char *json_print(apr_pool_t *p, const json_t *object)
{
    const size_t flags = JSON_COMPACT | JSON_ENSURE_ASCII;
    char most[512]; /* take no more, and are printed once */
    size_t size = json_dumpb(object, most, sizeof(most), flags);
    char *text;

    if (!size) {
        abort();
    }
    if (size <= sizeof(most)) {
        return apr_pstrmemdup(p, most, size);
    }
    text = apr_palloc(p, size + 1);
    json_dumpb(object, text, size, flags);
    text[size] = '\0';
    return text;
}
