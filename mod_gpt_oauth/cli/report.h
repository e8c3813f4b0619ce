/*
 * What `try` and `doctor` find: one verdict a line, with what to do about it. Text for people, or one object of JSON at the end.
 */
#ifndef GPT_OAUTH_CLI_REPORT_H
#define GPT_OAUTH_CLI_REPORT_H

#include "base/json.h"
#include "cli/command.h"

typedef enum { FINE, WARNING, PROBLEM } verdict_t;

typedef struct report_t {
    apr_pool_t *pool;
    int json;
    int warnings, problems;
    json_t *findings; /* where report_add puts them in JSON */
} report_t;

report_t *report_make(const command_t *c);

/* The verdict about subject (NULL: of the step whose title stands above). remedy is NULL where nothing is to be done. */
void report_add(report_t *report, verdict_t verdict, const char *subject, const char *remedy, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * The sum: praise when there was no problem. In JSON the object, to which ok, problems and warnings are added; it is taken over.
 * DONE, or FAILED when there was a problem.
 */
int report_end(const report_t *report, const char *praise, json_t *object);

#endif
