/*
 * A report as people read it.
 */
#ifndef GPT_OAUTH_WEB_STATUS_PAGE_H
#define GPT_OAUTH_WEB_STATUS_PAGE_H

#include "web/status/report.h"

int page_status(request_rec *r, const report_t *report);

#endif
