/* SPDX-License-Identifier: MIT */
/* Evaluation: from rules and events to cells, points, stages and intents. */
#include "unit/engine/groups.h"

int rp_test_eval(void)
{
    return 0;
}
