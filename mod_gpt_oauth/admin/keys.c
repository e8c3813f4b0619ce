#include "admin/keys.h"
