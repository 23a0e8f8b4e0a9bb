/* SPDX-License-Identifier: MIT */
/* Lanes: order within a lead, freedom between leads, cuts; with a model check on random steps. */
#include "base/when.h"
#include "deliver/lanes.h"
#include "suite.h"

#include <stdlib.h>

static struct rp_job *add(struct rp_lanes *lanes, int64_t id, int64_t lead)
{
    struct rp_outbox_row row = {
        .id = id, .lead = lead, .key = RP_STR("key"), .body = RP_STR("{\"a\":1}"), .attempts = 3};
    struct rp_job *job = rp_job_new(&row);

    assert_true(rp_str_is(job->key, "key"));
    assert_true(rp_str_is(job->body, "{\"a\":1}"));
    assert_int_equal(job->attempts, 3);
    assert_true(job->lease_ms == RP_NEVER);
    if (rp_lanes_add(lanes, job))
        return job;
    free(job);
    return NULL;
}

static void free_list(struct rp_job *job)
{
    while (job) {
        struct rp_job *next = job->next;
        free(job);
        job = next;
    }
}

static void test_one_out_a_lead(void **state)
{
    struct rp_lanes lanes = {0};

    (void)state;
    add(&lanes, 1, 7);
    add(&lanes, 2, 7);
    add(&lanes, 3, 8);
    struct rp_job *first = rp_lanes_take(&lanes);
    assert_int_equal(first->id, 1);
    assert_int_equal(rp_lanes_follower(first)->id, 2);
    struct rp_job *other = rp_lanes_take(&lanes);
    assert_int_equal(other->id, 3);
    assert_null(rp_lanes_take(&lanes)); /* 2 waits behind 1 */
    assert_int_equal(lanes.waiting, 1);
    rp_lanes_free(&lanes, first);
    struct rp_job *second = rp_lanes_take(&lanes);
    assert_int_equal(second->id, 2);
    assert_null(rp_lanes_follower(second));
    rp_lanes_free(&lanes, second);
    rp_lanes_free(&lanes, other);
    assert_int_equal(lanes.waiting, 0);
    assert_null(lanes.ready_first);
}

static void test_a_row_is_not_taken_twice(void **state)
{
    struct rp_lanes lanes = {0};

    (void)state;
    assert_non_null(add(&lanes, 1, 7));
    assert_null(add(&lanes, 1, 7)); /* waits */
    struct rp_job *out = rp_lanes_take(&lanes);
    assert_null(add(&lanes, 1, 7)); /* is out */
    assert_non_null(add(&lanes, 2, 7));
    assert_null(add(&lanes, 2, 7));
    rp_lanes_free(&lanes, out);
    assert_non_null(add(&lanes, 1, 7)); /* over: the outbox gave it out again */
    out = rp_lanes_take(&lanes);
    assert_int_equal(out->id, 2);
    rp_lanes_free(&lanes, out);
    out = rp_lanes_take(&lanes);
    rp_lanes_free(&lanes, out);
}

static void test_cut_takes_the_later_ones_along(void **state)
{
    struct rp_lanes lanes = {0};

    (void)state;
    add(&lanes, 1, 7);
    struct rp_job *second = add(&lanes, 2, 7);
    add(&lanes, 3, 8);
    add(&lanes, 4, 7);
    struct rp_job *list = rp_lanes_cut(&lanes, second);
    assert_int_equal(list->id, 2);
    assert_int_equal(list->next->id, 4);
    assert_null(list->next->next);
    free_list(list);
    assert_int_equal(lanes.waiting, 2);
    list = rp_lanes_cut(&lanes, lanes.first);
    assert_int_equal(list->id, 1);
    assert_null(list->next);
    free_list(list);
    struct rp_job *out = rp_lanes_take(&lanes);
    assert_int_equal(out->id, 3);
    add(&lanes, 5, 8);
    free_list(rp_lanes_cut(&lanes, lanes.first)); /* while its lead is out */
    assert_null(rp_lanes_follower(out));
    rp_lanes_free(&lanes, out);
    assert_null(rp_lanes_take(&lanes));
}

/* 20,000 random steps over 40 leads (several share a bucket or not): ids of a lead come out in
 * order, never two at a time, and the counts agree. */
static void test_random_steps(void **state)
{
    struct rp_lanes lanes = {0};
    struct rp_job *out[40] = {0};
    int64_t newest[40] = {0};
    size_t expected = 0;
    int64_t id = 0;

    (void)state;
    srand(20260302);
    for (int step = 0; step < 20000; step++) {
        int lead = rand() % 40;
        switch (rand() % 5) {
        case 0:
        case 1:
            assert_non_null(add(&lanes, ++id, lead));
            expected++;
            break;
        case 2: {
            struct rp_job *job = rp_lanes_take(&lanes);
            if (!job)
                break;
            assert_null(out[job->lead]);
            assert_true(job->id > newest[job->lead]);
            newest[job->lead] = job->id;
            out[job->lead] = job;
            expected--;
            break;
        }
        case 3:
            if (out[lead])
                rp_lanes_free(&lanes, out[lead]);
            out[lead] = NULL;
            break;
        default:
            if (lanes.last && rand() % 8 == 0) {
                struct rp_job *list = rp_lanes_cut(&lanes, rand() % 2 ? lanes.first : lanes.last);
                for (struct rp_job *job = list; job; job = job->next)
                    expected--;
                free_list(list);
            }
            break;
        }
        assert_int_equal(lanes.waiting, expected);
    }
    for (size_t i = 0; i < 40; i++) {
        if (out[i])
            rp_lanes_free(&lanes, out[i]);
    }
    while (lanes.first)
        free_list(rp_lanes_cut(&lanes, lanes.first));
    assert_int_equal(lanes.waiting, 0);
    assert_null(lanes.ready_first);
    for (size_t i = 0; i < RP_LANE_BUCKETS; i++)
        assert_null(lanes.buckets[i]);
}

int rp_test_lanes(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_out_a_lead),
        cmocka_unit_test(test_a_row_is_not_taken_twice),
        cmocka_unit_test(test_cut_takes_the_later_ones_along),
        cmocka_unit_test(test_random_steps),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
