/*
 * The backends by the words that DBDriver may say; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_DRIVERS_H
#define GPT_OAUTH_STORE_DRIVERS_H

#include "store/backend.h"

/* NULL: we cannot use this driver. */
const backend_t *backend_of(const char *driver);

#endif
