#include "admin/users.h"
