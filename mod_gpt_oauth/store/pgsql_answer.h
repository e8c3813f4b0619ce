/*
 * What PostgreSQL answers, and what becomes of a connection on which it does not; internal to the backend of PostgreSQL.
 */
#ifndef GPT_OAUTH_STORE_PGSQL_ANSWER_H
#define GPT_OAUTH_STORE_PGSQL_ANSWER_H

#include <libpq-fe.h>

#include "store/lease.h"

/* Of pg_type, where they never change; libpq exports no names for them. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25 };

/* SQL: the server, by when it started. Two of them did not start within the same microsecond. */
#define PGSQL_SERVER "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"

PGconn *pgsql_native(const lease_t *lease);

/* Leaves the connection in a state (CONNECTION_BAD) in which its next user, whoever that is, gets it renewed. */
void pgsql_lose(lease_t *lease);
/* The same, as an outcome worth one more try. */
outcome_t pgsql_broke(lease_t *lease);

/*
 * The answer to what was sent, to its end: the first error may come after a result, and a half-read answer blocks the next. In a
 * pipeline the first row has to tell the number of its backend in its second column and PGSQL_SERVER in its fourth, and rows are
 * those of the last statement. *answered: the number of messages answered before the first error. rows may be NULL.
 */
outcome_t pgsql_receive(lease_t *lease, apr_int64_t deadline, int *answered, rows_t **rows);

#endif
