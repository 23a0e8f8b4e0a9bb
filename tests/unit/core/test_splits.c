/* SPDX-License-Identifier: MIT */
/* Two splits at a time, and a model with a file of its own. */
#include "core/amend.h"
#include "core/experiment.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "store/reports.h"

#define RULES_OF(points, more)                                                                     \
    "dimension \"engagement\" { decay = \"none\" }\n"                                              \
    "total { engagement = 1 }\n"                                                                   \
    "score \"page\" { why = \"Looked\", on = \"page\", points = 10 }\n"                            \
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"                                         \
    "stage \"lead\" { enter = known() }\n"                                                         \
    "stage \"mql\" { from = \"lead\", enter = at_least { engagement = 15 } }\n"                    \
    "stage \"sql\" { from = { \"lead\", \"mql\" }, enter = did \"Asked\" }\n"                      \
    "model \"champion\" { }\n"                                                                     \
    "model \"challenger\" { like = \"champion\", " points " }\n"                                   \
    "experiment \"x\" { mode = \"split\", arms = { { \"champion\", 50 }, { \"challenger\", 50 } "  \
    "}, success = { reached = \"sql\", within = \"30d\" }" more " }\n"

#define SECOND                                                                                     \
    "experiment \"y\" { mode = \"split\", arms = { { \"champion\", 50 }, { \"challenger\", 50 } "  \
    "}, slice = { 40, 100 }, success = { reached = \"sql\", within = \"30d\" } }\n"

static void start(struct bench *b, const char *name)
{
    struct rp_buf body = {0}, out = {0};
    struct rp_err err = {0};

    rp_buf_printf(&body, "{\"experiment\":\"%s\",\"reason\":\"test\"}", name);
    if (rp_core_amend(b->core, RP_STR("experiment_start"), rp_buf_view(&body), RP_STR("ana"), &out,
                      &err) != 0) {
        fail_msg("%s", err.text);
    }
    rp_buf_fini(&body);
    rp_buf_fini(&out);
}

/* By slices of the units, each split has leads of its own, and together they have all. */
static void slices_share_nobody(void **state)
{
    static const char rules[] = RULES_OF("points = { page = 20 }", ", slice = { 0, 40 }") SECOND;
    int in[3] = {0}; /* by experiment */
    struct rp_arena arena;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    rp_arena_init(&arena);
    bench_open(&b, NULL, rules);
    start(&b, "x");
    start(&b, "y");
    for (int i = 0; i < 200; i++) {
        struct rp_dealt *rows;
        char user[16];
        size_t count;
        int64_t id;
        int dealt = 0;

        snprintf(user, sizeof(user), "u%d", i);
        b.now_ms += 1000;
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"%s\",\"messageId\":\"m%d\"}", user,
                   i);
        assert_int_equal(rp_lead_find(rp_core_store(b.core), rp_str_from(user), &id, &err), 0);
        assert_int_equal(rp_dealt_list(&arena, rp_core_store(b.core), id, &rows, &count, &err), 0);
        for (size_t r = 0; r < count; r++) {
            assert_in_range(rows[r].experiment, 1, 2);
            in[rows[r].experiment] += rows[r].arm != RP_ARM_NONE;
            dealt += rows[r].arm != RP_ARM_NONE;
        }
        assert_int_equal(dealt, 1);
    }
    assert_in_range(in[1], 50, 110); /* 80 by the slice */
    rp_arena_fini(&arena);
    bench_close(&b);
}

static void swap(struct bench *b, const char *extra)
{
    struct rp_source sources[] = {
        {RP_STR("extra/more.lua"), rp_str_from(extra)},
        {RP_STR("rules.lua"), RP_STR(RULES_OF("files = \"extra/\"", ""))},
    };
    struct rp_files files = {sources, 2};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    rp_reader_close(b->reader);
    if (rp_load(&arena, &files, &(struct rp_load_options){0}, &rules, &findings, &err) != 0) {
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    }
    b->now_ms += 1000;
    assert_int_equal(rp_core_rules(b->core, rules, &files, RP_STR("test"), &err), 0);
    assert_int_equal(
        rp_reader_open(NULL, rp_core_store(b->core), rp_core_active(b->core), &b->reader, &err), 0);
    rp_arena_fini(&arena);
}

static size_t periods(struct bench *b)
{
    struct rp_period_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count;

    rp_arena_init(&arena);
    assert_int_equal(rp_period_list(&arena, rp_core_store(b->core), 1, &rows, &count, &err), 0);
    assert_true(count < 2 || rp_str_is(rows[count - 2].why, "a model was changed"));
    rp_arena_fini(&arena);
    return count;
}

static void a_changed_file_of_a_model_ends_the_period(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES_OF("points = { page = 20 }", ""));
    swap(&b, "score \"asked\" { why = \"Asked\", on = \"Question\", points = 3 }\n");
    start(&b, "x");
    assert_int_equal(periods(&b), 1);
    swap(&b, "score \"asked\" { why = \"Another sentence\", on = \"Question\", points = 3 }\n");
    assert_int_equal(periods(&b), 1);
    swap(&b, "score \"asked\" { why = \"Asked\", on = \"Question\", points = 4 }\n");
    assert_int_equal(periods(&b), 2);
    bench_close(&b);
}

int test_splits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_share_nobody),
        cmocka_unit_test(a_changed_file_of_a_model_ends_the_period),
    };

    return cmocka_run_group_tests_name("splits", tests, NULL, NULL);
}
