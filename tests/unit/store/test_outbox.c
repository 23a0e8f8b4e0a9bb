/* SPDX-License-Identifier: MIT */
/* The outbox: once a key, in order for each endpoint and lead, leases, retries, dead letters. */
#include "store/outbox.h"
#include "unit/store/groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

static int add_row(struct rp_store *store, int64_t lead, const char *to, const char *key,
                   int64_t due_ms, int64_t *ret_id)
{
    struct rp_err err = {0};
    struct rp_outbox_row row = {
        .lead = lead,
        .event = 5,
        .move = 6,
        .key = rp_str_from(key),
        .action = RP_STR("tell_sales"),
        .to = rp_str_from(to),
        .body = RP_STR("{\"a\":1}"),
        .kind = RP_ACTION_WEBHOOK,
        .part = 2,
        .created_ms = NINE,
        .due_ms = due_ms,
        .lease_ms = RP_NEVER,
        .done_ms = RP_NEVER,
    };

    return rp_outbox_add(store, &row, ret_id, &err);
}

/* Claims all that is due; returns how many, with their numbers. */
static size_t claim(struct rig *rig, int64_t now_ms, int64_t *ids, size_t max)
{
    struct rp_err err = {0};
    struct rp_outbox_row *rows;
    size_t count;

    assert_ok(rp_outbox_claim(&rig->arena, rig->store, RP_WAY_HTTP, now_ms, now_ms + RP_MINUTE, max,
                              &rows, &count, &err));
    for (size_t i = 0; i < count; i++) {
        ids[i] = rows[i].id;
        assert_int_equal(rows[i].state, RP_OUTBOX_LEASED);
        assert_int_equal(rows[i].lease_ms, now_ms + RP_MINUTE);
    }
    return count;
}

static void finish(struct rig *rig, int64_t id, enum rp_outcome outcome, int64_t due_ms)
{
    struct rp_err err = {0};

    assert_ok(rp_outbox_finish(rig->store, id, outcome, 500, RP_STR("no"), due_ms, NINE + 7, &err));
}

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

static void a_row_comes_back(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_outbox_row *rows;
    int64_t id, ids[4];
    size_t count;

    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_ANY), RP_NEVER);
    assert_int_equal(add_row(rig->store, 1, "crm", "key-1", NINE, &id), 0);
    assert_int_equal(add_row(rig->store, 1, "chat", "key-1", NINE, &id), RIPEN_EDENIED);
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_ANY), NINE);
    assert_int_equal(claim(rig, NINE - 1, ids, 4), 0);
    assert_ok(rp_outbox_claim(&rig->arena, rig->store, RP_WAY_ANY, NINE, NINE + 9, 4, &rows, &count,
                              &err));
    assert_int_equal(count, 1);
    assert_str(rows[0].lead_public_id, "ld_u1");
    assert_str(rows[0].key, "key-1");
    assert_str(rows[0].action, "tell_sales");
    assert_str(rows[0].to, "crm");
    assert_str(rows[0].body, "{\"a\":1}");
    assert_str(rows[0].error, "");
    assert_int_equal(rows[0].lead, 1);
    assert_int_equal(rows[0].event, 5);
    assert_int_equal(rows[0].move, 6);
    assert_int_equal(rows[0].part, 2);
    assert_int_equal(rows[0].attempts, 1);
    assert_int_equal(rows[0].created_ms, NINE);
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_ANY), NINE + 9); /* the end of the lease */
    assert_ok(rp_outbox_finish(rig->store, rows[0].id, RP_OUTCOME_DELIVERED, 200, RP_STR(""), 0,
                               NINE + 3, &err));
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_ANY), RP_NEVER);
    assert_ok(rp_outbox_list(&rig->arena, rig->store, -1, 0, 0, 4, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].state, RP_OUTBOX_DELIVERED);
    assert_int_equal(rows[0].http_status, 200);
    assert_int_equal(rows[0].done_ms, NINE + 3);
    /* an answer that comes too late changes nothing */
    assert_int_equal(rp_outbox_finish(rig->store, rows[0].id, RP_OUTCOME_RETRY, 500, RP_STR("x"),
                                      NINE, NINE, &err),
                     RIPEN_EDENIED);
    assert_int_equal(
        rp_outbox_finish(rig->store, 99, RP_OUTCOME_RETRY, 500, RP_STR("x"), NINE, NINE, &err),
        RIPEN_ENOTFOUND);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_DELIVERED), 1);
}

static void order_is_kept_for_each_endpoint_and_lead(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t a1, a2, a3, b1, c1, ids[8];

    assert_int_equal(add_row(rig->store, 1, "crm", "a1", NINE, &a1), 0);
    assert_int_equal(add_row(rig->store, 1, "crm", "a2", NINE - 5, &a2), 0);
    assert_int_equal(add_row(rig->store, 1, "crm", "a3", NINE, &a3), 0);
    assert_int_equal(add_row(rig->store, 2, "crm", "b1", NINE + 1, &b1), 0);
    assert_int_equal(add_row(rig->store, 1, "chat", "c1", NINE + 2, &c1), 0);
    assert_int_equal(claim(rig, NINE + 9, ids, 8), 3);
    assert_int_equal(ids[0], a1); /* longest due first */
    assert_int_equal(ids[1], b1);
    assert_int_equal(ids[2], c1);
    assert_int_equal(claim(rig, NINE + 9, ids, 8), 0);
    finish(rig, a1, RP_OUTCOME_RETRY, NINE + RP_HOUR);
    assert_int_equal(claim(rig, NINE + 99, ids, 8), 0); /* a2 waits for a1 */
    assert_int_equal(claim(rig, NINE + RP_HOUR, ids, 8), 3);
    assert_int_equal(ids[0], b1); /* their leases were over */
    assert_int_equal(ids[1], c1);
    assert_int_equal(ids[2], a1);
    finish(rig, a1, RP_OUTCOME_DEAD, 0); /* releases the next */
    assert_int_equal(claim(rig, NINE + RP_HOUR, ids, 8), 1);
    assert_int_equal(ids[0], a2);
    /* a retried dead letter goes before what has not left yet, not before what has */
    assert_ok(rp_outbox_retry(rig->store, a1, NINE + RP_HOUR, &err));
    assert_int_equal(claim(rig, NINE + RP_HOUR, ids, 8), 0);
    finish(rig, a2, RP_OUTCOME_DELIVERED, 0);
    assert_int_equal(claim(rig, NINE + RP_HOUR, ids, 8), 1);
    assert_int_equal(ids[0], a1);
    finish(rig, a1, RP_OUTCOME_DELIVERED, 0);
    assert_int_equal(claim(rig, NINE + RP_HOUR, ids, 8), 1);
    assert_int_equal(ids[0], a3);
}

static void by_hand(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    int64_t a1, a2, ids[8];

    assert_int_equal(add_row(rig->store, 1, "crm", "a1", NINE + RP_HOUR, &a1), 0);
    assert_int_equal(add_row(rig->store, 1, "crm", "a2", NINE, &a2), 0);
    assert_int_equal(claim(rig, NINE, ids, 8), 0);
    assert_ok(rp_outbox_retry(rig->store, a1, NINE, &err)); /* pending: at once */
    assert_int_equal(claim(rig, NINE, ids, 8), 1);
    assert_int_equal(rp_outbox_cancel(rig->store, a1, NINE, &err), RIPEN_EDENIED);
    assert_non_null(strstr(err.text, "leased"));
    assert_int_equal(rp_outbox_retry(rig->store, a1, NINE, &err), RIPEN_EDENIED);
    finish(rig, a1, RP_OUTCOME_RETRY, NINE + RP_HOUR);
    assert_ok(rp_outbox_cancel(rig->store, a1, NINE, &err)); /* releases the next too */
    assert_int_equal(claim(rig, NINE, ids, 8), 1);
    assert_int_equal(ids[0], a2);
    finish(rig, a2, RP_OUTCOME_DEAD, 0);
    assert_ok(rp_outbox_cancel(rig->store, a2, NINE, &err));
    assert_int_equal(rp_outbox_cancel(rig->store, 99, NINE, &err), RIPEN_ENOTFOUND);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_CANCELLED), 2);
}

static void leases_end_without_an_attempt(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_outbox_row *rows;
    int64_t a1, a2, ids[8];
    size_t count;

    assert_int_equal(add_row(rig->store, 1, "crm", "a1", NINE, &a1), 0);
    assert_int_equal(add_row(rig->store, 1, "crm", "a2", NINE, &a2), 0);
    assert_int_equal(claim(rig, NINE, ids, 8), 1);
    finish(rig, a1, RP_OUTCOME_RETRY, NINE + 1);
    assert_int_equal(claim(rig, NINE + 1, ids, 8), 1);
    assert_ok(
        rp_outbox_finish(rig->store, a1, RP_OUTCOME_RETURNED, 0, RP_STR(""), NINE + 5, NINE, &err));
    assert_int_equal(claim(rig, NINE + 4, ids, 8), 0);
    assert_ok(rp_outbox_list(&rig->arena, rig->store, RP_OUTBOX_PENDING, 0, a1 + 1, 8, &rows,
                             &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].attempts, 1);
    assert_int_equal(rows[0].http_status, 500);
    assert_str(rows[0].error, "no");
    /* the process that held them is gone */
    assert_int_equal(claim(rig, NINE + 5, ids, 8), 1);
    assert_int_equal(claim(rig, NINE + 6, ids, 8), 0);
    assert_ok(rp_outbox_end_leases(rig->store, NINE + 6, &err));
    assert_int_equal(claim(rig, NINE + 6, ids, 8), 1);
    assert_int_equal(ids[0], a1);
}

static void held_and_open_rows_wait_for_nobody(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_outbox_row *rows, row = {
                                    .lead = 1,
                                    .key = RP_STR("held"),
                                    .action = RP_STR("a"),
                                    .to = RP_STR("crm"),
                                    .body = RP_STR("{}"),
                                    .error = RP_STR("quiet hours"),
                                    .kind = RP_ACTION_WEBHOOK,
                                    .state = RP_OUTBOX_HELD,
                                    .created_ms = NINE,
                                    .due_ms = NINE,
                                };
    int64_t id, ids[4], c1;
    size_t count;

    assert_ok(rp_outbox_add(rig->store, &row, &id, &err));
    row.key = RP_STR("task");
    row.kind = RP_ACTION_TASK;
    row.state = RP_OUTBOX_OPEN;
    assert_ok(rp_outbox_add(rig->store, &row, &id, &err));
    row.key = RP_STR("owner");
    row.kind = RP_ACTION_ASSIGN;
    row.state = RP_OUTBOX_PENDING;
    assert_ok(rp_outbox_add(rig->store, &row, &id, &err));
    assert_int_equal(claim(rig, NINE + RP_DAY, ids, 4), 0);
    assert_int_equal(add_row(rig->store, 1, "crm", "c1", NINE, &c1), 0);
    assert_int_equal(claim(rig, NINE + RP_DAY, ids, 4), 1);
    assert_int_equal(ids[0], c1);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_HELD), 1);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_OPEN), 1);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_PENDING), 1);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_LEASED), 1);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_DELIVERED), 0);
    assert_ok(
        rp_outbox_list(&rig->arena, rig->store, RP_OUTBOX_HELD, 0, 0, 4, &rows, &count, &err));
    assert_int_equal(count, 1);
    assert_str(rows[0].error, "quiet hours");
    assert_string_equal(rp_outbox_state_name(RP_OUTBOX_HELD), "held");
}

/* E-mail and the rest are claimed apart, and order is kept within each queue. */
static void ways_are_claimed_apart(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_outbox_row *rows, row = {
                                    .lead = 1,
                                    .key = RP_STR("mail-1"),
                                    .action = RP_STR("hello"),
                                    .to = RP_STR("smtp"),
                                    .body = RP_STR("{}"),
                                    .kind = RP_ACTION_EMAIL,
                                    .created_ms = NINE,
                                    .due_ms = NINE,
                                };
    int64_t mail, later, crm, hook, ids[4];
    size_t count;

    assert_ok(rp_outbox_add(rig->store, &row, &mail, &err));
    row.key = RP_STR("mail-2");
    assert_ok(rp_outbox_add(rig->store, &row, &later, &err));
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_HTTP), RP_NEVER);
    row.key = RP_STR("crm-1");
    row.kind = RP_ACTION_CRM;
    row.to = RP_STR("hubspot");
    row.due_ms = NINE - 5;
    assert_ok(rp_outbox_add(rig->store, &row, &crm, &err));
    assert_int_equal(add_row(rig->store, 1, "crm", "w1", NINE - 4, &hook), 0);
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_HTTP), NINE - 5);
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_MAIL), NINE);
    assert_int_equal(rp_outbox_due(rig->store, RP_WAY_ANY), NINE - 5);

    assert_int_equal(claim(rig, NINE, ids, 4), 2); /* over HTTP */
    assert_int_equal(ids[0], crm);
    assert_int_equal(ids[1], hook);
    assert_ok(rp_outbox_claim(&rig->arena, rig->store, RP_WAY_MAIL, NINE, NINE + RP_MINUTE, 4,
                              &rows, &count, &err));
    assert_int_equal(count, 1); /* the second one waits behind it */
    assert_int_equal(rows[0].id, mail);
    assert_int_equal(rows[0].kind, RP_ACTION_EMAIL);
    finish(rig, mail, RP_OUTCOME_DELIVERED, 0);
    assert_ok(rp_outbox_claim(&rig->arena, rig->store, RP_WAY_ANY, NINE, NINE + RP_MINUTE, 4, &rows,
                              &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, later);
}

static void lists_are_filtered_and_paged(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    struct rp_outbox_row *rows;
    int64_t id, ids[64];
    char key[16];
    size_t count;

    for (int i = 1; i <= 20; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(add_row(rig->store, 1 + i % 2, i > 10 ? "crm" : "chat", key, NINE, &id),
                         0);
    }
    assert_int_equal(claim(rig, NINE, ids, 64), 4);
    finish(rig, ids[0], RP_OUTCOME_DEAD, 0);
    finish(rig, ids[1], RP_OUTCOME_DELIVERED, 0);
    struct {
        int state;
        int64_t lead, before;
        size_t max, count;
    } cases[] = {
        {-1, 0, 0, 64, 20},
        {-1, 0, 0, 20, 20},
        {-1, 0, 0, 19, 19},
        {-1, 0, 6, 64, 5},
        {-1, 2, 0, 64, 10},
        {RP_OUTBOX_DEAD, 0, 0, 64, 1},
        {RP_OUTBOX_DEAD, 3, 0, 64, 0},
        {RP_OUTBOX_DELIVERED, 0, 0, 64, 1},
        {RP_OUTBOX_PENDING, 0, 0, 64, 16},
        {RP_OUTBOX_PENDING, 1, 0, 64, 8},
        {RP_OUTBOX_LEASED, 0, 0, 64, 2},
    };
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        assert_ok(rp_outbox_list(&rig->arena, rig->store, cases[i].state, cases[i].lead,
                                 cases[i].before, cases[i].max, &rows, &count, &err));
        assert_int_equal(count, cases[i].count);
        for (size_t k = 1; k < count; k++)
            assert_true(rows[k].id < rows[k - 1].id);
    }
}

/* Against a model: whatever happens, each row is delivered, in the order of its queue. */
static void any_course_of_events_keeps_the_order(void **state)
{
    struct rig *rig = *state;
    struct rp_err err = {0};
    enum { ROWS = 400 };
    int queue_of[ROWS + 1], last[6] = {0}, delivered = 0, dead = 0;
    bool done[ROWS + 1] = {false};
    int64_t id, ids[16], now_ms = NINE;
    char key[16];
    unsigned seed = 12345;

    for (int i = 1; i <= ROWS; i++) {
        seed = seed * 1103515245 + 12345;
        queue_of[i] = (int)(seed >> 16) % 6;
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(add_row(rig->store, 1 + queue_of[i] % 2,
                                 queue_of[i] / 2 == 0   ? "a"
                                 : queue_of[i] / 2 == 1 ? "b"
                                                        : "c",
                                 key, NINE, &id),
                         0);
        assert_int_equal(id, i);
    }
    for (int round = 0; round < 20000 && delivered + dead < ROWS; round++) {
        size_t count = claim(rig, now_ms, ids, 16);
        for (size_t i = 0; i < count; i++) {
            int queue = queue_of[ids[i]];
            for (int k = 1; k < ids[i]; k++) /* nobody is overtaken */
                assert_true(queue_of[k] != queue || done[k]);
            seed = seed * 1103515245 + 12345;
            int dice = (int)(seed >> 16) % 10;
            if (dice < 5) {
                finish(rig, ids[i], RP_OUTCOME_DELIVERED, 0);
                assert_true(last[queue] < ids[i]);
                last[queue] = (int)ids[i];
                done[ids[i]] = true;
                delivered++;
            } else if (dice < 8) {
                finish(rig, ids[i], RP_OUTCOME_RETRY, now_ms + 1000);
            } else if (dice == 8) {
                finish(rig, ids[i], RP_OUTCOME_DEAD, 0);
                done[ids[i]] = true;
                dead++;
            } /* else the worker died: the lease ends by itself */
        }
        now_ms += 20000;
    }
    assert_int_equal(delivered + dead, ROWS);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_DEAD), dead);
    assert_int_equal(rp_outbox_count(rig->store, RP_OUTBOX_DELIVERED), delivered);
    assert_ok(rp_store_commit(rig->store, &err));
}

int test_outbox(void)
{
#define BEGUN(test) cmocka_unit_test_setup_teardown(test, begin, rig_end)
    const struct CMUnitTest tests[] = {
        BEGUN(a_row_comes_back),
        BEGUN(order_is_kept_for_each_endpoint_and_lead),
        BEGUN(by_hand),
        BEGUN(leases_end_without_an_attempt),
        BEGUN(held_and_open_rows_wait_for_nobody),
        BEGUN(ways_are_claimed_apart),
        BEGUN(lists_are_filtered_and_paged),
        BEGUN(any_course_of_events_keeps_the_order),
    };
#undef BEGUN

    return cmocka_run_group_tests_name("store: outbox", tests, NULL, NULL);
}
