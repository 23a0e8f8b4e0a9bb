/* SPDX-License-Identifier: MIT */
/* Sequences in the core: steps once, at their time, over restarts and crashes; exits, consent,
 * starting again; what people decide; rules that lose a step and get it back; merges. */
#include "core/core_priv.h"
#include "core/people.h"
#include "core/reader_sequences.h"
#include "core/sequences.h"
#include "core_test.h"
#include "groups.h"
#include "model/sequence.h"

#include <sys/wait.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "dimension \"engagement\" { half_life = \"10d\" }\n"                                           \
    "total { engagement = 1 }\n"                                                                   \
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 40 }\n"                  \
    "stages { \"visitor\", \"mql\", \"sal\" }\n"                                                   \
    "stage \"mql\" { enter = did \"Ready\" }\n"                                                    \
    "stage \"sal\" { from = { \"visitor\", \"mql\" }, enter = did \"Lead Accepted\", terminal = "  \
    "true }\n"
#define SEQUENCE(fields, steps)                                                                    \
    HEAD "sequence \"care\" { start = entered \"mql\", " fields ", steps = { " steps " } }\n"
#define TASK(name) "step \"" name "\" { task { to = \"owner\", note = \"" name "\" } }, "

static const char plain[] =
    SEQUENCE("exit = any { left \"mql\", did \"Meeting Booked\" }, reenter = \"30d\", purpose = "
             "\"marketing\"",
             TASK("one") "step \"rest\" { wait \"1d\" }, " TASK(
                 "two") "step \"look\" { wait_until "
                        "{ did \"Feature Used\", timeout = \"3d\" } }, " TASK("three"));
static const char without_rest[] =
    SEQUENCE("exit = left \"mql\"", TASK("one") "step \"pause\" { wait \"5d\" }, " TASK("two"));
static const char without_all[] = HEAD;

static void track(struct bench *b, const char *user, const char *event, const char *message)
{
    bench_send(b, false,
               "{\"type\":\"track\",\"userId\":\"%s\",\"event\":\"%s\",\"messageId\":\"%s\"}", user,
               event, message);
}

static int pass(struct bench *b, int64_t until_ms)
{
    struct rp_err err = {0};
    int all = 0, count;

    b->now_ms = until_ms;
    while ((count = rp_core_timers_run(b->core, until_ms, 2, &err)) > 0) {
        all += count;
    }
    assert_int_equal(count, 0);
    return all;
}

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

static int ask(struct bench *b, enum rp_sequence_verb verb, const char *lead, const char *step)
{
    struct rp_sequence_ask asked = {.verb = verb,
                                    .lead = rp_str_from(lead),
                                    .step = rp_str_from(step),
                                    .reason = RP_STR("because"),
                                    .author = RP_STR("lea")};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status = rp_core_sequence_ask(b->core, &asked, &out, &err);

    rp_buf_fini(&out);
    return status;
}

static void steps_once_and_at_their_time(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    track(&b, "u1", "Ready", "m1");
    assert_int_equal(bench_outbox(&b), 1); /* the first step at once */
    bench_expect(&b, "u1", "\"startedBy\":\"entered \\\"mql\\\"\"");
    assert_true(rp_core_timers_due(b.core) == T0 + RP_DAY);
    assert_int_equal(pass(&b, T0 + RP_DAY - 1), 0);
    assert_int_equal(pass(&b, T0 + RP_DAY), 1);
    assert_int_equal(bench_outbox(&b), 2);
    assert_true(rp_core_timers_due(b.core) == T0 + 4 * RP_DAY);
    assert_int_equal(pass(&b, T0 + 4 * RP_DAY), 1);
    assert_int_equal(bench_outbox(&b), 3);
    bench_expect(&b, "u1", "\"state\":\"done\"");
    assert_true(rp_core_timers_due(b.core) == RP_TIMERS_NEVER);
    assert_int_equal(pass(&b, T0 + 400 * RP_DAY), 0);
    assert_int_equal(bench_outbox(&b), 3);
    bench_close(&b);
}

static void what_is_waited_for_comes(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    track(&b, "u1", "Ready", "m1");
    track(&b, "u1", "Feature Used", "m2"); /* since the start: the wait will be over at once */
    pass(&b, T0 + RP_DAY);
    assert_int_equal(bench_outbox(&b), 3);
    track(&b, "u2", "Ready", "n1");
    pass(&b, T0 + 2 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 5);
    track(&b, "u2", "Feature Used", "n2");
    assert_int_equal(bench_outbox(&b), 6);
    pass(&b, T0 + 9 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 6);
    bench_close(&b);
}

static void ends_early(void **state)
{
    static const char *const events[] = {"Meeting Booked", "Lead Accepted", "Unsubscribed"};
    static const char *const reasons[] = {"did \\\"Meeting Booked\\\"", "left \\\"mql\\\"",
                                          "unsubscribed"};

    (void)state;
    for (size_t i = 0; i < RP_COUNT(events); i++) {
        struct bench b;
        char reason[80];

        bench_open(&b, NULL, plain);
        track(&b, "u1", "Ready", "m1");
        track(&b, "u1", events[i], "m2");
        snprintf(reason, sizeof(reason), "\"reason\":\"%s\"", reasons[i]);
        bench_expect(&b, "u1", "\"state\":\"exited\"");
        bench_expect(&b, "u1", reason);
        assert_int_equal(pass(&b, T0 + 90 * RP_DAY), 0);
        assert_int_equal(bench_outbox(&b), 1);
        bench_close(&b);
    }
}

/* Never twice at a time; again after `reenter`, since it ended. */
static void starts_again(void **state)
{
    static const char again[] =
        HEAD "sequence \"care\" { start = did \"Subscribed\", reenter = \"30d\", steps = {\n" TASK(
            "one") "step \"rest\" { wait \"1d\" } } }\n"
                   "sequence \"once\" { start = did \"Subscribed\", steps = { " TASK("one") "} }\n";
    struct bench b;

    (void)state;
    bench_open(&b, NULL, again);
    track(&b, "u1", "Subscribed", "m1");
    assert_int_equal(bench_outbox(&b), 2);
    track(&b, "u1", "Subscribed", "m2");
    pass(&b, T0 + RP_DAY);
    assert_int_equal(bench_outbox(&b), 2);
    pass(&b, T0 + 31 * RP_DAY - 1);
    track(&b, "u1", "Subscribed", "m3");
    assert_int_equal(bench_outbox(&b), 2);
    pass(&b, T0 + 31 * RP_DAY);
    track(&b, "u1", "Subscribed", "m4");
    assert_int_equal(bench_outbox(&b), 3);
    bench_expect(&b, "u1", "\"sequence\":\"care\",\"number\":2,\"state\":\"running\"");
    bench_close(&b);
}

static void over_a_restart_and_a_crash(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    bench_close(&b);
    bench_open(&b, "a.db", plain);
    assert_true(rp_core_timers_due(b.core) == T0 + RP_DAY);
    assert_int_equal(pass(&b, T0 + RP_DAY), 1);
    bench_close(&b);
    if (fork() == 0) { /* ends without writing behind */
        bench_open(&b, "a.db", plain);
        b.now_ms = T0 + 2 * RP_DAY;
        track(&b, "u2", "Ready", "m2");
        track(&b, "u1", "Feature Used", "m3");
        _exit(bench_outbox(&b) == 4 ? 0 : 1);
    } else {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    bench_open(&b, "a.db", plain);
    bench_expect(&b, "u1", "\"state\":\"done\"");
    assert_true(rp_core_timers_due(b.core) <= T0 + 3 * RP_DAY);
    pass(&b, T0 + 3 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 5);
    pass(&b, T0 + 60 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 6);
    bench_close(&b);
}

static void people_decide(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    track(&b, "u1", "Ready", "m1");
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", ""), RIPEN_ENOTFOUND);
    assert_int_equal(ask(&b, RP_SEQUENCE_PAUSE, "u1", ""), 0);
    bench_expect(&b, "u1", "\"state\":\"paused\"");
    bench_expect(&b, "u1", "\"reason\":\"because\"");
    assert_int_equal(pass(&b, T0 + 2 * RP_DAY), 0);
    assert_int_equal(bench_outbox(&b), 1);
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", ""), 0); /* what is over goes on now */
    assert_int_equal(bench_outbox(&b), 2);
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", "nowhere"), RIPEN_EINPUT);
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", "two"), 0);
    assert_int_equal(bench_outbox(&b), 2); /* it was done before, in this instance */
    assert_int_equal(ask(&b, RP_SEQUENCE_CANCEL, "u1", ""), 0);
    assert_int_equal(ask(&b, RP_SEQUENCE_CANCEL, "u1", ""), RIPEN_ENOTFOUND);
    assert_int_equal(pass(&b, T0 + 90 * RP_DAY), 0);
    assert_int_equal(bench_outbox(&b), 2);
    bench_expect(&b, "u1", "\"state\":\"cancelled\"");
    bench_close(&b);
}

/* A paused one is still ended by its exits. */
static void exits_end_what_is_paused(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    track(&b, "u1", "Ready", "m1");
    assert_int_equal(ask(&b, RP_SEQUENCE_PAUSE, "u1", ""), 0);
    track(&b, "u1", "Meeting Booked", "m2");
    bench_expect(&b, "u1", "\"state\":\"exited\"");
    bench_close(&b);
}

static void rules_lose_a_step(void **state)
{
    struct rp_core_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    bench_close(&b);
    bench_open(&b, "a.db", without_rest); /* the step it waits in is gone */
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.sequences_stuck, 1);
    bench_expect(&b, "u1", "\"state\":\"paused\",\"step\":\"rest\"");
    bench_expect(&b, "u1", "the rules do not have this step any more");
    pass(&b, T0 + 2 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 1);
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", ""), RIPEN_ENOTFOUND); /* it is not paused */
    bench_close(&b);
    bench_open(&b, "a.db", without_all);
    bench_expect(&b, "u1", "the rules do not have this sequence any more");
    pass(&b, T0 + 3 * RP_DAY);
    bench_close(&b);
    bench_open(&b, "a.db", plain); /* back: what is over falls due within the hour */
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.sequences_stuck, 0);
    b.now_ms = T0 + 4 * RP_DAY;
    track(&b, "u1", "Feature Used", "m2");
    assert_int_equal(bench_outbox(&b), 3);
    bench_expect(&b, "u1", "\"state\":\"done\"");
    bench_close(&b);
}

/* What ends a sequence while the rules do not have it ends it when they have it again. */
static void left_while_rules_had_lost_it(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    bench_close(&b);
    bench_open(&b, "a.db", without_all);
    b.now_ms = T0 + RP_HOUR;
    track(&b, "u1", "Lead Accepted", "m2");
    bench_close(&b);
    bench_open(&b, "a.db", plain);
    b.now_ms = T0 + 2 * RP_DAY;
    track(&b, "u1", "Something", "m4");
    bench_expect(&b, "u1", "\"state\":\"exited\"");
    bench_expect(&b, "u1", "\"reason\":\"left \\\"mql\\\"\"");
    assert_int_equal(bench_outbox(&b), 1);
    bench_close(&b);
}

/* So it is when the lead is in that stage again by then: it came there another time. */
static void left_and_entered_again_while_rules_had_lost_it(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    track(&b, "u2", "Ready", "m2");
    bench_close(&b);
    bench_open(&b, "a.db", without_all);
    b.now_ms = T0 + RP_HOUR;
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Stage Set\",\"userId\":\"u1\","
               "\"messageId\":\"m3\",\"properties\":{\"stage\":\"visitor\",\"reason\":\"r\"}}");
    b.now_ms = T0 + 2 * RP_HOUR;
    track(&b, "u1", "Ready", "m4");
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    bench_close(&b);
    bench_open(&b, "a.db", plain);
    b.now_ms = T0 + 2 * RP_DAY;
    track(&b, "u1", "Something", "m5");
    track(&b, "u2", "Something", "m6");
    bench_expect(&b, "u1", "\"state\":\"exited\"");
    bench_expect(&b, "u1", "\"reason\":\"left \\\"mql\\\"\"");
    bench_expect(&b, "u2", "\"state\":\"running\",\"step\":\"look\""); /* it stayed */
    assert_int_equal(bench_outbox(&b), 3);
    bench_close(&b);
}

/* An import tells that it is over; it starts none and lets none go on. */
static void history_ends_them(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    track(&b, "u2", "Ready", "m2");
    b.core->no_actions = b.core->fold.no_sequences = true;
    b.now_ms = T0 + 2 * RP_DAY;
    track(&b, "u1", "Lead Accepted", "m3");
    track(&b, "u2", "Something", "m4");
    track(&b, "u3", "Ready", "m5");
    bench_expect(&b, "u1", "\"state\":\"exited\"");
    bench_expect(&b, "u2", "\"state\":\"running\",\"step\":\"rest\"");
    b.core->no_actions = b.core->fold.no_sequences = false;
    pass(&b, T0 + 3 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 3); /* u1, u2, and u2 now */
    bench_close(&b);
}

/* Consent that is told of late, and was taken back after it, neither ends nor bars anything: the
 * sequence runs, its mails are held. */
static void late_consent_ends_nothing(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    b.now_ms = T0 + RP_DAY;
    track(&b, "u1", "Unsubscribed", "m1");
    track(&b, "u1", "Ready", "m2");
    bench_send(&b, false,
               "{\"type\":\"track\",\"userId\":\"u1\",\"event\":\"Consent Given\","
               "\"messageId\":\"m3\",\"timestamp\":\"2026-03-02T09:00:00Z\"}");
    bench_expect(&b, "u1", "\"state\":\"running\"");
    bench_close(&b);
}

static void a_person_puts_it_elsewhere(void **state)
{
    struct rp_core_stats stats;
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", plain);
    track(&b, "u1", "Ready", "m1");
    bench_close(&b);
    bench_open(&b, "a.db", without_rest);
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", "two"), 0);
    rp_core_stats(b.core, &stats);
    assert_int_equal(stats.sequences_stuck, 0);
    assert_int_equal(bench_outbox(&b), 2);
    bench_expect(&b, "u1", "\"state\":\"done\"");
    bench_close(&b);
}

/* What was due while nobody looked is done at its time, before a person puts the lead elsewhere. */
static void overdue_before_a_person_decides(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    track(&b, "u1", "Ready", "m1");
    b.now_ms = T0 + 2 * RP_DAY; /* "two" was due a day ago; then it looks for three days */
    assert_int_equal(ask(&b, RP_SEQUENCE_RESUME, "u1", "three"), 0);
    bench_expect(&b, "u1", "\"step\":\"look\",\"at\":\"2026-03-03T09:00:00.000Z\"");
    bench_expect(&b, "u1", "\"step\":\"three\",\"at\":\"2026-03-04T09:00:00.000Z\"");
    bench_expect(&b, "u1", "\"state\":\"done\"");
    assert_int_equal(bench_outbox(&b), 3);
    bench_close(&b);
}

static void merged_and_taken_apart(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    bench_send(&b, false,
               "{\"type\":\"track\",\"anonymousId\":\"a1\",\"event\":\"Ready\",\"messageId\":"
               "\"m1\"}");
    track(&b, "u1", "Ready", "m2");
    assert_int_equal(bench_outbox(&b), 2);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"messageId\":"
               "\"m3\"}");
    assert_int_equal(pass(&b, T0 + RP_HOUR), 0);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("lea"), &unmerged, &err), 0);
    bench_expect(&b, "a1", "\"state\":\"running\",\"step\":\"rest\"");
    assert_int_equal(bench_outbox(&b), 2);
    pass(&b, T0 + RP_DAY);
    assert_int_equal(bench_outbox(&b), 4); /* each its second step */
    bench_close(&b);
}

/* Joined, only the survivor's go on; what was over meanwhile is not made up for. */
static void merged_for_long(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, plain);
    bench_send(&b, false,
               "{\"type\":\"track\",\"anonymousId\":\"a1\",\"event\":\"Ready\",\"messageId\":"
               "\"m1\"}");
    track(&b, "u1", "Ready", "m2");
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\",\"messageId\":"
               "\"m3\"}");
    pass(&b, T0 + 10 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 4);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("lea"), &unmerged, &err), 0);
    bench_expect(&b, "a1", "its wait ended while the lead was merged");
    pass(&b, T0 + 20 * RP_DAY);
    assert_int_equal(bench_outbox(&b), 4);
    bench_close(&b);
}

/* Time alone ends it, and ends its wait. */
static void conditions_that_time_changes(void **state)
{
    static const char timed[] =
        SEQUENCE("exit = inactive \"20d\"",
                 "step \"cool\" { wait_until { below { engagement = 20 } } }, " TASK(
                     "cold") "step \"rest\" { wait \"90d\" } ");
    struct bench b;

    (void)state;
    bench_open(&b, NULL, timed);
    bench_send(&b, false, "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\"}");
    track(&b, "u1", "Ready", "m2");
    assert_int_equal(bench_outbox(&b), 0);
    pass(&b, T0 + 10 * RP_DAY - 1);
    assert_int_equal(bench_outbox(&b), 0);
    pass(&b, T0 + 10 * RP_DAY + RP_HOUR);
    assert_int_equal(bench_outbox(&b), 1);
    pass(&b, T0 + 20 * RP_DAY - 1);
    bench_expect(&b, "u1", "\"state\":\"running\"");
    pass(&b, T0 + 20 * RP_DAY);
    bench_expect(&b, "u1", "\"reason\":\"inactive \\\"20d\\\"\"");
    bench_close(&b);
}

/* The oldest that has ended is forgotten; of as many live ones none, and no further starts. */
static void as_many_as_a_lead_may_have(void **state)
{
    struct rp_instance in = {.state = RP_INSTANCE_DONE, .started_ms = 1};
    struct rp_lead lead;
    uint32_t count;

    (void)state;
    rp_lead_init(&lead);
    for (uint32_t i = 0; i < RP_INSTANCES_MAX; i++) {
        in.sequence = i;
        assert_true(rp_instance_add(&lead, &in));
    }
    in.sequence = 1000;
    in.state = RP_INSTANCE_RUNNING;
    assert_true(rp_instance_add(&lead, &in));
    assert_null(rp_instance_find(&lead, 0));
    assert_non_null(rp_instance_find(&lead, 1));
    assert_int_equal(rp_instances(&lead, &count)[RP_INSTANCES_MAX - 1].sequence, 1000);
    assert_int_equal(count, RP_INSTANCES_MAX);
    for (uint32_t i = 1; i < RP_INSTANCES_MAX; i++) {
        in.sequence = 1000 + i;
        assert_true(rp_instance_add(&lead, &in));
    }
    in.sequence = 5000;
    assert_false(rp_instance_add(&lead, &in));
    rp_lead_fini(&lead);
}

int test_sequences(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_once_and_at_their_time),
        cmocka_unit_test(what_is_waited_for_comes),
        cmocka_unit_test(ends_early),
        cmocka_unit_test(starts_again),
        cmocka_unit_test_setup_teardown(over_a_restart_and_a_crash, enter_directory,
                                        leave_directory),
        cmocka_unit_test(people_decide),
        cmocka_unit_test(exits_end_what_is_paused),
        cmocka_unit_test_setup_teardown(rules_lose_a_step, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(left_while_rules_had_lost_it, enter_directory,
                                        leave_directory),
        cmocka_unit_test_setup_teardown(left_and_entered_again_while_rules_had_lost_it,
                                        enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(history_ends_them, enter_directory, leave_directory),
        cmocka_unit_test(late_consent_ends_nothing),
        cmocka_unit_test_setup_teardown(a_person_puts_it_elsewhere, enter_directory,
                                        leave_directory),
        cmocka_unit_test(overdue_before_a_person_decides),
        cmocka_unit_test(merged_and_taken_apart),
        cmocka_unit_test(merged_for_long),
        cmocka_unit_test(conditions_that_time_changes),
        cmocka_unit_test(as_many_as_a_lead_may_have),
    };

    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
