/* SPDX-License-Identifier: MIT */
/* The runner of the authors' tests as a library call: what a reload asks before it swaps. */
#include "base/limits.h"
#include "core/trial.h"
#include "core_test.h"
#include "engine/tests.h"
#include "groups.h"

#include <pthread.h>

static const char rules_text[] =
    "dimension 'engagement' { range = { 0, 100 }, half_life = '21d' }\n"
    "total { engagement = 1 }\n"
    "score 'pricing' { why = 'Prices', on = 'page', when = { path = glob '/pricing*' }, points = "
    "10 "
    "}\n"
    "score 'lua' { why = 'Lua', on = 'Visit Ended', points = 4, test = function(event) return "
    "event.properties.pages > 1 end }\n"
    "stages { 'visitor', 'lead', 'mql' }\n"
    "stage 'lead' { enter = known() }\n"
    "stage 'mql' { enter = at_least { engagement = 20 }, terminal = true }\n"
    "action 'hand' { on = entered 'mql', task { note = 'Call' } }\n";
static const char tests_text[] =
    "test 'one' { given = { lead = { email = 'a@b.test' } }, play = {\n"
    "  after('0s') { page { path = '/pricing' }, track('Visit Ended', { pages = 3 }) },\n"
    "  after('1h') { page { path = '/pricing' } },\n"
    "  after('1h') { expect { stage = 'mql', traits = { nickname = missing() }, fired = { pricing "
    "= 2, "
    "lua = 1 }, sent = { 'hand' } } } } }\n"
    "test 'two' { play = { after('0s') { page { path = '/x' }, expect { stage = 'lead', engagement "
    "= "
    "gte(1) } } } }\n";

static struct rp_rules *load(struct rp_arena *arena, bool tests)
{
    struct rp_source sources[] = {
        {RP_STR("rules.lua"), {rules_text, sizeof(rules_text) - 1}},
        {RP_STR("tests/all.lua"), {tests_text, sizeof(tests_text) - 1}},
    };
    struct rp_files files = {sources, 2};
    struct rp_load_options options = {.tests = tests};
    struct rp_findings findings;
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};

    if (rp_load(arena, &files, &options, &rules, &findings, &err) != 0)
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    return rules;
}

static char *printed(const struct rp_rules *rules)
{
    struct rp_trial_options options = {.coverage = true};
    struct rp_trial_result result;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    if (rp_trial_run(rules, &options, &result, &err) != 0)
        return NULL;
    rp_trial_print(&out, &result, RP_TRIAL_JSON, true, false);
    rp_trial_result_fini(&result);
    return out.ptr;
}

static void runs_and_tells(void **state)
{
    struct rp_trial_options options = {.coverage = true};
    struct rp_trial_result result;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct rp_rules *rules;

    (void)state;
    rp_arena_init(&arena);
    rules = load(&arena, true);
    assert_int_equal(rp_trial_run(rules, &options, &result, &err), 0);
    assert_int_equal(result.test_count, 2);
    assert_int_equal(result.passed, 1);
    assert_int_equal(result.failed, 1);
    assert_true(result.tests[0].ok);
    assert_int_equal(result.tests[1].failure_count, 2);
    assert_true(rp_str_is(result.tests[1].failures[0].what, "stage"));
    assert_true(rp_str_is(result.tests[1].failures[0].actual, "\"visitor\""));
    assert_true(rp_str_is(result.tests[1].failures[1].expected, "gte(1)"));
    assert_non_null(strstr(result.tests[1].trace.ptr, "page /x"));
    /* Not reached: lua refuses nothing; visitor and lead are given, which does not count. */
    assert_int_equal(result.reachable, 9);
    assert_int_equal(result.reached, 6);
    rp_trial_result_fini(&result);
    rp_rules_free(rules);
    rp_arena_fini(&arena);
}

/* At the bound everything is shown, past it the newest. */
static void long_traces_are_cut(void **state)
{
    (void)state;
    for (int extra = 0; extra <= 1; extra++) {
        struct rp_buf text = {0};
        struct rp_source source = {.path = RP_STR("rules.lua")};
        struct rp_files files = {&source, 1};
        struct rp_load_options load_options = {.tests = true};
        struct rp_trial_options options = {0};
        struct rp_trial_result result;
        struct rp_findings findings;
        struct rp_rules *rules;
        struct rp_arena arena;
        struct rp_err err = {0};

        rp_arena_init(&arena);
        rp_buf_text(&text, rules_text);
        rp_buf_text(&text, "test 'long' { play = { after('0s') { page { path = '/first' }");
        for (int i = 1; i < RP_TRACE_EVENTS_MAX + extra; i++)
            rp_buf_text(&text, ", page { path = '/x' }");
        rp_buf_text(&text, ", expect { stage = 'mql' } } } }\n");
        source.text = rp_buf_view(&text);
        assert_int_equal(rp_load(&arena, &files, &load_options, &rules, &findings, &err), 0);
        assert_int_equal(rp_trial_run(rules, &options, &result, &err), 0);
        assert_int_equal(result.failed, 1);
        assert_int_equal(strstr(result.tests[0].trace.ptr, "page /first") != NULL, extra == 0);
        assert_int_equal(strstr(result.tests[0].trace.ptr, "1 earlier events") != NULL, extra == 1);
        rp_trial_result_fini(&result);
        rp_rules_free(rules);
        rp_arena_fini(&arena);
        rp_buf_fini(&text);
    }
}

static bool wants_two(void *ctx, struct rp_str name)
{
    (void)ctx;
    return rp_str_is(name, "two");
}

static bool wants_none(void *ctx, struct rp_str name)
{
    (void)ctx;
    (void)name;
    return false;
}

static void some_none_and_too_late(void **state)
{
    struct rp_trial_options options = {.wants = wants_two};
    struct rp_trial_result result;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct rp_rules *rules;

    (void)state;
    rp_arena_init(&arena);
    rules = load(&arena, true);
    assert_int_equal(rp_trial_run(rules, &options, &result, &err), 0);
    assert_int_equal(result.test_count, 1);
    assert_int_equal(result.goal_count, 0);
    rp_trial_result_fini(&result);
    options.wants = wants_none;
    assert_int_equal(rp_trial_run(rules, &options, &result, &err), RIPEN_ENOTFOUND);
    rp_trial_result_fini(&result);
    options = (struct rp_trial_options){.deadline_us = rp_mono_us() - 1};
    assert_int_equal(rp_trial_run(rules, &options, &result, &err), RIPEN_EBUDGET);
    assert_non_null(strstr(err.text, "\"one\""));
    rp_trial_result_fini(&result);
    rp_rules_free(rules);
    rp_arena_fini(&arena);
}

/* Tests name traits, lists and events of their own; the rules must not learn of them, or states
 * written with and without tests would differ under one generation. */
static void rules_are_the_same_without(void **state)
{
    struct rp_arena arena;
    struct rp_rules *with, *without;

    (void)state;
    rp_arena_init(&arena);
    with = load(&arena, true);
    without = load(&arena, false);
    assert_non_null(with->test_set);
    assert_null(without->test_set);
    assert_string_equal(with->hash, without->hash);
    assert_int_equal(with->field_count, without->field_count);
    assert_int_equal(with->counter_count, without->counter_count);
    assert_int_equal(with->kind_count, without->kind_count);
    assert_int_equal(with->sum_count, without->sum_count);
    assert_int_equal(with->test_count, without->test_count);
    for (uint32_t i = 0; i < with->field_count; i++) {
        assert_true(rp_str_eq(with->fields[i].name, without->fields[i].name));
        assert_int_equal(with->fields[i].keeps_text, without->fields[i].keeps_text);
        assert_int_equal(with->fields[i].keeps_number, without->fields[i].keeps_number);
    }
    rp_rules_free(with);
    rp_rules_free(without);
    rp_arena_fini(&arena);
}

static void *run_thread(void *rules)
{
    return printed(rules);
}

static void threads_share_rules(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    struct rp_arena arena;
    struct rp_rules *rules;
    char *alone, *other;

    (void)state;
    rp_arena_init(&arena);
    rules = load(&arena, true);
    alone = printed(rules);
    assert_non_null(alone);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_thread, rules), 0);
    for (int i = 0; i < THREADS; i++) {
        void *got;

        assert_int_equal(pthread_join(threads[i], &got), 0);
        other = got;
        assert_string_equal(alone, other);
        free(other);
    }
    free(alone);
    assert_int_equal(rules->number, 0); /* the stores' numbers are theirs */
    rp_rules_free(rules);
    rp_arena_fini(&arena);
}

int test_trial(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_and_tells),         cmocka_unit_test(long_traces_are_cut),
        cmocka_unit_test(some_none_and_too_late), cmocka_unit_test(rules_are_the_same_without),
        cmocka_unit_test(threads_share_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
