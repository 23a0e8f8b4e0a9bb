/* SPDX-License-Identifier: MIT */
/* When a load begins, whom it answers, and that nothing is dropped: by hand and against a model
 * with random moments. */
#include "daemon/coalesce.h"
#include "unit/daemon/groups.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void waits_at_the_trailing_edge(void **state)
{
    struct rp_coalesce c = {0};

    (void)state;
    assert_int_equal(rp_coalesce_wait_ms(&c, 1000), -1);
    assert_false(rp_coalesce_begin(&c, 1000));
    assert_int_equal(rp_coalesce_ask(&c, 1000, false), 1);
    assert_int_equal(rp_coalesce_wait_ms(&c, 1000), RP_SETTLE_MS);
    assert_int_equal(rp_coalesce_ask(&c, 1100, false), 1); /* another change: waits anew */
    assert_false(rp_coalesce_begin(&c, 1000 + RP_SETTLE_MS));
    assert_false(rp_coalesce_begin(&c, 1099 + RP_SETTLE_MS));
    assert_true(rp_coalesce_begin(&c, 1100 + RP_SETTLE_MS));
    assert_false(rp_coalesce_begin(&c, 9999)); /* once */
    rp_coalesce_done(&c, 10000, false);
    assert_int_equal(c.state, RP_COALESCE_IDLE);
}

static void never_waits_for_ever(void **state)
{
    struct rp_coalesce c = {0};
    int64_t now = 500;

    (void)state;
    for (; now < 500 + RP_SETTLE_MAX_MS; now += 50) {
        (void)rp_coalesce_ask(&c, now, false);
        assert_false(rp_coalesce_begin(&c, now));
    }
    (void)rp_coalesce_ask(&c, now, false);
    assert_true(rp_coalesce_begin(&c, now));
}

static void a_person_does_not_wait(void **state)
{
    struct rp_coalesce c = {0};

    (void)state;
    (void)rp_coalesce_ask(&c, 1000, false);
    assert_int_equal(rp_coalesce_ask(&c, 1010, true), 1);
    assert_int_equal(rp_coalesce_wait_ms(&c, 1010), 0);
    (void)rp_coalesce_ask(&c, 1011, false); /* a further change does not make him wait */
    assert_true(rp_coalesce_begin(&c, 1011));
}

static void what_comes_meanwhile_gets_the_next(void **state)
{
    struct rp_coalesce c = {0};

    (void)state;
    (void)rp_coalesce_ask(&c, 1000, true);
    assert_true(rp_coalesce_begin(&c, 1000));
    assert_int_equal(rp_coalesce_ask(&c, 1005, false),
                     2); /* the files were read already, perhaps */
    assert_int_equal(rp_coalesce_ask(&c, 1006, true), 2);
    assert_int_equal(rp_coalesce_wait_ms(&c, 1006), -1);
    rp_coalesce_done(&c, 1020, false);
    assert_true(rp_coalesce_begin(&c, 1020));
    assert_int_equal(c.loads, 2);
    rp_coalesce_done(&c, 1030, false);
    assert_int_equal(c.state, RP_COALESCE_IDLE);
}

static void unsettled_files_are_read_again_later(void **state)
{
    struct rp_coalesce c = {0};

    (void)state;
    assert_int_equal(rp_coalesce_ask(&c, 1000, true), 1);
    assert_true(rp_coalesce_begin(&c, 1000));
    rp_coalesce_done(&c, 1100, true);
    assert_false(rp_coalesce_begin(&c, 1100)); /* also when a person waits */
    assert_true(rp_coalesce_begin(&c, 1100 + RP_SETTLE_MS));
    assert_int_equal(c.loads, 2); /* answers whoever waits for load 1 too */
}

static void a_clock_that_is_put_back(void **state)
{
    struct rp_coalesce c = {0};

    (void)state;
    (void)rp_coalesce_ask(&c, 100000, false);
    assert_true(rp_coalesce_begin(&c, 50000));
}

/* Random moments: a load that answers an ask has always begun after it, and every ask is answered.
 */
static void nothing_is_dropped(void **state)
{
    enum { ASKS = 4000 };
    struct rp_coalesce c = {0};
    uint64_t newest = 0;
    int64_t asked_ms = -1, began_ms = -1, now = 0;

    (void)state;
    srand(11);
    for (int i = 0; i < ASKS; i++) {
        now += rand() % 120;
        switch (rand() % 4) {
        case 0:
        case 1:
            newest = rp_coalesce_ask(&c, now, rand() % 10 == 0);
            asked_ms = now;
            assert_true(newest == c.loads + 1);
            break;
        case 2:
            if (rp_coalesce_begin(&c, now))
                began_ms = now;
            break;
        default:
            if (c.state == RP_COALESCE_BUSY) {
                rp_coalesce_done(&c, now, rand() % 5 == 0);
                /* asked after it began: another one must follow */
                if (asked_ms > began_ms)
                    assert_int_equal(c.state, RP_COALESCE_SETTLING);
            }
        }
    }
    while (c.state != RP_COALESCE_IDLE) {
        now += 1 + (rp_coalesce_wait_ms(&c, now) > 0 ? rp_coalesce_wait_ms(&c, now) : 0);
        if (c.state == RP_COALESCE_BUSY)
            rp_coalesce_done(&c, now, false);
        else
            assert_true(rp_coalesce_begin(&c, now));
    }
    assert_true(c.loads >= newest);
}

int test_coalesce(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_at_the_trailing_edge),
        cmocka_unit_test(never_waits_for_ever),
        cmocka_unit_test(a_person_does_not_wait),
        cmocka_unit_test(what_comes_meanwhile_gets_the_next),
        cmocka_unit_test(unsettled_files_are_read_again_later),
        cmocka_unit_test(a_clock_that_is_put_back),
        cmocka_unit_test(nothing_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
