/* SPDX-License-Identifier: MIT */
/* The circuit breaker and the budget, by themselves. */
#include "deliver/breaker.h"
#include "deliver/budget.h"
#include "suite.h"

static void test_it_opens_at_the_fifth_failure(void **state)
{
    const uint64_t end = 1000 + RP_BREAKER_SPAN_MS;
    struct rp_breaker breaker = {0};

    (void)state;
    assert_false(rp_breaker_bad(&breaker, 1000));
    for (int i = 2; i < RP_BREAKER_FAILURES; i++)
        assert_false(rp_breaker_bad(&breaker, end));
    assert_true(rp_breaker_allows(&breaker, end));
    assert_true(rp_breaker_bad(&breaker, end));
    assert_false(rp_breaker_allows(&breaker, end + RP_BREAKER_FIRST_MS - 1));
    assert_true(rp_breaker_allows(&breaker, end + RP_BREAKER_FIRST_MS));
}

static void test_a_burst_opens_nothing(void **state)
{
    struct rp_breaker breaker = {0};

    (void)state;
    for (int i = 0; i < 100 * RP_BREAKER_FAILURES; i++)
        assert_false(rp_breaker_bad(&breaker, 1000 + (i ? RP_BREAKER_SPAN_MS - 1 : 0)));
    assert_true(rp_breaker_bad(&breaker, 1000 + RP_BREAKER_SPAN_MS));
}

static void test_a_success_between_starts_the_count_anew(void **state)
{
    struct rp_breaker breaker = {0};

    (void)state;
    for (int i = 0; i < 3 * RP_BREAKER_FAILURES; i++) {
        assert_false(rp_breaker_bad(&breaker, 1));
        if (i % (RP_BREAKER_FAILURES - 1) == RP_BREAKER_FAILURES - 2)
            rp_breaker_good(&breaker);
    }
    assert_int_equal(breaker.opened, 0);
}

static void test_one_probe_at_a_time_and_longer_waits(void **state)
{
    struct rp_breaker breaker = {0};
    uint64_t now = 0, wait = RP_BREAKER_FIRST_MS;

    (void)state;
    assert_true(rp_breaker_trip(&breaker, now));
    for (int i = 0; i < 8; i++) {
        assert_int_equal(breaker.probe_at, now + wait);
        now += wait;
        assert_true(rp_breaker_allows(&breaker, now));
        rp_breaker_started(&breaker);
        assert_false(rp_breaker_allows(&breaker, now + 3600000));
        assert_false(rp_breaker_bad(&breaker, now));
        wait = wait * 2 < RP_BREAKER_LAST_MS ? wait * 2 : RP_BREAKER_LAST_MS;
    }
    assert_int_equal(breaker.opened, 1);
    rp_breaker_started(&breaker);
    rp_breaker_void(&breaker, now);
    assert_true(rp_breaker_allows(&breaker, now));
    rp_breaker_started(&breaker);
    rp_breaker_good(&breaker);
    assert_true(rp_breaker_allows(&breaker, now));
    assert_int_equal(breaker.failures, 0);
}

/* Attempts that were out when it opened, and end later. */
static void test_late_ends(void **state)
{
    struct rp_breaker breaker = {0};

    (void)state;
    assert_true(rp_breaker_trip(&breaker, 0));
    assert_false(rp_breaker_bad(&breaker, 4000));
    assert_int_equal(breaker.probe_at, RP_BREAKER_FIRST_MS);
    rp_breaker_good(&breaker);
    assert_int_equal(breaker.state, RP_BREAKER_CLOSED);
}

static void test_the_budget(void **state)
{
    struct rp_budget budget;
    uint64_t now = 5000;
    int taken = 0;

    (void)state;
    rp_budget_init(&budget, 90, now);
    for (; now < 15000; now += 10) {
        while (rp_budget_ready(&budget, now)) {
            rp_budget_take(&budget, now);
            taken++;
        }
    }
    assert_in_range(taken, 90, 99); /* and the second's worth that it held */
    rp_budget_init(&budget, 10, now);
    rp_budget_take(&budget, now);
    rp_budget_take(&budget, now); /* in debt: the next one waits for two */
    assert_false(rp_budget_ready(&budget, now + 1999));
    assert_true(rp_budget_ready(&budget, now + 2000));
    rp_budget_init(&budget, 0, now);
    for (int i = 0; i < 1000; i++) {
        assert_true(rp_budget_ready(&budget, now));
        rp_budget_take(&budget, now);
    }
}

int rp_test_breaker(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_opens_at_the_fifth_failure),
        cmocka_unit_test(test_a_burst_opens_nothing),
        cmocka_unit_test(test_a_success_between_starts_the_count_anew),
        cmocka_unit_test(test_one_probe_at_a_time_and_longer_waits),
        cmocka_unit_test(test_late_ends),
        cmocka_unit_test(test_the_budget),
    };

    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
