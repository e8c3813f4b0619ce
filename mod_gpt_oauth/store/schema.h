/*
 * What the database must look like; internal to store/.
 */
#ifndef GPT_OAUTH_STORE_SCHEMA_H
#define GPT_OAUTH_STORE_SCHEMA_H

#include "store/lease.h"

/*
 * The number of the newest migration that the statements here know. The schema before it will do, too, as a package is upgraded
 * before anybody runs `gptoauth migrate`: what needs more says so in its op_t (store/db.h).
 */
#define SCHEMA_VERSION 9
#define SCHEMA_BEFORE  (SCHEMA_VERSION - 1)

/* Names in oauth_setting. schema_oldest is the least SCHEMA_VERSION of a module that can still work with the schema. */
#define SETTING_SCHEMA        "schema"
#define SETTING_SCHEMA_OLDEST "schema_oldest"
#define SETTING_TAG_KEY       "tag_key"

/* Reads them all, not only those needed now: the statement is the same for every module that comes after this one. */
extern const char schema_settings[];

/*
 * Once per connection, and every few seconds while it has the schema before: may this module use this database? Takes the tag key
 * along; lease->memo->schema is set on DB_OK.
 */
outcome_t schema_check(lease_t *lease);

#endif
