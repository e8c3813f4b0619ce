/*
 * A report as machines read it.
 */
#ifndef GPT_OAUTH_WEB_STATUS_FORMS_H
#define GPT_OAUTH_WEB_STATUS_FORMS_H

#include "web/status/report.h"

#define FORM_PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The text format of Prometheus. */
const char *form_prometheus(apr_pool_t *p, const report_t *report);

/* Lines of `Key: value`, as mod_status's. */
const char *form_auto(apr_pool_t *p, const report_t *report);

const char *form_json(apr_pool_t *p, const report_t *report);

/* A whole number without a point, any other with six digits behind it. */
const char *form_number(apr_pool_t *p, double value);

#endif
