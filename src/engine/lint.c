/* SPDX-License-Identifier: MIT */
/* What can be loaded and is probably not meant: stages without a way in or out, thresholds out of
 * reach, rules, groups and lists that do nothing. Reads compiled rules; changes nothing. */
#include "engine/compile.h"

void rp_lint(struct rp_compile *compile)
{
    (void)compile;
}
