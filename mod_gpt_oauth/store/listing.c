#include "store/listing.h"
