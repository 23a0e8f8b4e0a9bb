/* SPDX-License-Identifier: MIT */
/* Counts of rules: what is counted, what a start keeps, and rules that keep failing. */
#include "core/counts.h"
#include "core/reader_counts.h"
#include "core_test.h"
#include "groups.h"
#include "store/rule_counts.h"

#include <unistd.h>

static const char rules[] =
    "dimension \"engagement\" { range = {0, 9000}, decay = \"none\" }\n"
    "score \"page\" { why = \"Page\", on = \"page\", points = 1 }\n"
    "score \"once\" { why = \"Once\", on = \"page\", points = 1, once = true }\n"
    "score \"price\" { why = \"Price\", on = \"page\", points = 1, when = { path = contains "
    "\"price\" "
    "} }\n"
    "score \"bad\" { why = \"Bad\", on = \"page\", points = 1,\n"
    "  test = function(event) return event.properties.number > 5 end }\n";
static const char renamed[] =
    "dimension \"engagement\" { range = {0, 9000}, decay = \"none\" }\n"
    "score \"visit\" { why = \"Page\", on = \"page\", points = 1, was = \"page\" }\n";

static const struct rp_rule_count *count_of(struct bench *b, const char *rule)
{
    uint32_t at = rp_rules_score(rp_core_active(b->core), rp_str_from(rule));

    assert_int_not_equal(at, RP_NONE);
    return &rp_core_rule_counts(b->core)[at];
}

static void send_pages(struct bench *b, int from, int to, const char *properties)
{
    for (int i = from; i < to; i++) {
        b->now_ms = T0 + (int64_t)i * 60000;
        bench_send(
            b, false,
            "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m%d\",\"properties\":{%s}}", i,
            properties);
    }
}

static void runs_hits_and_grants(void **state)
{
    struct rp_buf out = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    send_pages(&b, 0, 3, "\"number\":7,\"path\":\"/a\"");
    assert_int_equal(count_of(&b, "page")->runs, 3);
    assert_int_equal(count_of(&b, "page")->hits, 3);
    assert_int_equal(count_of(&b, "page")->granted, 3);
    assert_int_equal(count_of(&b, "once")->hits, 3);
    assert_int_equal(count_of(&b, "once")->granted, 1);
    assert_int_equal(count_of(&b, "price")->hits, 0);
    assert_int_equal(count_of(&b, "bad")->tests, 3);
    assert_int_equal(count_of(&b, "bad")->hits, 3);
    assert_int_equal(count_of(&b, "bad")->faults, 0);
    assert_true(count_of(&b, "bad")->steps > 0);
    assert_true(count_of(&b, "bad")->test_ns > 0);
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    assert_int_equal(rp_reader_rule_counts(b.reader, RP_FORMAT_JSON, &out, NULL), 0);
    assert_non_null(strstr(out.ptr, "{\"rule\":\"once\",\"state\":\"on\",\"runs\":3,"
                                    "\"matches\":3,\"granted\":1,\"tests\":0,"));
    rp_buf_fini(&out);
    /* A copy is no news, and a late event folds the others again without counting them. */
    bench_send(&b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m0\",\"properties\":{}}");
    bench_send(&b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"late\","
               "\"timestamp\":\"2026-03-01T09:00:00Z\",\"properties\":{\"number\":7}}");
    assert_int_equal(count_of(&b, "page")->runs, 4);
    assert_int_equal(count_of(&b, "bad")->tests, 4);
    bench_close(&b);
}

static void a_start_and_a_rename_keep_them(void **state)
{
    char path[] = "/tmp/ripen-counts-XXXXXX";
    char file[64];
    struct bench b;

    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof(file), "%s/a.db", path);
    bench_open(&b, file, rules);
    send_pages(&b, 0, 3, "\"number\":1");
    bench_close(&b);
    bench_open(&b, file, rules);
    assert_int_equal(count_of(&b, "page")->runs, 3);
    assert_int_equal(count_of(&b, "page")->granted, 3);
    assert_int_equal(count_of(&b, "bad")->tests, 3);
    send_pages(&b, 3, 4, "\"number\":1");
    bench_close(&b);
    bench_open(&b, file, renamed);
    assert_int_equal(count_of(&b, "visit")->runs, 4);
    send_pages(&b, 4, 5, "\"number\":1");
    assert_int_equal(count_of(&b, "visit")->runs, 5);
    bench_close(&b);
    bench_open(&b, file, rules); /* the name is free again, and its past is the other's */
    assert_int_equal(count_of(&b, "page")->runs, 0);
    assert_int_equal(count_of(&b, "bad")->tests, 4);
    bench_close(&b);
    for (const char *const *name =
             (const char *const[]){"a.db", "a.db-lock", "a.db-wal", "a.db-shm", NULL};
         *name; name++) {
        snprintf(file, sizeof(file), "%s/%s", path, *name);
        (void)unlink(file);
    }
    assert_int_equal(rmdir(path), 0);
}

static void a_rule_that_keeps_failing_is_found(void **state)
{
    struct rp_arena arena;
    struct rp_buf out = {0};
    uint32_t failing[4];
    struct bench b;

    (void)state;
    rp_arena_init(&arena);
    bench_open(&b, NULL, rules);
    send_pages(&b, 0, RP_FAULTS_FAILING - 1, "\"path\":\"/a\""); /* no number: it fails */
    assert_int_equal(rp_core_rules_failing(b.core, failing, 4), 0);
    send_pages(&b, RP_FAULTS_FAILING - 1, RP_FAULTS_FAILING, "\"path\":\"/a\"");
    assert_int_equal(rp_core_rules_failing(b.core, failing, 4), 1);
    assert_int_equal(failing[0], rp_rules_score(rp_core_active(b.core), RP_STR("bad")));
    assert_int_equal(count_of(&b, "bad")->faults, RP_FAULTS_FAILING);
    assert_string_equal(rp_core_failing_reason(&arena, b.core, failing[0]).ptr,
                        "its test failed at 20 of its last 20 runs; correct the test "
                        "and save");
    rp_core_counts_print(b.core, &out);
    assert_non_null(strstr(out.ptr, "ripen_rule_failures_total{rule=\"bad\"} 20\n"));
    assert_non_null(strstr(out.ptr, "ripen_rule_runs_total{rule=\"page\"} 20\n"));
    assert_null(strstr(out.ptr, "ripen_rule_failures_total{rule=\"page\"}"));
    rp_buf_fini(&out);
    bench_close(&b);
    rp_arena_fini(&arena);
}

/* The same sources with a rule out of action are another generation, in which it never runs. */
static void a_disabled_rule_never_runs(void **state)
{
    static const struct rp_str disabled[] = {{"bad", 3}, {"nobody", 6}};
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(rules)};
    struct rp_files files = {&source, 1};
    struct rp_load_options load = {.disabled = disabled, .disabled_count = 2};
    struct rp_findings findings = {0};
    struct rp_rules *without = NULL;
    struct rp_buf out = {0};
    struct rp_arena arena;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    rp_arena_init(&arena);
    bench_open(&b, NULL, rules);
    send_pages(&b, 0, 2, "\"path\":\"/a\"");
    assert_int_equal(count_of(&b, "bad")->faults, 2);
    assert_int_equal(rp_load(&arena, &files, &load, &without, &findings, &err), 0);
    assert_string_not_equal(without->hash, rp_core_active(b.core)->hash);
    rp_reader_close(b.reader);
    b.reader = NULL;
    assert_int_equal(rp_core_rules(b.core, without, &files, RP_STR("server"), &err), 0);
    send_pages(&b, 2, 4, "\"path\":\"/a\"");
    assert_int_equal(count_of(&b, "bad")->faults, 2);
    assert_int_equal(count_of(&b, "page")->runs, 4);
    rp_core_counts_print(b.core, &out);
    assert_non_null(strstr(out.ptr, "ripen_rule_disabled{rule=\"bad\"} 1\n"));
    rp_buf_fini(&out);
    /* Names that no rule has make no other generation. */
    load.disabled_count = 1;
    load.disabled = disabled + 1;
    assert_int_equal(rp_load(&arena, &files, &load, &without, &findings, &err), 0);
    load.disabled_count = 0;
    {
        struct rp_rules *plain = NULL;

        assert_int_equal(rp_load(&arena, &files, &load, &plain, &findings, &err), 0);
        assert_string_equal(plain->hash, without->hash);
        rp_rules_free(plain);
    }
    rp_rules_free(without);
    bench_close(&b);
    rp_arena_fini(&arena);
}

int test_counts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_hits_and_grants),
        cmocka_unit_test(a_start_and_a_rename_keep_them),
        cmocka_unit_test(a_rule_that_keeps_failing_is_found),
        cmocka_unit_test(a_disabled_rule_never_runs),
    };

    return cmocka_run_group_tests_name("core/counts", tests, NULL, NULL);
}
