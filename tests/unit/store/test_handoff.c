/* SPDX-License-Identifier: MIT */
/* Owners, turns and tasks on file: at most one owner stands, of two who claim one is told, notes
 * have a bound. */
#include "base/limits.h"
#include "store/assignments.h"
#include "store/outbox.h"
#include "store/tasks.h"
#include "unit/store/groups.h"

#include <stdio.h>

static int begin(void **state)
{
    struct rp_err err = {0};

    rig_memory(state);
    struct rig *rig = *state;
    assert_ok(rp_store_begin(rig->store, &err));
    add_person(rig->store, "u1", NULL); /* lead 1 */
    add_person(rig->store, "u2", NULL); /* lead 2 */
    return 0;
}

static void assign(struct rig *rig, int64_t lead, enum rp_assigned_by by, const char *owner,
                   int64_t at_ms)
{
    struct rp_err err = {0};
    struct rp_assignment_row row = {.lead = lead,
                                    .by = by,
                                    .at_ms = at_ms,
                                    .barred_ms = RP_NEVER,
                                    .owner = rp_str_from(owner),
                                    .previous = RP_STR(""),
                                    .reason = RP_STR(""),
                                    .author = RP_STR("")};

    assert_ok(rp_assignment_add(rig->store, &row, &err));
}

static int64_t add_task(struct rig *rig, int64_t lead, const char *key, bool follows,
                        const char *owner, const char *team, int64_t due_ms)
{
    struct rp_err err = {0};
    struct rp_outbox_row row = {.lead = lead,
                                .key = rp_str_from(key),
                                .action = RP_STR("call"),
                                .to = RP_STR("owner"),
                                .body = RP_STR("{\"note\":\"Call\",\"email\":\"a@b.test\"}"),
                                .kind = RP_ACTION_TASK,
                                .state = RP_OUTBOX_OPEN,
                                .created_ms = NINE,
                                .due_ms = NINE,
                                .lease_ms = RP_NEVER,
                                .done_ms = RP_NEVER};
    struct rp_task_row task = {.lead = lead,
                               .follows = follows,
                               .due_ms = due_ms,
                               .owner = rp_str_from(owner),
                               .team = rp_str_from(team)};

    assert_ok(rp_outbox_add(rig->store, &row, &task.id, &err));
    assert_ok(rp_task_add(rig->store, &task, &err));
    return task.id;
}

static size_t list(struct rig *rig, const struct rp_task_filter *filter, struct rp_task_row **rows)
{
    struct rp_err err = {0};
    size_t count;

    assert_ok(rp_task_list(&rig->arena, rig->store, filter, 100, rows, &count, &err));
    return count;
}

static void one_owner_stands(void **state)
{
    struct rig *rig = *state;
    struct rp_assignment_row *rows;
    struct rp_err err = {0};
    struct rp_str owner;
    int64_t since_ms;
    size_t count;

    assign(rig, 1, RP_ASSIGNED_ACTION, "lea", NINE);
    assign(rig, 1, RP_ASSIGNED_PERSON, "tom", NINE + 1);
    assign(rig, 2, RP_ASSIGNED_TRAIT, "tom", NINE + 2);
    assert_int_equal(rp_assignment_owned(rig->store, RP_STR("tom")), 2);
    assert_int_equal(rp_assignment_owned(rig->store, RP_STR("lea")), 0);
    assert_int_equal(rp_assignment_owned(rig->store, RP_STR("")), 0);
    assert_ok(rp_assignment_list(&rig->arena, rig->store, 1, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].ended_ms, NINE + 1);
    assert_int_equal(rows[1].ended_ms, RP_NEVER);
    assert_int_equal(rows[1].by, RP_ASSIGNED_PERSON);
    /* A merge ends what stands, its undoing brings that back and nothing older. */
    assert_ok(rp_assignment_merged(rig->store, 1, RP_STR(""), NINE + 5, &err));
    assert_int_equal(rp_assignment_owned(rig->store, RP_STR("tom")), 1);
    assert_ok(rp_assignment_unmerged(&rig->arena, rig->store, 1, &owner, &since_ms, &err));
    assert_str(owner, "tom");
    assert_int_equal(since_ms, NINE + 1);
    assert_ok(rp_assignment_unmerged(&rig->arena, rig->store, 77, &owner, &since_ms, &err));
    assert_str(owner, "");
    assert_int_equal(since_ms, 0);
}

static void turns_are_kept(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};

    assert_str(rp_team_last(&rig->arena, rig->store, RP_STR("sdr")), "");
    assert_ok(rp_team_turn(rig->store, RP_STR("sdr"), RP_STR("lea"), &err));
    assert_ok(rp_team_turn(rig->store, RP_STR("ae"), RP_STR("max"), &err));
    assert_ok(rp_team_turn(rig->store, RP_STR("sdr"), RP_STR("tom"), &err));
    assert_str(rp_team_last(&rig->arena, rig->store, RP_STR("sdr")), "tom");
    assert_str(rp_team_last(&rig->arena, rig->store, RP_STR("ae")), "max");
}

static void tasks_are_found(void **state)
{
    struct rig *rig = *state;
    struct rp_task_row *rows;
    struct rp_err err = {0};
    int64_t never = add_task(rig, 1, "k1", true, "lea", "sdr", RP_NEVER);
    int64_t late = add_task(rig, 1, "k2", true, "lea", "sdr", NINE + 10);
    int64_t soon = add_task(rig, 2, "k3", false, "Tom", "ae", NINE + 5);
    struct rp_task_filter all = {.now_ms = NINE + 8};

    assert_int_equal(list(rig, &all, &rows), 3);
    assert_int_equal(rows[0].id, soon); /* what is due first; without a due time last */
    assert_int_equal(rows[1].id, late);
    assert_int_equal(rows[2].id, never);
    assert_str(rows[0].note, "Call");
    assert_str(rows[0].email, "a@b.test");
    assert_str(rows[0].team, "ae");
    all.which = RP_TASKS_LATE;
    assert_int_equal(list(rig, &all, &rows), 1);
    assert_int_equal(rows[0].id, soon);
    all.which = RP_TASKS_OPEN;
    all.owner = RP_STR("TOM");
    assert_int_equal(list(rig, &all, &rows), 1);
    all.owner = RP_STR("");
    all.team = RP_STR("sdr");
    assert_int_equal(list(rig, &all, &rows), 2);
    all.team = RP_STR("nobody's");
    assert_int_equal(list(rig, &all, &rows), 0);
    all.team = RP_STR("");
    /* Those of the owner change hands with the lead, unless somebody took them. */
    assert_ok(rp_task_claim(rig->store, late, RP_STR("lea"), NINE, &err));
    assign(rig, 1, RP_ASSIGNED_PERSON, "max", NINE);
    assign(rig, 2, RP_ASSIGNED_PERSON, "max", NINE);
    all.owner = RP_STR("max");
    assert_int_equal(list(rig, &all, &rows), 1);
    assert_int_equal(rows[0].id, never);
}

static void one_of_two_claims(void **state)
{
    struct rig *rig = *state;
    struct rp_task_row row;
    struct rp_task_row *rows;
    struct rp_task_filter filter = {.which = RP_TASKS_OPEN};
    struct rp_err err = {0};
    int64_t id = add_task(rig, 1, "k1", true, "lea", "sdr", NINE);

    assert_int_equal(rp_task_claim(rig->store, 99, RP_STR("lea"), NINE, &err), RIPEN_ENOTFOUND);
    assert_ok(rp_task_claim(rig->store, id, RP_STR("lea"), NINE, &err));
    assert_ok(rp_task_claim(rig->store, id, RP_STR("lea"), NINE + 1, &err));
    assert_int_equal(rp_task_claim(rig->store, id, RP_STR("tom"), NINE, &err), RIPEN_EDENIED);
    assert_non_null(strstr(err.text, "lea has task"));
    assert_ok(rp_task_done(rig->store, id, RP_STR("lea"), RP_STR("accepted"), NINE + 9, &err));
    assert_int_equal(rp_task_done(rig->store, id, RP_STR("tom"), RP_STR(""), NINE, &err),
                     RIPEN_EDENIED);
    assert_int_equal(rp_task_claim(rig->store, id, RP_STR("lea"), NINE, &err), RIPEN_EDENIED);
    assert_non_null(strstr(err.text, "was done by lea"));
    assert_ok(rp_task_get(&rig->arena, rig->store, id, &row, &err));
    assert_int_equal(row.claimed_ms, NINE);
    assert_int_equal(row.done_ms, NINE + 9);
    assert_str(row.outcome, "accepted");
    assert_int_equal(list(rig, &filter, &rows), 0);
    filter.which = RP_TASKS_DONE;
    assert_int_equal(list(rig, &filter, &rows), 1);
    /* What is cancelled in the outbox is nobody's task any more. */
    id = add_task(rig, 1, "k2", true, "lea", "sdr", NINE);
    if (rp_outbox_cancel(rig->store, id, NINE, &err) == 0) {
        assert_int_equal(rp_task_claim(rig->store, id, RP_STR("lea"), NINE, &err), RIPEN_EDENIED);
        assert_non_null(strstr(err.text, "cancelled"));
    }
}

static void notes_have_a_bound(void **state)
{
    struct rig *rig = *state;
    struct rp_task_row row;
    struct rp_err err = {0};
    int64_t id = add_task(rig, 1, "k1", true, "lea", "sdr", NINE);

    for (int i = 0; i < RP_TASK_NOTES_MAX; i++)
        assert_ok(rp_task_note(rig->store, id, RP_STR("lea"), RP_STR("say \"hi\""), NINE, &err));
    assert_int_equal(rp_task_note(rig->store, id, RP_STR("lea"), RP_STR("x"), NINE, &err),
                     RIPEN_EDENIED);
    assert_ok(rp_task_get(&rig->arena, rig->store, id, &row, &err));
    assert_true(
        rp_str_starts(row.notes, RP_STR("[{\"at\":\"2026-03-02T09:00:00.000Z\","
                                        "\"author\":\"lea\",\"text\":\"say \\\"hi\\\"\"}")));
    assert_int_equal(rp_task_note(rig->store, 99, RP_STR("lea"), RP_STR("x"), NINE, &err),
                     RIPEN_ENOTFOUND);
}

int test_handoff(void)
{
#define BEGUN(test) cmocka_unit_test_setup_teardown(test, begin, rig_end)
    const struct CMUnitTest tests[] = {
        BEGUN(one_owner_stands),  BEGUN(turns_are_kept),     BEGUN(tasks_are_found),
        BEGUN(one_of_two_claims), BEGUN(notes_have_a_bound),
    };
#undef BEGUN

    return cmocka_run_group_tests_name("store: hand-off", tests, NULL, NULL);
}
