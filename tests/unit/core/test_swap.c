/* SPDX-License-Identifier: MIT */
/* Rules that are swapped under leads in memory: stages keep their names whatever their numbers,
 * scores follow, decisions stay, and a swap that fails changes nothing. */
#include "core/rules.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "store/generations.h"

#define STAGES(list, more)                                                                         \
    "dimension \"engagement\" { decay = \"none\" }\n"                                              \
    "score \"page\" { why = \"Looked\", on = \"page\", points = 1 }\n"                             \
    "stages { " list " }\nstage \"lead\" { enter = known() }\n" more

static const char plain[] =
    STAGES("\"visitor\", \"lead\", \"mql\"",
           "stage \"mql\" { from = \"lead\", enter = did \"Asked\", terminal = true }\n");
static const char first_rules[] =
    STAGES("\"visitor\", \"lead\", \"warm\", \"mql\"",
           "stage \"warm\" { from = \"lead\", enter = at_least { engagement = 2 } }\n"
           "stage \"mql\" { from = { \"lead\", \"warm\" }, enter = did \"Asked\", "
           "terminal = true }\n");
/* The same stages in other places, and points that count double. */
static const char moved_rules[] =
    "dimension \"engagement\" { decay = \"none\" }\n"
    "score \"other\" { why = \"Other\", on = \"Other\", points = 9 }\n"
    "score \"page\" { why = \"Looked\", on = \"page\", points = 2 }\n"
    "stages { \"visitor\", \"cold\", \"mql\", \"warm\", \"lead\" }\n"
    "stage \"cold\" { from = \"visitor\", enter = did \"Froze\", terminal = true }\n"
    "stage \"lead\" { from = \"visitor\", enter = known() }\n"
    "stage \"warm\" { from = \"lead\", enter = at_least { engagement = 4 } }\n"
    "stage \"mql\" { from = { \"lead\", \"warm\" }, enter = did \"Asked\", terminal = true }\n";

static struct rp_rules *load(struct rp_arena *arena, struct rp_files *files, const char *text)
{
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_err err = {0};

    *files = (struct rp_files){RP_ARENA_NEW(arena, struct rp_source), 1};
    files->items[0] = (struct rp_source){RP_STR("rules.lua"), rp_str_from(text)};
    if (rp_load(arena, files, &options, &rules, &findings, &err) != 0) {
        fail_msg("the test's rules: %s:%d: %s", err.file, err.line, err.text);
    }
    return rules;
}

static void swap(struct bench *b, const char *text)
{
    struct rp_files files;
    struct rp_rules *rules;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    rp_reader_close(b->reader);
    rules = load(&arena, &files, text);
    assert_int_equal(rp_core_rules(b->core, rules, &files, RP_STR("test"), &err), 0);
    assert_int_equal(
        rp_reader_open(NULL, rp_core_store(b->core), rp_core_active(b->core), &b->reader, &err), 0);
    rp_arena_fini(&arena);
}

static void page(struct bench *b, const char *who, int number)
{
    bench_send(b, false, "{\"type\":\"page\",\"userId\":\"%s\",\"messageId\":\"p%d\"}", who,
               number);
}

static void stages_keep_their_names(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, first_rules);
    page(&b, "cool", 1);
    for (int i = 2; i <= 3; i++) {
        page(&b, "warm", i);
    }
    bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"nobody\",\"messageId\":\"n1\"}");
    for (int round = 0; round < 3; round++) { /* there and back: each list of stages is one */
        swap(&b, round % 2 ? first_rules : moved_rules);
        page(&b, "cool", 10 + round); /* in memory, touched after the swap */
        bench_expect(&b, "warm", "\"stage\":\"warm\"");
        bench_expect(&b, "nobody", "\"stage\":\"visitor\"");
    }
    bench_expect(&b, "cool", "\"stage\":\"warm\"");
    assert_int_equal(bench_total(&b, "cool", T0), 4 * 2000);
    assert_int_equal(bench_total(&b, "warm", T0), 2 * 2000);
    assert_int_equal(rp_core_flush(b.core, NULL), 0); /* untouched ones are written by name too */
    bench_expect(&b, "warm", "\"stage\":\"warm\"");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Asked\",\"userId\":\"warm\",\"messageId\":\"a1\"}");
    bench_expect(&b, "warm", "\"stage\":\"mql\"");
    bench_close(&b);
}

/* A stage that the rules do not know any more stays the lead's until they do again. */
static void a_stage_that_is_gone(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, first_rules);
    page(&b, "ana", 1);
    page(&b, "ana", 2);
    bench_expect(&b, "ana", "\"stage\":\"warm\"");
    swap(&b, plain);
    page(&b, "ana", 3);
    bench_expect(&b, "ana", "\"stage\":\"warm\"");
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    swap(&b, moved_rules);
    page(&b, "ana", 4);
    bench_expect(&b, "ana", "\"stage\":\"warm\"");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Asked\",\"userId\":\"ana\",\"messageId\":\"a1\"}");
    bench_expect(&b, "ana", "\"stage\":\"mql\"");
    bench_close(&b);
}

static void what_was_in_force_comes_back(void **state)
{
    struct rp_ready_notes notes = {.author = RP_STR("ana"),
                                   .effect = RP_STR("nothing"),
                                   .disabled = RP_STR(""),
                                   .reason = RP_STR("")};
    struct rp_ready *ready = NULL;
    struct rp_generation_row row;
    const struct rp_rules *old;
    struct rp_files files;
    struct rp_arena arena;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    rp_arena_init(&arena);
    bench_open(&b, NULL, first_rules);
    old = rp_core_active(b.core);
    assert_int_equal(rp_ready_new(load(&arena, &files, moved_rules), &files, &notes, &ready, &err),
                     0);
    assert_int_equal(rp_core_swap(b.core, &ready, &err), 0);
    assert_ptr_equal(rp_ready_rules(ready), old);
    assert_int_equal(rp_core_active(b.core)->number, 2);
    assert_int_equal(rp_generation_get(&arena, rp_core_store(b.core), 0, &row, &err), 0);
    assert_int_equal(row.number, 2);
    assert_true(rp_str_is(row.author, "ana"));
    assert_true(rp_str_is(row.effect, "nothing"));
    rp_ready_free(ready);
    rp_reader_close(b.reader);
    b.reader = NULL;
    rp_arena_fini(&arena);
    bench_close(&b);
}

int test_swap(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_keep_their_names),
        cmocka_unit_test(a_stage_that_is_gone),
        cmocka_unit_test(what_was_in_force_comes_back),
    };

    return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
