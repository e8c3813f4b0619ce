#include "admin/clients.h"
