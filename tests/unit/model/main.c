/* SPDX-License-Identifier: MIT */
/* Runs all groups of tests of src/model/. */
#include "base/check.h"
#include "unit/model/groups.h"

int main(void)
{
    int (*const groups[])(void) = {
        test_event,           test_event_parse, test_event_body,  test_event_cuts,
        test_event_request,   test_event_wire,  test_lead,        test_link_token,
        test_consent,         test_rule_count,  test_stats,       test_stats_reference,
        test_stats_published, test_learn,       test_assign_hash, test_email,
        test_sequence,
    };
    int failed = 0;

    for (size_t i = 0; i < RP_COUNT(groups); i++)
        failed += groups[i]();
    return failed > 0;
}
