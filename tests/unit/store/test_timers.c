/* SPDX-License-Identifier: MIT */
/* Rows of timers and of statuses. */
#include "store/states.h"
#include "store/timers.h"
#include "unit/store/groups.h"

struct seen {
    int64_t leads[8], due_ms[8];
    size_t count;
};

static void see(void *ctx, int64_t lead, int64_t due_ms)
{
    struct seen *seen = ctx;

    assert_true(seen->count < 8);
    seen->leads[seen->count] = lead;
    seen->due_ms[seen->count++] = due_ms;
}

static void one_timer_a_lead(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct seen seen = {0};
    int64_t a, b, due;
    int kind;

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &a);
    add_person(rig->store, "u2", &b);
    assert_ok(rp_timer_put(rig->store, b, NINE + 2, 6, &err));
    assert_ok(rp_timer_put(rig->store, a, NINE + 9, 2, &err));
    assert_ok(rp_timer_put(rig->store, a, NINE + 5, 3, &err));
    assert_ok(rp_timer_get(rig->store, a, &due, &kind, &err));
    assert_true(due == NINE + 5 && kind == 3);
    assert_ok(rp_timer_each(rig->store, see, &seen, &err));
    assert_int_equal(seen.count, 2);
    assert_true(seen.leads[0] == a && seen.due_ms[0] == NINE + 5);
    assert_true(seen.leads[1] == b && seen.due_ms[1] == NINE + 2);
    assert_int_equal(rp_timer_count(rig->store), 2);
    assert_ok(rp_timer_put(rig->store, a, 0, 0, &err));
    assert_ok(rp_timer_get(rig->store, a, &due, &kind, &err));
    assert_true(due == 0 && kind == 0);
    assert_ok(rp_state_remove(rig->store, b, &err)); /* a merged lead waits for nothing */
    assert_int_equal(rp_timer_count(rig->store), 0);
    assert_ok(rp_store_commit(rig->store, &err));
}

static void statuses_are_a_history(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_status_row row = {.event = 7,
                                .stage = RP_STR("mql"),
                                .to = RP_STR("open"),
                                .because = RP_STR("entered"),
                                .at_ms = NINE,
                                .generation = 3};
    struct rp_status_row *rows, last;
    size_t count;

    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", &row.lead);
    assert_int_equal(rp_status_last(rig->store, row.lead, &last, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_status_add(rig->store, &row, &err));
    row.from = row.to;
    row.to = RP_STR("attempting");
    row.because = RP_STR("did");
    row.event = 0;
    row.at_ms = NINE + 1;
    assert_ok(rp_status_add(rig->store, &row, &err));
    assert_ok(rp_status_list(&rig->arena, rig->store, row.lead, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_true(rp_str_is(rows[0].to, "open") && rows[0].from.len == 0 && rows[0].event == 7);
    assert_true(rp_str_is(rows[1].from, "open") && rp_str_is(rows[1].because, "did"));
    assert_ok(rp_status_last(rig->store, row.lead, &last, &err));
    assert_true(rp_str_is(last.to, "attempting") && rp_str_is(last.stage, "mql"));
    assert_true(last.at_ms == NINE + 1 && last.generation == 3 && last.event == 0);
    assert_ok(rp_store_commit(rig->store, &err));
}

int test_timers(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_timer_a_lead, rig_memory, rig_end),
        cmocka_unit_test_setup_teardown(statuses_are_a_history, rig_memory, rig_end),
    };

    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
