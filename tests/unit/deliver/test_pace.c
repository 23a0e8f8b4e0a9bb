/* SPDX-License-Identifier: MIT */
/* When an endpoint is slow, and when its rows come back. */
#include "base/limits.h"
#include "deliver/pace.h"
#include "suite.h"

static void test_slow_after_a_second_without_a_quick_end(void **state)
{
    struct rp_pace pace;

    (void)state;
    rp_pace_init(&pace, 8, 5000);
    assert_false(pace.slow);
    assert_int_equal(rp_pace_room(&pace), RP_ENDPOINT_QUEUE_MAX);
    rp_pace_busy(&pace, 5000, 5000 + RP_PACE_SLOW_MS - 1);
    assert_false(pace.slow);
    rp_pace_busy(&pace, 5000, 5000 + RP_PACE_SLOW_MS);
    assert_true(pace.slow);
    assert_int_equal(rp_pace_room(&pace), 16);
    rp_pace_ended(&pace, 5000, 7000); /* two seconds: still slow */
    assert_true(pace.slow);
    rp_pace_ended(&pace, 7000, 7000 + RP_PACE_SLOW_MS - 1);
    assert_false(pace.slow);
}

static void test_one_slow_request_among_quick_ones(void **state)
{
    struct rp_pace pace;

    (void)state;
    rp_pace_init(&pace, 8, 0);
    rp_pace_ended(&pace, 9990, 10000);
    rp_pace_ended(&pace, 0, 10500);
    assert_false(pace.slow);
    rp_pace_busy(&pace, 0, 10900);
    assert_false(pace.slow);
}

static void test_rows_come_back_at_the_pace_of_the_slots(void **state)
{
    struct rp_pace pace;
    int64_t now_ms = 1000000, last_ms = now_ms;

    (void)state;
    rp_pace_init(&pace, 5, 0);
    rp_pace_busy(&pace, 0, 15000);
    for (int i = 1; i <= 199; i++) {
        int64_t due_ms = rp_pace_due_ms(&pace, now_ms, 0.5);
        assert_int_equal(due_ms, now_ms + i * 3001);
        last_ms = due_ms;
    }
    assert_true(last_ms <= now_ms + RP_PACE_RETURN_MS);
    /* Beyond the horizon: spread over its later half. */
    assert_int_equal(rp_pace_due_ms(&pace, now_ms, 0.0), now_ms + RP_PACE_RETURN_MS / 2);
    assert_in_range(rp_pace_due_ms(&pace, now_ms, 0.999), last_ms - 10000,
                    now_ms + RP_PACE_RETURN_MS);
    rp_pace_ended(&pace, 16000, 16010); /* it is well again: the queue starts anew */
    assert_int_equal(rp_pace_due_ms(&pace, now_ms, 0.5), now_ms + 201);
}

int rp_test_pace(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_after_a_second_without_a_quick_end),
        cmocka_unit_test(test_one_slow_request_among_quick_ones),
        cmocka_unit_test(test_rows_come_back_at_the_pace_of_the_slots),
    };
    return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
