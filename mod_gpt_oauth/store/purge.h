/*
 * Housekeeping: what is long dead is deleted.
 */
#ifndef GPT_OAUTH_STORE_PURGE_H
#define GPT_OAUTH_STORE_PURGE_H

#include "base/clock.h"
#include "store/store.h"

/*
 * One bounded step of housekeeping: deletes up to limit rows of one table, of tokens, sessions, codes and grants that are long
 * dead, of consents that are remembered no more, and of unused registrations; *count: how many. By one thread of a process at a
 * time, since the source remembers how far it has come; of several hosts one at a time does something, whoever asks first.
 *
 * STORE_OK: there may be more, and the next step is due after a pause as long as this one took, PURGE_PAUSE at least: others
 * want to write, too. STORE_REFUSED: all is done for now, and the next step begins anew. STORE_DOWN: the next step goes on with
 * the next table.
 */
#define PURGE_BATCH 1000
#define PURGE_PAUSE (SECOND / 100)
store_status_t store_purge(store_t *store, int limit, apr_int64_t *count);

/*
 * Looks at up to limit clients that were not seen for REGISTRATION_UNUSED seconds, and removes those without a living grant, with
 * what users consented to; *count: how many. The others, and who is disabled, count as seen now. STORE_REFUSED: there is none
 * (any more).
 */
store_status_t store_registration_purge(store_t *store, int limit, apr_int64_t *count);

#endif
