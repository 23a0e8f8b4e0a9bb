/* SPDX-License-Identifier: MIT */
#include "unit/daemon/groups.h"

int main(void)
{
    return test_coalesce() + test_sight() + test_candidate();
}
