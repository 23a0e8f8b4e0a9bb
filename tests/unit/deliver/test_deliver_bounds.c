/* SPDX-License-Identifier: MIT */
/* Delivery's order, caps, leases, slow endpoints and its end. Counts, never durations, are
 * asserted. */
#include "base/limits.h"
#include "rig.h"

#include <stdlib.h>

#define DEAD_MS 5000 /* time out of the endpoint that never answers: later than all else */

static size_t out_of(const struct rig *rig, size_t index)
{
    struct rp_endpoint_stats stats[8];

    assert_true(rp_deliver_stats(rig->deliver, stats, 8) > index);
    return stats[index].in_flight;
}

static size_t queued_at(const struct rig *rig, size_t index)
{
    struct rp_endpoint_stats stats[8];

    assert_true(rp_deliver_stats(rig->deliver, stats, 8) > index);
    return stats[index].queued;
}

static void test_order_is_kept_a_lead(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    for (int64_t id = 1; id <= 20; id++)
        rig_submit(rig, id, 7, "crm", 1, 0);
    rig_submit(rig, 100, 8, "crm", 1, 0); /* another lead does not wait behind the twenty */
    RIG_UNTIL(rig, receiver->held == 2);
    assert_int_equal(out_of(rig, 0), 2);
    assert_int_equal(queued_at(rig, 0), 19);
    while (rig->result_count < 21) {
        receiver_release(receiver, 200);
        rig_turn(rig, "21 results");
    }
    assert_int_equal(receiver->held_most, 2);
    int64_t last = 0;
    for (size_t i = 0; i < rig->result_count; i++) {
        if (rig->results[i].id == 100)
            continue;
        assert_int_equal(rig->results[i].id, last + 1);
        last = rig->results[i].id;
    }
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 21);
}

static void test_the_same_lead_at_two_endpoints(void **state)
{
    struct rig *rig = *state;
    struct receiver *hangs = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "hangs", hangs, NULL);
    rig_endpoint(rig, "well", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 7, "hangs", 1, 0);
    rig_submit(rig, 2, 7, "well", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].id, 2);
}

static void test_a_retry_takes_the_later_ones_back(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    for (int64_t id = 1; id <= 3; id++)
        rig_submit(rig, id, 7, "crm", 1, 0);
    RIG_UNTIL(rig, receiver->held == 1);
    receiver_release(receiver, 500);
    rig_results(rig, 3);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETRY);
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(rig->results[i].id, i + 1);
        assert_int_equal(rig->results[i].outcome, RP_OUTCOME_RETURNED);
        assert_int_equal(rig->results[i].due_ms, rig->results[0].due_ms);
    }
    assert_int_equal(receiver->requests, 1);
}

static void test_a_dead_letter_releases_the_next(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    rig_submit(rig, 1, 7, "crm", RP_RETRY_ATTEMPTS_MAX, 0);
    rig_submit(rig, 2, 7, "crm", 1, 0);
    RIG_UNTIL(rig, receiver->held == 1);
    receiver_release(receiver, 500);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DEAD);
    RIG_UNTIL(rig, receiver->held == 1);
    receiver_release(receiver, 200);
    rig_results(rig, 2);
    assert_int_equal(rig->results[1].outcome, RP_OUTCOME_DELIVERED);
}

static void test_the_cap_of_an_endpoint(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL)->parallel = 3;
    rig_start(rig);
    for (int64_t id = 1; id <= 40; id++)
        rig_submit(rig, id, id, "crm", 1, 0);
    assert_int_equal(out_of(rig, 0), 3);
    assert_int_equal(queued_at(rig, 0), 37);
    assert_int_equal(rp_deliver_room(rig->deliver), RP_ENDPOINT_QUEUE_MAX - 37);
    RIG_UNTIL(rig, receiver->held == 3);
    while (rig->result_count < 40) {
        receiver_release(receiver, 200);
        rig_turn(rig, "40 results");
        assert_true(out_of(rig, 0) <= 3);
    }
    assert_int_equal(receiver->held_most, 3);
    assert_int_equal(receiver->connections, 3); /* kept alive */
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 40);
}

static void test_time_in_the_queue_is_no_time_out(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    struct rp_endpoint *endpoint = rig_endpoint(rig, "crm", receiver, NULL);
    endpoint->parallel = 1;
    endpoint->timeout_ms = 600;
    rig_start(rig);
    for (int64_t id = 1; id <= 4; id++)
        rig_submit(rig, id, id, "crm", 1, 0);
    for (size_t i = 1; i <= 4; i++) { /* four times 200 ms: the last has waited past the time out */
        RIG_UNTIL(rig, receiver->held == 1);
        rig_turns(rig, 200);
        receiver_release(receiver, 200);
        rig_results(rig, i);
    }
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 4);
}

static void test_a_dead_endpoint_delays_no_other(void **state)
{
    struct rig *rig = *state;
    struct receiver *hangs = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "hangs", hangs, NULL)->timeout_ms = DEAD_MS;
    rig_endpoint(rig, "well", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    for (int64_t id = 1; id <= 1000; id++) {
        rig_submit(rig, id, id, "hangs", 1, 0);
        rig_submit(rig, id + 5000, id, "well", 1, 0);
    }
    RIG_UNTIL(rig, rig_count(rig, RP_OUTCOME_DELIVERED) == 1000);
    assert_int_equal(rig_count(rig, RP_OUTCOME_RETRY), 0); /* before the first time out */
    for (size_t i = 0; i < rig->result_count; i++) {
        if (rig->results[i].outcome == RP_OUTCOME_DELIVERED)
            assert_true(rig->results[i].id > 5000);
    }
    assert_int_equal(hangs->connections, 8);
}

static void test_a_slow_endpoint_gives_rows_back(void **state)
{
    struct rig *rig = *state;
    struct receiver *hangs = rig_receiver(rig, rig_hold);
    int64_t due_ms = RIG_NOW;

    struct rp_endpoint *endpoint = rig_endpoint(rig, "hangs", hangs, NULL);
    endpoint->timeout_ms = DEAD_MS;
    endpoint->parallel = 2;
    rig_start(rig);
    for (int64_t id = 1; id <= 30; id++)
        rig_submit(rig, id, id, "hangs", 1, RIG_NOW + 60000);
    rig_results(rig, 24); /* 2 are out, 4 wait */
    assert_int_equal(out_of(rig, 0), 2);
    assert_int_equal(queued_at(rig, 0), 4);
    for (size_t i = 0; i < 24; i++) {
        assert_int_equal(rig->results[i].id, i + 7);
        assert_int_equal(rig->results[i].outcome, RP_OUTCOME_RETURNED);
        assert_true(rig->results[i].due_ms > due_ms);
        due_ms = rig->results[i].due_ms;
    }
    rig_submit(rig, 31, 31, "hangs", 1, 0); /* and takes no more than a few */
    assert_int_equal(rig->result_count, 25);
    assert_int_equal(rig->results[24].outcome, RP_OUTCOME_RETURNED);
    RIG_UNTIL(rig, hangs->held == 2);
    receiver_release(hangs, 200);
    RIG_UNTIL(rig, hangs->held == 2); /* the next two are out */
    receiver_release(hangs, 200);     /* answered quickly: it is well again */
    RIG_UNTIL(rig, rig_count(rig, RP_OUTCOME_DELIVERED) == 4);
    for (int64_t id = 101; id <= 130; id++)
        rig_submit(rig, id, id, "hangs", 1, 0);
    assert_int_equal(rig_count(rig, RP_OUTCOME_RETURNED), 25);
    assert_int_equal(queued_at(rig, 0), 30);
}

static void test_the_queue_at_its_bound_and_past_it(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "hangs", rig_receiver(rig, rig_hold), NULL)->parallel = 1;
    rig_start(rig);
    assert_int_equal(rp_deliver_room(rig->deliver), RP_ENDPOINT_QUEUE_MAX);
    for (int64_t id = 0; id <= RP_ENDPOINT_QUEUE_MAX; id++)
        rig_submit(rig, id, id, "hangs", 1, 0);
    assert_int_equal(rig->result_count, 0);
    assert_int_equal(queued_at(rig, 0), RP_ENDPOINT_QUEUE_MAX);
    assert_int_equal(rp_deliver_room(rig->deliver), 0);
    rig_submit(rig, 9999, 9999, "hangs", 1, 0);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_RETURNED);
    assert_true(rig->results[0].due_ms > RIG_NOW);
    assert_int_equal(queued_at(rig, 0), RP_ENDPOINT_QUEUE_MAX);
}

static void test_a_row_is_not_sent_twice(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    rig_submit(rig, 1, 7, "crm", 1, 0);
    rig_submit(rig, 1, 7, "crm", 2, 0); /* claimed again while it is out */
    rig_submit(rig, 2, 7, "crm", 1, 0);
    rig_submit(rig, 2, 7, "crm", 2, 0);
    while (rig->result_count < 2) {
        receiver_release(receiver, 200);
        rig_turn(rig, "2 results");
    }
    rig_turns(rig, 50);
    assert_int_equal(rig->result_count, 2);
    assert_int_equal(receiver->requests, 2);
}

static void test_leases(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    struct rp_endpoint *endpoint = rig_endpoint(rig, "crm", receiver, NULL);
    endpoint->parallel = 1; /* time out 5 s: a row must start 6 s before its lease ends */
    rig_start(rig);
    assert_int_equal(rp_deliver_lease_ms(rig->deliver), 66000);
    rig_submit(rig, 1, 1, "crm", 1, RIG_NOW + 66000);
    rig_submit(rig, 2, 2, "crm", 1, RIG_NOW + 16000); /* goes back at 10 s */
    rig_submit(rig, 3, 3, "crm", 1, RIG_NOW + 19000);
    rig_submit(rig, 4, 3, "crm", 1, RIG_NOW + 66000); /* behind 3: goes back with it */
    rig_submit(rig, 5, 5, "crm", 1, RIG_NOW + 12000); /* its lease ends before anybody looks */
    rig_submit(rig, 6, 6, "crm", 1, 0);
    rig->now_ms = RIG_NOW + 10000;
    rig_turns(rig, 600);
    assert_int_equal(rig->result_count, 1);
    assert_int_equal(rig->results[0].id, 5);
    rig->now_ms = RIG_NOW + 10001;
    rig_results(rig, 2);
    assert_int_equal(rig->results[1].id, 2);
    assert_int_equal(rig->results[1].outcome, RP_OUTCOME_RETURNED);
    assert_int_equal(rig->results[1].due_ms, RIG_NOW + 10001);
    rig->now_ms = RIG_NOW + 19000; /* over: perhaps leased anew, so nothing may be said of it */
    rig_results(rig, 3);
    assert_int_equal(rig->results[2].id, 4);
    assert_int_equal(queued_at(rig, 0), 1);
    receiver_release(receiver, 200);
    RIG_UNTIL(rig, receiver->held == 1);
    receiver_release(receiver, 200);
    rig_results(rig, 5);
    assert_int_equal(rig->results[4].id, 6);
}

static void test_a_lease_too_short_to_wait(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1,
               RIG_NOW + 100); /* shorter than the time out: tried all the same */
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DELIVERED);
}

/* --- the callback may submit and stop
 * ------------------------------------------------------------- */

static void submit_another(struct rig *rig, const struct rp_outbox_result *result)
{
    if (result->id < 50)
        rig_submit(rig, result->id + 1, 7, "crm", 1, 0);
}

static void test_submit_from_the_callback(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig->on_result = submit_another;
    rig_submit(rig, 1, 7, "crm", 1, 0);
    rig_results(rig, 50);
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 50);
}

static void stop_at_once(struct rig *rig, const struct rp_outbox_result *result)
{
    (void)result;
    rig->on_result = NULL;
    rig_stop(rig, 0);
}

static void test_stop_from_the_callback(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL)->parallel = 2;
    rig_start(rig);
    for (int64_t id = 1; id <= 10; id++)
        rig_submit(rig, id, id, "crm", 1, 0);
    rig->on_result = stop_at_once;
    RIG_UNTIL(rig, rig->stopped);
    assert_int_equal(rig->result_count, 10);
    assert_int_equal(rig_count(rig, RP_OUTCOME_RETURNED), 8);
    assert_true(rig_count(rig, RP_OUTCOME_DELIVERED) >= 1);
}

/* --- the end -------------------------------------------------------------------------------------
 */

static void test_stop_waits_for_what_is_out(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL)->parallel = 2;
    rig_start(rig);
    for (int64_t id = 1; id <= 5; id++)
        rig_submit(rig, id, id, "crm", 1, 0);
    RIG_UNTIL(rig, receiver->held == 2);
    rig_stop(rig, 15000);
    assert_int_equal(rig->result_count, 3); /* what waited goes back at once */
    assert_int_equal(rig_count(rig, RP_OUTCOME_RETURNED), 3);
    assert_int_equal(rp_deliver_room(rig->deliver), 0);
    rig_submit(rig, 6, 6, "crm", 1, 0);
    assert_int_equal(rig_result(rig, 6)->outcome, RP_OUTCOME_RETURNED);
    assert_int_equal(rig_result(rig, 6)->due_ms, RIG_NOW);
    rig_turns(rig, 50);
    assert_false(rig->stopped);
    receiver_release(receiver, 200);
    RIG_UNTIL(rig, rig->stopped);
    assert_int_equal(rig_count(rig, RP_OUTCOME_DELIVERED), 2);
    assert_int_equal(receiver->requests, 2);
}

static void test_stop_gives_up_after_the_grace(void **state)
{
    struct rig *rig = *state;
    struct receiver *receiver = rig_receiver(rig, rig_hold);

    rig_endpoint(rig, "crm", receiver, NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_submit(rig, 2, 2, "crm", 1, 0);
    RIG_UNTIL(rig, receiver->held == 2);
    rig_stop(rig, 15000);
    rig_turns(rig, 20);
    assert_false(rig->stopped);
    rig_stop(rig, 10); /* in a hurry now */
    RIG_UNTIL(rig, rig->stopped);
    assert_int_equal(rig->result_count, 2);
    for (int64_t id = 1; id <= 2; id++) {
        assert_int_equal(rig_result(rig, id)->outcome, RP_OUTCOME_RETRY);
        assert_int_equal(rig_result(rig, id)->due_ms, RIG_NOW);
        assert_non_null(strstr(rig_result(rig, id)->error, "stopped"));
    }
}

static void test_stop_when_idle(void **state)
{
    struct rig *rig = *state;

    rig_endpoint(rig, "crm", rig_receiver(rig, rig_ok), NULL);
    rig_start(rig);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    rig_stop(rig, 15000);
    assert_false(rig->stopped); /* never from inside the call */
    RIG_UNTIL(rig, rig->stopped);
}

static void test_no_endpoints(void **state)
{
    struct rig *rig = *state;

    rig_start(rig);
    assert_int_equal(rp_deliver_stats(rig->deliver, NULL, 0), 0);
    rig_submit(rig, 1, 1, "crm", 1, 0);
    rig_results(rig, 1);
    assert_int_equal(rig->results[0].outcome, RP_OUTCOME_DEAD);
}

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int rp_test_deliver_bounds(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(test_order_is_kept_a_lead),
        RIG_TEST(test_the_same_lead_at_two_endpoints),
        RIG_TEST(test_a_retry_takes_the_later_ones_back),
        RIG_TEST(test_a_dead_letter_releases_the_next),
        RIG_TEST(test_the_cap_of_an_endpoint),
        RIG_TEST(test_time_in_the_queue_is_no_time_out),
        RIG_TEST(test_a_dead_endpoint_delays_no_other),
        RIG_TEST(test_a_slow_endpoint_gives_rows_back),
        RIG_TEST(test_the_queue_at_its_bound_and_past_it),
        RIG_TEST(test_a_row_is_not_sent_twice),
        RIG_TEST(test_leases),
        RIG_TEST(test_a_lease_too_short_to_wait),
        RIG_TEST(test_submit_from_the_callback),
        RIG_TEST(test_stop_from_the_callback),
        RIG_TEST(test_stop_waits_for_what_is_out),
        RIG_TEST(test_stop_gives_up_after_the_grace),
        RIG_TEST(test_stop_when_idle),
        RIG_TEST(test_no_endpoints),
    };
    return cmocka_run_group_tests_name("deliver_bounds", tests, NULL, NULL);
}
