/* SPDX-License-Identifier: MIT */
/* Loading: from Lua text to rules. */
#include "unit/engine/groups.h"

int rp_test_load(void)
{
    return 0;
}
