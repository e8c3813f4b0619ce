#include "admin/access.h"
