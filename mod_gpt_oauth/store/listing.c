/*
 * Pages of clients, users and service keys. Called by the console.
 */
#include "store/listing.h"
