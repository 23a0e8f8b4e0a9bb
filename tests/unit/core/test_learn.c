/* SPDX-License-Identifier: MIT */
/* What is learned from: leads as they were known at their decision, and their outcomes; and that a
 * file which does not mean the card is noticed. */
#include "base/when.h"
#include "core/learn.h"
#include "core_test.h"
#include "groups.h"

#include <math.h>

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static const char LIFE[] =
    "dimension \"engagement\" { decay = \"none\" }\n"
    "score \"visit\" { why = \"Came\", on = \"Visit\", points = 1 }\n"
    "stages { \"visitor\", \"mql\", \"sql\" }\n"
    "stage \"mql\" { enter = did \"Qualified\" }\n"
    "stage \"sql\" { from = { \"visitor\", \"mql\" }, enter = did \"Bought\", terminal = true }\n";

static void track(struct bench *b, int64_t at_ms, const char *user, const char *event)
{
    static int number;

    b->now_ms = at_ms;
    bench_send(b, false,
               "{\"type\":\"track\",\"event\":\"%s\",\"userId\":\"%s\",\"messageId\":\"t%d\"}",
               event, user, number++);
}

static const struct rp_learn_column *column_of(const struct rp_learn_table *table, const char *name,
                                               uint32_t days)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        if (rp_str_is(table->columns[c].name, name) && table->columns[c].days == days) {
            return &table->columns[c];
        }
    }
    fail_msg("there is no column %s", name);
    return NULL;
}

/* u1 came twice, was decided, and is told of more later, also of a visit before; u2 was never
 * decided before it bought; u3 and u4 buy at the end of the window and past it; u5 is young. */
static void rows_are_what_was_known(void **state)
{
    struct rp_learn_history history = {.window_ms = 60 * DAY, .now_ms = T0 + 100 * DAY};
    const int64_t decided = T0 + 2 * HOUR;
    struct rp_learn_found found;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, LIFE);
    rp_arena_init(&arena);
    track(&b, T0, "u1", "Visit");
    track(&b, T0 + HOUR, "u1", "Visit");
    track(&b, decided, "u1", "Qualified");
    b.now_ms = T0 + 3 * HOUR;
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Visit\",\"userId\":\"u1\",\"messageId\":\"late\","
               "\"timestamp\":\"2026-03-02T09:30:00Z\",\"receivedAt\":\"2026-03-02T12:00:00Z\"}");
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"i\",\"traits\":{"
               "\"mood\":\"good\"}}");
    track(&b, T0, "u2", "Bought");
    track(&b, decided, "u3", "Qualified");
    track(&b, decided, "u4", "Qualified");
    track(&b, decided + 60 * DAY, "u3", "Bought");
    track(&b, decided + 60 * DAY + 1, "u4", "Bought");
    track(&b, history.now_ms - 60 * DAY + 1, "u5", "Qualified");
    b.now_ms = history.now_ms;
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    if (rp_reader_learn(b.reader, &arena, &history, &found, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(found.table.rows, 3);
    assert_int_equal(found.unsettled, 1);
    assert_true(found.table.at_ms[0] == decided);
    assert_int_equal(found.table.y[0], 0);
    assert_int_equal(found.table.y[1], 1);
    assert_int_equal(found.table.y[2], 0);
    assert_true(column_of(&found.table, "Visit", 7)->value[0] == 2); /* not the late one */
    assert_true(column_of(&found.table, "Visit", 7)->value[1] == 0);
    assert_true(column_of(&found.table, "mood", 0)->level[0] == RP_LEARN_NONE);
    assert_true(fabs(column_of(&found.table, "mood", 0)->changed_after - 1.0 / 3) < 1e-9);
    history.outcome = RP_STR("won");
    assert_int_equal(rp_reader_learn(b.reader, &arena, &history, &found, &err), RIPEN_ENOTFOUND);
    rp_arena_fini(&arena);
    bench_close(&b);
}

/* A lead that bought before it was decided tells nothing, and is counted. */
static void an_outcome_before_the_decision_is_left_out(void **state)
{
    struct rp_learn_history history = {.window_ms = 60 * DAY, .now_ms = T0 + 100 * DAY};
    struct rp_learn_found found;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL,
               "dimension \"engagement\" { }\n"
               "stages { \"visitor\", \"mql\", \"sql\" }\n"
               "stage \"mql\" { from = { \"visitor\", \"sql\" }, enter = did \"Qualified\" }\n"
               "stage \"sql\" { from = { \"visitor\", \"mql\" }, enter = did \"Bought\" }\n");
    rp_arena_init(&arena);
    track(&b, T0, "u1", "Bought");
    track(&b, T0 + HOUR, "u1", "Qualified");
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    assert_int_equal(rp_reader_learn(b.reader, &arena, &history, &found, &err), 0);
    assert_int_equal(found.table.rows, 0);
    assert_int_equal(found.passed, 1);
    rp_arena_fini(&arena);
    bench_close(&b);
}

/* ---- The file against the card --------------------------------------------------------------- */

enum { ROWS = 600 };

static void another_point_in_the_file_is_noticed(void **state)
{
    static double size[ROWS];
    static uint8_t y[ROWS];
    static uint64_t id[ROWS];
    struct rp_learn_column column = {
        .name = RP_STR("size"), .kind = RP_LEARN_NUMBER, .value = size};
    struct rp_learn_table table = {
        .columns = &column, .column_count = 1, .rows = ROWS, .y = y, .id = id};
    struct rp_learn_source source = {
        .what = RP_STR("a test"), .outcome = RP_STR("y"), .dimension = RP_STR("learned")};
    struct rp_learned learned;
    struct rp_buf lua = {0};
    struct rp_arena arena;
    struct rp_err err = {0};
    char *points;

    (void)state;
    rp_arena_init(&arena);
    for (int i = 0; i < ROWS;
         i++) { /* of the small ones a fifth converts, of the large ones half */
        size[i] = i % 10;
        y[i] = (i / 10) % 10 < (i % 10 < 5 ? 2 : 5);
        id[i] = (uint64_t)i * UINT64_C(0x9e3779b97f4a7c15);
    }
    if (rp_learn(&arena, &table, &(struct rp_learn_options){0}, &learned, &err) != 0) {
        fail_msg("%s", err.text);
    }
    rp_learn_write(&learned, &table, &source, &lua);
    assert_int_equal(rp_learn_check(&learned, &table, source.dimension, rp_buf_view(&lua), &err),
                     0);
    points = strstr(lua.ptr, "points = -");
    assert_non_null(points);
    points[9] = ' '; /* points are given that were taken */
    assert_int_equal(rp_learn_check(&learned, &table, source.dimension, rp_buf_view(&lua), &err),
                     RIPEN_ERULE);
    assert_non_null(strstr(err.text, "points by the card"));
    points[9] = '(';
    assert_int_equal(rp_learn_check(&learned, &table, source.dimension, rp_buf_view(&lua), &err),
                     RIPEN_ERULE);
    assert_non_null(strstr(err.text, "do not load"));
    rp_buf_fini(&lua);
    rp_arena_fini(&arena);
}

int test_learn(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_was_known),
        cmocka_unit_test(an_outcome_before_the_decision_is_left_out),
        cmocka_unit_test(another_point_in_the_file_is_noticed),
    };

    return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
