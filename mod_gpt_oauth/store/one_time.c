#include "store/one_time.h"
