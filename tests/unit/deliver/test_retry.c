/* SPDX-License-Identifier: MIT */
/* Properties of the retry schedule, and Retry-After. */
#include "base/limits.h"
#include "base/when.h"
#include "core/retry.h"
#include "deliver/webhook.h"
#include "suite.h"

#define NOW INT64_C(1767225600000)

static const double almost_one = 0.999999999;

static void test_every_status(void **state)
{
    (void)state;
    for (int status = 0; status < 600; status++) {
        int64_t due_ms = -1;
        enum rp_outcome outcome = rp_retry_decide(status, 1, -1, 0.5, NOW, &due_ms);
        if (status >= 200 && status <= 299) {
            assert_int_equal(outcome, RP_OUTCOME_DELIVERED);
        } else if (status == 410) {
            assert_int_equal(outcome, RP_OUTCOME_DEAD);
        } else {
            assert_int_equal(outcome, RP_OUTCOME_RETRY);
            assert_int_equal(due_ms, NOW + 2500);
            continue;
        }
        assert_int_equal(due_ms, -1); /* only written for a retry */
    }
}

static void test_ceilings(void **state)
{
    (void)state;
    assert_int_equal(rp_retry_ceiling_ms(1), 5000);
    assert_int_equal(rp_retry_ceiling_ms(2), 10000);
    assert_int_equal(rp_retry_ceiling_ms(12), 10240 * 1000);
    assert_int_equal(rp_retry_ceiling_ms(13), 5 * RP_HOUR);
    assert_int_equal(rp_retry_ceiling_ms(RP_RETRY_ATTEMPTS_MAX), 5 * RP_HOUR);
    assert_int_equal(rp_retry_ceiling_ms(1000000000), 5 * RP_HOUR);
}

static void test_jitter_is_full(void **state)
{
    (void)state;
    for (int attempts = 1; attempts < RP_RETRY_ATTEMPTS_MAX; attempts++) {
        int64_t low = -1, high = -1, ceiling = rp_retry_ceiling_ms(attempts);
        assert_int_equal(rp_retry_decide(500, attempts, -1, 0.0, NOW, &low), RP_OUTCOME_RETRY);
        assert_int_equal(rp_retry_decide(500, attempts, -1, almost_one, NOW, &high),
                         RP_OUTCOME_RETRY);
        assert_int_equal(low, NOW);
        assert_in_range(high - NOW, ceiling - ceiling / 1000, ceiling - 1);
    }
}

static void test_about_28_hours(void **state)
{
    int64_t mean = 0, due_ms;

    (void)state;
    for (int attempts = 1; attempts < RP_RETRY_ATTEMPTS_MAX; attempts++) {
        assert_int_equal(rp_retry_decide(0, attempts, -1, 0.5, 0, &due_ms), RP_OUTCOME_RETRY);
        mean += due_ms;
    }
    assert_in_range(mean, 27 * RP_HOUR, 29 * RP_HOUR);
}

static void test_the_last_attempt(void **state)
{
    int64_t due_ms = -1;

    (void)state;
    assert_int_equal(rp_retry_decide(500, RP_RETRY_ATTEMPTS_MAX - 1, -1, 0.5, NOW, &due_ms),
                     RP_OUTCOME_RETRY);
    assert_int_equal(rp_retry_decide(500, RP_RETRY_ATTEMPTS_MAX, 1000, 0.5, NOW, &due_ms),
                     RP_OUTCOME_DEAD);
    assert_int_equal(rp_retry_decide(200, RP_RETRY_ATTEMPTS_MAX, -1, 0.5, NOW, &due_ms),
                     RP_OUTCOME_DELIVERED);
}

static void test_a_lost_count_starts_anew(void **state)
{
    int64_t due_ms = -1;

    (void)state;
    assert_int_equal(rp_retry_decide(500, 0, -1, 0.5, NOW, &due_ms), RP_OUTCOME_RETRY);
    assert_int_equal(due_ms, NOW + 2500);
}

static void test_retry_after_is_obeyed_and_bounded(void **state)
{
    int64_t due_ms = -1;

    (void)state;
    assert_int_equal(rp_retry_decide(429, 1, 60000, 0.0, NOW, &due_ms), RP_OUTCOME_RETRY);
    assert_int_equal(due_ms, NOW + 60000);
    rp_retry_decide(503, 1, 60000, 0.5, NOW, &due_ms);
    assert_int_equal(due_ms, NOW + 62500);
    rp_retry_decide(429, 1, RP_RETRY_STEP_MAX_MS, 0.0, NOW, &due_ms);
    assert_int_equal(due_ms, NOW + RP_RETRY_STEP_MAX_MS);
    rp_retry_decide(429, 1, RP_RETRY_STEP_MAX_MS + 1, 0.0, NOW, &due_ms);
    assert_int_equal(due_ms, NOW + RP_RETRY_STEP_MAX_MS);
    rp_retry_decide(429, 1, INT64_MAX, 0.0, NOW, &due_ms);
    assert_int_equal(due_ms, NOW + RP_RETRY_STEP_MAX_MS);
    rp_retry_decide(429, 1, 0, 0.5, NOW, &due_ms);
    assert_int_equal(due_ms, NOW + 2500);
}

static void test_retry_after_text(void **state)
{
    (void)state;
    assert_int_equal(rp_request_retry_after("0", NOW), 0);
    assert_int_equal(rp_request_retry_after("120", NOW), 120000);
    assert_true(rp_request_retry_after("99999999999999999999999999", NOW) > RP_DAY);
    assert_int_equal(rp_request_retry_after("Thu, 01 Jan 2026 00:02:00 GMT", NOW), 120000);
    assert_int_equal(rp_request_retry_after("Wed, 31 Dec 2025 23:00:00 GMT", NOW), 0);
    assert_int_equal(rp_request_retry_after("soon", NOW), -1);
    assert_int_equal(rp_request_retry_after("", NOW), -1);
    assert_int_equal(rp_request_retry_after("-5", NOW), -1);
}

int rp_test_retry(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_jitter_is_full),
        cmocka_unit_test(test_about_28_hours),
        cmocka_unit_test(test_the_last_attempt),
        cmocka_unit_test(test_a_lost_count_starts_anew),
        cmocka_unit_test(test_retry_after_is_obeyed_and_bounded),
        cmocka_unit_test(test_retry_after_text),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
