/*
 * Sets of scopes as sorted strings: each operation walks its operands side by side, without taking them apart first. Called by
 * whoever asks, grants, narrows or requires a scope.
 */
#include "base/scope.h"

#include <stdlib.h>
#include <string.h>

/* A token inside a longer string. */
typedef struct token_t {
    const char *start;
    apr_size_t size;
} token_t;

static int scope_byte(char c)
{
    return c >= 0x21 && c <= 0x7e && c != '"' && c != '\\' && c != ',';
}

static int is_gap(char c)
{
    return c == ' ' || c == ',';
}

/* Takes the next token off *text; 0 at the end. */
static int next_token(const char **text, token_t *token)
{
    const char *c = *text;

    while (is_gap(*c)) {
        c++;
    }
    for (token->start = c; *c && !is_gap(*c); c++) {}
    token->size = (apr_size_t)(c - token->start);
    *text = c;
    return token->size > 0;
}

static int compare(const token_t *a, const token_t *b)
{
    int order = memcmp(a->start, b->start, a->size < b->size ? a->size : b->size);

    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_for_qsort(const void *a, const void *b)
{
    return compare(a, b);
}

static char *append(char *out, char *o, const token_t *token)
{
    if (o > out) {
        *o++ = ' ';
    }
    memcpy(o, token->start, token->size);
    return o + token->size;
}

int scope_token_valid(const char *token)
{
    const char *c = token;

    while (scope_byte(*c)) {
        c++;
    }
    return c > token && !*c;
}

const char *scope_normalise(apr_pool_t *p, const char *text)
{
    token_t tokens[SCOPE_COUNT_MAX], one;
    apr_size_t size = strlen(text), count = 0;
    char *out, *o;

    for (const char *c = text; *c; c++) {
        if (!scope_byte(*c) && *c != ' ' && *c != ',') {
            return NULL;
        }
    }
    while (next_token(&text, &one)) {
        if (count == SCOPE_COUNT_MAX) {
            return NULL;
        }
        tokens[count++] = one;
    }
    qsort(tokens, count, sizeof(*tokens), compare_for_qsort);
    out = o = apr_palloc(p, size + 1);
    for (apr_size_t i = 0; i < count; i++) {
        if (i == 0 || compare(&tokens[i - 1], &tokens[i]) != 0) {
            o = append(out, o, &tokens[i]);
        }
    }
    *o = '\0';
    return out;
}

/* Walks two sets side by side and keeps what stands only in a, in both, only in b. */
static const char *merge(apr_pool_t *p, const char *a, const char *b, int keep_a, int keep_both, int keep_b)
{
    char *out = apr_palloc(p, strlen(a) + strlen(b) + 2);
    char *o = out;
    token_t in_a, in_b;
    int more_a = next_token(&a, &in_a), more_b = next_token(&b, &in_b);

    while (more_a || more_b) {
        int order = !more_b ? -1 : !more_a ? 1 : compare(&in_a, &in_b);

        if (order < 0 ? keep_a : order > 0 ? keep_b : keep_both) {
            o = append(out, o, order > 0 ? &in_b : &in_a);
        }
        if (order <= 0) {
            more_a = next_token(&a, &in_a);
        }
        if (order >= 0) {
            more_b = next_token(&b, &in_b);
        }
    }
    *o = '\0';
    return out;
}

const char *scope_intersect(apr_pool_t *p, const char *a, const char *b)
{
    return merge(p, a, b, 0, 1, 0);
}

const char *scope_union(apr_pool_t *p, const char *a, const char *b)
{
    return merge(p, a, b, 1, 1, 1);
}

const char *scope_without(apr_pool_t *p, const char *set, const char *others)
{
    return merge(p, set, others, 1, 0, 0);
}

int scope_subset(const char *inner, const char *outer)
{
    token_t wanted, held;

    while (next_token(&inner, &wanted)) {
        do {
            if (!next_token(&outer, &held)) {
                return 0;
            }
        } while (compare(&held, &wanted) != 0);
    }
    return 1;
}

int scope_contains(const char *set, const char *token)
{
    return scope_token_valid(token) && scope_subset(token, set);
}
