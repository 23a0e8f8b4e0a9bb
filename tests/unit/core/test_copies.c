/* SPDX-License-Identifier: MIT */
/* Copies of one message that come together only when their leads do: the first accepted counts, and
 * nothing follows from the second. */
#include "core_test.h"
#include "groups.h"

#include <sys/wait.h>
#include <unistd.h>

static const char rules[] =
    "dimension \"engagement\" { range = {0, 200}, decay = \"none\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 1 }\n"
    "score \"form\" { why = \"Sent a form\", on = \"Form Submitted\", points = 5 }\n"
    "stages { \"visitor\", \"lead\" }\n"
    "stage \"lead\" { enter = at_least { engagement = 50 } }\n"
    "action \"thanks\" { on = did \"Form Submitted\", webhook { to = endpoint \"crm\", body = { } "
    "} }\n";

static void assert_verified(struct bench *b, size_t leads)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_reader_verify(b->reader, &verified, &out, &err), 0);
    if (verified.different > 0) {
        fail_msg("%s", out.ptr);
    }
    assert_int_equal(verified.skipped, 0);
    assert_int_equal(verified.same, leads);
    rp_buf_fini(&out);
}

/* The visitor is named by a copy of what he did: the lead gains a node, no other lead is joined. */
static void copy_that_names_a_visitor(void **state)
{
    static const char *const both[] = {
        "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m1\"}",
        "{\"type\":\"page\",\"anonymousId\":\"a1\",\"userId\":\"u1\",\"messageId\":\"m1\"}"};
    struct bench b;

    (void)state;
    for (int grouped = 0; grouped < 2; grouped++) {
        bench_open(&b, NULL, rules);
        if (grouped) {
            bench_send_group(&b, both, 2);
        } else {
            bench_send(&b, false, "%s", both[0]);
            b.now_ms += 60000;
            bench_send(&b, false, "%s", both[1]);
        }
        bench_expect(&b, "a1", "\"userId\":\"u1\"");
        assert_int_equal(bench_total(&b, "u1", b.now_ms), 1000);
        assert_verified(&b, 1);
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
        assert_int_equal(bench_total(&b, "u1", b.now_ms), 2000);
        assert_verified(&b, 1);
        bench_close(&b);
    }
}

/* The copy joins two leads: the action of the first is not taken again under the other's name. */
static void copy_that_joins_leads(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Form Submitted\",\"anonymousId\":\"a1\","
               "\"messageId\":\"m2\"}");
    assert_int_equal(bench_outbox(&b), 1);
    b.now_ms += 60000;
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Form Submitted\",\"anonymousId\":\"a1\","
               "\"userId\":\"u1\",\"messageId\":\"m2\"}");
    bench_expect(&b, "a1", "\"userId\":\"u1\"");
    assert_int_equal(bench_total(&b, "u1", b.now_ms), 6000);
    assert_int_equal(bench_outbox(&b), 1);
    assert_verified(&b, 1);
    bench_close(&b);
}

/* Recovery, which folds rows as they come, does not count the copy either. */
static void copy_before_a_crash(void **state)
{
    char path[] = "/tmp/ripen-core-XXXXXX";
    struct bench b;
    pid_t child;

    (void)state;
    assert_non_null(mkdtemp(path));
    assert_int_equal(chdir(path), 0);
    child = fork();
    if (child == 0) {
        bench_open(&b, "a.db", rules);
        bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m1\"}");
        bench_send(&b, false,
                   "{\"type\":\"page\",\"anonymousId\":\"a1\",\"userId\":\"u1\","
                   "\"messageId\":\"m1\",\"receivedAt\":\"2026-03-02T09:01:00Z\"}");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &(int){0}, 0), child);
    bench_open(&b, "a.db", rules);
    assert_verified(&b, 1);
    assert_int_equal(bench_total(&b, "u1", b.now_ms + 60000), 1000);
    bench_close(&b);
    (void)unlink("a.db");
    (void)unlink("a.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

/* A client that counts its messages from 1 for each person. */
static void one_id_for_many_leads(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    for (int i = 0; i < 100; i++) {
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"1\"}", i);
        assert_int_equal(b.last->accepted, 1);
    }
    for (int i = 0; i < 100; i++) {
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u%d\",\"messageId\":\"1\"}", i);
        assert_int_equal(b.last->duplicates, 1);
    }
    bench_close(&b);
}

int test_copies(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_that_names_a_visitor),
        cmocka_unit_test(copy_that_joins_leads),
        cmocka_unit_test(copy_before_a_crash),
        cmocka_unit_test(one_id_for_many_leads),
    };

    return cmocka_run_group_tests_name("core: copies", tests, NULL, NULL);
}
