/* SPDX-License-Identifier: MIT */
/* Identity, dedup, order, decisions, outbox and recovery, through whole runs. */
#include "core_test.h"
#include "groups.h"

#include <sys/wait.h>
#include <unistd.h>

#define DAY INT64_C(86400000)

static void anonymous_becomes_known(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, false,
               "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m1\","
               "\"properties\":{\"path\":\"/pricing\"}}");
    bench_expect(&b, "a1", "\"stage\":\"visitor\"");
    bench_send(
        &b, false,
        "{\"type\":\"identify\",\"anonymousId\":\"a1\",\"userId\":\"u1\","
        "\"messageId\":\"m2\",\"traits\":{\"email\":\"Ana@X.test\",\"title\":\"VP Sales\"}}");
    bench_expect(&b, "u1", "\"anonymousIds\":[\"a1\"]");
    bench_expect(&b, "ana@x.test", "\"userId\":\"u1\"");
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    assert_int_equal(bench_total(&b, "a1", T0), 31000);
    bench_close(&b);
}

static void visitor_of_second_browser_joins(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, true, "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    bench_send(&b, true,
               "{\"type\":\"page\",\"anonymousId\":\"a2\",\"messageId\":\"m2\","
               "\"properties\":{\"path\":\"/pricing\"}}");
    bench_send(&b, true,
               "{\"type\":\"identify\",\"anonymousId\":\"a2\",\"userId\":\"u1\","
               "\"messageId\":\"m3\"}");
    bench_expect(&b, "a2", "\"userId\":\"u1\"");
    assert_int_equal(bench_total(&b, "u1", T0), 11000);
    /* The same browser then belongs to somebody else: nobody is mixed. */
    bench_send(&b, true,
               "{\"type\":\"identify\",\"anonymousId\":\"a2\",\"userId\":\"u9\","
               "\"messageId\":\"m4\"}");
    bench_expect(&b, "u9", "\"anonymousIds\":[]");
    bench_expect(&b, "u1", "\"anonymousIds\":[\"a2\"]");
    bench_close(&b);
}

static void public_key_takes_no_address(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m1\","
               "\"traits\":{\"email\":\"ana@x.test\"}}");
    bench_send(&b, true,
               "{\"type\":\"identify\",\"anonymousId\":\"evil\",\"messageId\":\"m2\","
               "\"traits\":{\"email\":\"ana@x.test\"}}");
    bench_expect(&b, "ana@x.test", "\"anonymousIds\":[]");
    bench_expect(&b, "evil", "\"userId\":null");
    /* A server's key may say that they are one. */
    bench_send(&b, false,
               "{\"type\":\"identify\",\"anonymousId\":\"evil\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"ana@x.test\"}}");
    bench_expect(&b, "evil", "\"userId\":\"u1\"");
    bench_close(&b);
}

/* A form of a mailing tool knows an address and no id. */
static void an_address_alone_is_somebody(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    for (int i = 0; i < 2; i++) {
        bench_send(&b, i > 0,
                   "{\"type\":\"page\",\"messageId\":\"m%d\",\"traits\":{\"email\":\"%s@x.test\"}}",
                   i, i > 0 ? "bea" : "ana");
        assert_int_equal(b.last->accepted, 1);
    }
    bench_send(&b, false,
               "{\"type\":\"page\",\"messageId\":\"m2\",\"traits\":{\"email\":\"Ana@x.test\"}}");
    bench_expect(&b, "bea@x.test", "\"userId\":null");
    assert_int_equal(bench_total(&b, "bea@x.test", T0), 1000);
    assert_int_equal(bench_total(&b, "ana@x.test", T0), 2000);
    /* An id that comes later names the same person. */
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"ana@x.test\"}}");
    bench_expect(&b, "ana@x.test", "\"userId\":\"u1\"");
    assert_int_equal(bench_total(&b, "u1", T0), 2000);
    bench_close(&b);
}

static void blocked_ids_are_nobody(void **state)
{
    static const char *const blocked[] = {"null", "undefined", "anonymous", "-1",
                                          "0",    "000-000",   "ANONYMOUS"};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
        bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"%s\",\"messageId\":\"m%zu\"}",
                   blocked[i], i);
        assert_int_equal(b.last->rejected, 1);
        assert_int_equal(b.last->items[0].reject, RP_REJECT_IDENTITY);
        bench_send(
            &b, false,
            "{\"type\":\"page\",\"userId\":\"%s\",\"anonymousId\":\"b%zu\",\"messageId\":\"n%zu\"}",
            blocked[i], i, i);
        assert_int_equal(b.last->accepted, 1);
    }
    bench_expect(&b, "b0", "\"userId\":null");
    bench_close(&b);
}

static void copies_count_once(void **state)
{
    static const char page[] = "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}";
    static const char *const twice[] = {
        "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m7\"}",
        "{\"batch\":[{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m7\"},"
        "{\"type\":\"page\",\"userId\":\"u2\",\"messageId\":\"m7\"}]}"};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, false, "%s", page);
    assert_int_equal(b.last->accepted, 1);
    bench_send(&b, false, "%s", page);
    assert_int_equal(b.last->duplicates, 1);
    bench_send_group(&b, twice, 2);
    assert_int_equal(bench_total(&b, "u1", T0), 2000);
    assert_int_equal(bench_total(&b, "u2", T0), 1000);
    bench_close(&b);
}

static void parallel_forms_count_exactly(void **state)
{
    char requests[17][160];
    const char *list[17];
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    for (int i = 0; i < 17; i++) {
        snprintf(requests[i], sizeof(requests[i]),
                 "{\"type\":\"track\",\"event\":\"Form Submitted\",\"userId\":\"u1\","
                 "\"messageId\":\"m%d\"}",
                 i);
        list[i] = requests[i];
    }
    bench_send_group(&b, list, 17);
    assert_int_equal(bench_total(&b, "u1", T0), 17 * 5000 + 7000);
    bench_expect(&b, "u1", "\"form\":17,\"form_once\":1");
    bench_close(&b);
}

/* Every order of arrival gives the score of the one order in time. */
static void order_of_arrival_does_not_matter(void **state)
{
    static const char *const events[4] = {
        "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m0\",\"timestamp\":\"2026-03-"
        "01T09:00:00Z\","
        "\"receivedAt\":\"2026-03-02T09:00:00Z\",\"properties\":{\"path\":\"/pricing\"}}",
        "{\"type\":\"identify\",\"anonymousId\":\"a1\",\"userId\":\"u1\",\"messageId\":\"m1\","
        "\"timestamp\":\"2026-03-01T09:10:00Z\",\"receivedAt\":\"2026-03-02T09:00:00Z\",\"traits\":"
        "{\"title\":\"VP\"}}",
        "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"m2\",\"timestamp\":\"2026-03-"
        "01T09:20:00Z\","
        "\"receivedAt\":\"2026-03-02T09:00:00Z\",\"properties\":{\"path\":\"/pricing\"}}",
        "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m3\",\"timestamp\":\"2026-03-01T09:"
        "40:00Z\","
        "\"receivedAt\":\"2026-03-02T09:00:00Z\",\"properties\":{\"path\":\"/pricing\"}}"};
    int64_t expected = -1;

    (void)state;
    for (int code = 0; code < 256; code++) {
        int order[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3};
        struct bench b;
        int64_t total;

        if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15) {
            continue;
        }
        bench_open(&b, NULL, RULES);
        for (int i = 0; i < 4; i++) {
            bench_send(&b, false, "%s", events[order[i]]);
        }
        total = bench_total(&b, "u1", T0 + DAY);
        expected = expected < 0 ? total : expected;
        assert_int_equal(total, expected);
        bench_close(&b);
    }
    assert_true(expected > 0);
}

static void hand_over_happens_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m1\",\"context\":{\"traits\":{\"email\":\"ana@x.test\"}}}");
    bench_expect(&b, "u1", "\"stage\":\"sql\"");
    assert_int_equal(bench_outbox(&b), 3);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m2\"}");
    assert_int_equal(bench_outbox(&b), 3);
    bench_close(&b);
}

static void outbox_is_leased_and_ended(void **state)
{
    struct rp_outbox_row *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    size_t count;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    rp_arena_init(&arena);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"m1\"}");
    assert_int_equal(
        rp_core_outbox_claim(b.core, &arena, RP_WAY_ANY, 60000, 10, &rows, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_true(rp_str_is(rows[0].to, "crm"));
    {
        struct rp_outbox_result result = {
            .id = rows[0].id, .outcome = RP_OUTCOME_DELIVERED, .http_status = 200};

        assert_int_equal(rp_core_outbox_finish(b.core, &result, 1, &err), 0);
    }
    assert_int_equal(
        rp_core_outbox_claim(b.core, &arena, RP_WAY_ANY, 60000, 10, &rows, &count, &err), 0);
    assert_int_equal(count, 0);
    bench_expect(&b, "u1", "\"status\":\"delivered\"");
    rp_arena_fini(&arena);
    bench_close(&b);
}

/* A child takes events and dies without a word; what it was acknowledged is there afterwards, and
 * the states of a fresh start equal it. */
static void crash_loses_nothing(void **state)
{
    char path[] = "/tmp/ripen-core-XXXXXX";
    char *before;
    char *after;
    int tube[2];
    struct bench b;
    pid_t child;
    char text[65536] = "";
    size_t len = 0;
    ssize_t got;

    (void)state;
    assert_true(mkdtemp(path) != NULL);
    assert_int_equal(chdir(path), 0);
    assert_int_equal(pipe(tube), 0);
    child = fork();
    if (child == 0) {
        bench_open(&b, "crash.db", RULES);
        for (int i = 0; i < 200; i++) {
            b.now_ms += 60000;
            bench_send(&b, false,
                       "{\"type\":\"track\",\"event\":\"Form Submitted\",\"anonymousId\":\"a%d\","
                       "\"messageId\":\"m%d\"}",
                       i % 7, i);
            if (i % 50 == 49) {
                bench_send(&b, false,
                           "{\"type\":\"identify\",\"anonymousId\":\"a%d\",\"userId\":\"u%d\","
                           "\"messageId\":\"i%d\"}",
                           i % 7, i % 3, i);
            }
            while (i % 90 == 0 && rp_core_idle(b.core)) {
            }
        }
        before = bench_lead(&b, "a1");
        if (write(tube[1], before, strlen(before)) < 0) {
            _exit(1);
        }
        _exit(0);
    }
    close(tube[1]);
    while ((got = read(tube[0], text + len, sizeof(text) - 1 - len)) > 0) {
        len += (size_t)got;
    }
    assert_int_equal(waitpid(child, &(int){0}, 0), child);
    assert_true(len > 100);
    bench_open(&b, "crash.db", RULES);
    after = bench_lead(&b, "a1");
    assert_string_equal(after, text);
    free(after);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Form Submitted\",\"anonymousId\":\"a1\","
               "\"messageId\":\"m1\"}");
    assert_int_equal(b.last->duplicates, 1);
    bench_close(&b);
    bench_open(&b, "crash.db", RULES);
    after = bench_lead(&b, "a1");
    assert_string_equal(after, text);
    free(after);
    bench_close(&b);
    (void)unlink("crash.db");
    (void)unlink("crash.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

/* States are written behind also when the clock was put back. */
static void clock_put_back(void **state)
{
    struct rp_core_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, RULES);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    b.now_ms -= 60 * 60000;
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\"}");
    while (rp_core_idle(b.core)) {
    }
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.newest_event, 2);
    assert_int_equal(stats.watermark, 2);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anonymous_becomes_known),
        cmocka_unit_test(visitor_of_second_browser_joins),
        cmocka_unit_test(public_key_takes_no_address),
        cmocka_unit_test(an_address_alone_is_somebody),
        cmocka_unit_test(blocked_ids_are_nobody),
        cmocka_unit_test(copies_count_once),
        cmocka_unit_test(parallel_forms_count_exactly),
        cmocka_unit_test(order_of_arrival_does_not_matter),
        cmocka_unit_test(hand_over_happens_once),
        cmocka_unit_test(outbox_is_leased_and_ended),
        cmocka_unit_test(crash_loses_nothing),
        cmocka_unit_test(clock_put_back),
    };

    return cmocka_run_group_tests_name("core", tests, NULL, NULL) + test_copies() + test_people() +
           test_handoff() + test_gate() + test_hits() + test_stages() + test_timers() +
           test_sequences() + test_late() + test_sweep() + test_swap() + test_random() +
           test_counts() + test_models() + test_trial() + test_cache() + test_retention() +
           test_reasons() + test_reports() + test_learn() + test_replay() + test_experiment() +
           test_splits() + test_report_experiment() + test_report_numbers();
}
