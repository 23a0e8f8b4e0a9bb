/* SPDX-License-Identifier: MIT */
/* Counts of rules: the window of recent runs, and when a rule keeps failing. */
#include "model/rule_count.h"
#include "unit/model/groups.h"

static void runs(struct rp_rule_count *count, unsigned times, bool failed)
{
    for (unsigned i = 0; i < times; i++)
        rp_rule_count_test(count, failed, 10, 100);
}

static void totals_add_up(void **state)
{
    struct rp_rule_count count = {0};
    uint32_t window;

    (void)state;
    runs(&count, 3, true);
    runs(&count, 4, false);
    assert_int_equal(count.tests, 7);
    assert_int_equal(count.faults, 3);
    assert_int_equal(count.steps, 70);
    assert_int_equal(count.test_ns, 700);
    assert_int_equal(rp_rule_count_recent(&count, &window), 3);
    assert_int_equal(window, 7);
}

static void twenty_failures_are_needed(void **state)
{
    struct rp_rule_count count = {0};

    (void)state;
    runs(&count, RP_FAULTS_FAILING - 1, true);
    assert_false(rp_rule_count_failing(&count));
    runs(&count, 1, true);
    assert_true(rp_rule_count_failing(&count));
}

static void more_than_half_must_fail(void **state)
{
    struct rp_rule_count count = {0};

    (void)state;
    runs(&count, 50, false);
    runs(&count, 50, true);
    assert_false(rp_rule_count_failing(&count)); /* half of a hundred */
    runs(&count, 1, true);
    assert_true(rp_rule_count_failing(&count));
}

static void only_the_last_hundred_runs_count(void **state)
{
    struct rp_rule_count count = {0};
    uint32_t window;

    (void)state;
    runs(&count, 100, true);
    assert_true(rp_rule_count_failing(&count));
    runs(&count, 49, false);
    assert_int_equal(rp_rule_count_recent(&count, &window), 51);
    assert_int_equal(window, RP_RECENT_TESTS);
    assert_true(rp_rule_count_failing(&count));
    runs(&count, 1, false);
    assert_int_equal(rp_rule_count_recent(&count, &window), 50);
    assert_false(rp_rule_count_failing(&count));
    runs(&count, 50, false);
    assert_int_equal(rp_rule_count_recent(&count, &window), 0);
    assert_int_equal(count.faults, 100);
}

int test_rule_count(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_add_up),
        cmocka_unit_test(twenty_failures_are_needed),
        cmocka_unit_test(more_than_half_must_fail),
        cmocka_unit_test(only_the_last_hundred_runs_count),
    };

    return cmocka_run_group_tests_name("model/rule_count", tests, NULL, NULL);
}
