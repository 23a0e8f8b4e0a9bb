/* SPDX-License-Identifier: MIT */
/* Stages over changes of the rules and over starts; what follows an entry. */
#include "core_test.h"
#include "groups.h"
#include "store/reports.h"

#include <sys/wait.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"                            \
    "total { engagement = 1 }\n"                                                                   \
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"

static const char no_stages[] = HEAD;
static const char two_stages[] = HEAD "stages { \"visitor\", \"lead\" }\n"
                                      "stage \"lead\" { enter = did \"Demo Requested\" }\n";
static const char other_points[] =
    "dimension \"other\" { range = {0, 100}, kind = \"state\" }\n"
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "total { engagement = 1, other = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 3 }\n"
    "stages { \"visitor\", \"member\" }\n"
    "stage \"member\" { enter = did \"Demo Requested\" }\n";
static const char there_and_back[] = HEAD
    "stages { \"visitor\", \"lead\" }\n"
    "stage \"lead\" { enter = did \"Up\", leave = did \"Down\", leave_to = \"visitor\" }\n"
    "action \"hello\" { on = entered \"lead\", webhook { to = endpoint \"crm\", body = { } } }\n";

static const char crossing[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 10 }\n"
    "action \"hot\" { on = crossed(\"engagement\", 15), webhook { to = endpoint \"crm\",\n"
    "  body = { } } }\n";

/* Runs in a directory of its own. */
static int enter_directory(void **state)
{
    static char path[64];

    snprintf(path, sizeof(path), "/tmp/ripen-core-XXXXXX");
    if (!mkdtemp(path) || chdir(path) != 0) {
        return -1;
    }
    *state = path;
    return 0;
}

static int leave_directory(void **state)
{
    static const char *const files[] = {"a.db", "a.db-lock", "a.db-wal", "a.db-shm"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)unlink(files[i]);
    }
    return chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;
}

/* Marketers begin with points; stages come later, and leads that stand already take part. */
static void stages_come_later(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", no_stages);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    bench_close(&b);
    bench_open(&b, "a.db", two_stages);
    bench_expect(&b, "u1", "\"stage\":\"visitor\"");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m2\"}");
    bench_expect(&b, "u1", "\"stage\":\"lead\"");
    bench_close(&b);
}

/* A stage that is gone for a while is not forgotten. */
static void stage_goes_and_comes_back(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", two_stages);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m1\"}");
    bench_close(&b);
    bench_open(&b, "a.db", other_points);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
    bench_close(&b);
    bench_open(&b, "a.db", two_stages);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m3\"}");
    bench_expect(&b, "u1", "\"stage\":\"lead\"");
    bench_expect(&b, "u1", "\"decision\":1");
    {
        char *text = bench_lead(&b, "u1");

        assert_null(strstr(text, "\"decision\":2"));
        free(text);
    }
    bench_close(&b);
}

/* What SQL readers see of a lead whose events were recovered under other rules is a score of
 * these. */
static void crash_and_other_rules(void **state)
{
    struct rp_lead_filter filter = {0};
    struct rp_verified verified;
    struct rp_lead_row *rows;
    struct rp_buf out = {0};
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count;
    struct bench b;
    pid_t child;

    (void)state;
    child = fork();
    if (child == 0) {
        bench_open(&b, "a.db", two_stages);
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
        (void)rp_core_flush(b.core, &err);
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &(int){0}, 0), child);
    bench_open(&b, "a.db", other_points);
    assert_int_equal(rp_core_flush(b.core, &err), 0);
    assert_int_equal(rp_reader_verify(b.reader, &verified, &out, &err), 0);
    assert_int_equal(verified.same, 1);
    rp_arena_init(&arena);
    assert_int_equal(rp_lead_list(&arena, rp_core_store(b.core), &filter, 10, &rows, &count, &err),
                     0);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].summary.total, 6000);
    rp_arena_fini(&arena);
    rp_buf_fini(&out);
    bench_close(&b);
}

/* The rules' change crosses nothing, the first event under them may. */
static void first_event_after_a_change_crosses(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", no_stages);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    for (int i = 0; i < 2; i++) {
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u2\",\"messageId\":\"n%d\"}", i);
    }
    bench_close(&b);
    bench_open(&b, "a.db", crossing);
    b.now_ms += 60000;
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u2\",\"messageId\":\"n3\"}");
    assert_int_equal(bench_outbox(&b), 0);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 20000);
    assert_int_equal(bench_outbox(&b), 1);
    bench_close(&b);
}

/* All items of a request are received in one millisecond; each entry is one of its own. */
static void two_entries_in_a_millisecond(void **state)
{
    static const char *const requests[] = {
        "{\"batch\":[{\"type\":\"track\",\"event\":\"Up\",\"userId\":\"u1\",\"messageId\":\"m1\"},"
        "{\"type\":\"track\",\"event\":\"Down\",\"userId\":\"u1\",\"messageId\":\"m2\"},"
        "{\"type\":\"track\",\"event\":\"Up\",\"userId\":\"u1\",\"messageId\":\"m3\"}]}"};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, there_and_back);
    bench_send_group(&b, requests, 1);
    bench_expect(&b, "u1", "\"stage\":\"lead\"");
    assert_int_equal(bench_outbox(&b), 2);
    bench_close(&b);
}

int test_stages(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stages_come_later, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(stage_goes_and_comes_back, enter_directory,
                                        leave_directory),
        cmocka_unit_test_setup_teardown(crash_and_other_rules, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(first_event_after_a_change_crosses, enter_directory,
                                        leave_directory),
        cmocka_unit_test(two_entries_in_a_millisecond),
    };

    return cmocka_run_group_tests_name("core: stages", tests, NULL, NULL);
}
