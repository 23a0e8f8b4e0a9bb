/* SPDX-License-Identifier: MIT */
/* Which of a lead's sequences are remembered when there are too many. */
#include "base/limits.h"
#include "model/sequence.h"
#include "unit/model/groups.h"

static void add(struct rp_lead *lead, uint64_t sequence, enum rp_instance_state state)
{
    const struct rp_instance *last = rp_instance_find(lead, sequence);
    const struct rp_instance in = {.sequence = sequence,
                                   .started_ms = 1000,
                                   .number = last ? last->number + 1 : 1,
                                   .state = (uint8_t)state};

    assert_true(rp_instance_add(lead, &in));
}

static uint32_t number_of(const struct rp_lead *lead, uint64_t sequence)
{
    const struct rp_instance *in = rp_instance_find(lead, sequence);

    return in ? in->number : 0;
}

/* A sequence that starts again every week does not make the lead forget the one of its life. */
static void repetitions_go_first(void **state)
{
    struct rp_lead lead;
    uint32_t count;

    (void)state;
    rp_lead_init(&lead);
    add(&lead, 1, RP_INSTANCE_DONE);
    for (int i = 0; i < 3 * RP_INSTANCES_MAX; i++)
        add(&lead, 2, RP_INSTANCE_DONE);
    add(&lead, 3, RP_INSTANCE_RUNNING);
    assert_int_equal(rp_instances(&lead, &count)[0].sequence, 1);
    assert_int_equal(count, RP_INSTANCES_MAX);
    assert_int_equal(number_of(&lead, 1), 1);
    assert_int_equal(number_of(&lead, 2), 3 * RP_INSTANCES_MAX);
    assert_int_equal(rp_instances(&lead, &count)[1].number, 2 * RP_INSTANCES_MAX + 3);
    rp_lead_fini(&lead);
}

/* Without repetitions the oldest that has ended goes, never one that is live. */
static void then_the_oldest(void **state)
{
    struct rp_lead lead;

    (void)state;
    rp_lead_init(&lead);
    add(&lead, 1000, RP_INSTANCE_PAUSED);
    for (uint64_t i = 1; i < RP_INSTANCES_MAX; i++)
        add(&lead, i, RP_INSTANCE_DONE);
    add(&lead, 2000, RP_INSTANCE_RUNNING);
    assert_int_equal(number_of(&lead, 1), 0);
    assert_int_equal(number_of(&lead, 2), 1);
    assert_int_equal(number_of(&lead, 1000), 1);
    rp_lead_fini(&lead);
}

/* What a decision ends and what it starts are written together: neither may be gone by then. */
static void what_ended_now_stays(void **state)
{
    struct rp_lead lead;
    struct rp_instance in = {.sequence = 5000, .started_ms = 1000, .number = 1};
    uint32_t count;

    (void)state;
    rp_lead_init(&lead);
    for (uint64_t i = 0; i < RP_INSTANCES_MAX; i++)
        add(&lead, i, i == 0 || i == 7 ? RP_INSTANCE_EXITED : RP_INSTANCE_RUNNING);
    rp_instances(&lead, &count)[0].entered_ms = 1000;
    rp_instances(&lead, &count)[7].entered_ms = 999;
    assert_true(rp_instance_add(&lead, &in));
    assert_int_equal(number_of(&lead, 0), 1);
    assert_int_equal(number_of(&lead, 7), 0);
    in.sequence++;
    assert_false(rp_instance_add(&lead, &in));
    assert_int_equal(number_of(&lead, 0), 1);
    in.row = 9; /* brought back from the store: nothing is being decided */
    assert_true(rp_instance_add(&lead, &in));
    assert_int_equal(number_of(&lead, 0), 0);
    rp_lead_fini(&lead);
}

int test_sequence(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repetitions_go_first),
        cmocka_unit_test(then_the_oldest),
        cmocka_unit_test(what_ended_now_stays),
    };

    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
