/* SPDX-License-Identifier: MIT */
/* The rebuild sweep: after a change of rules all states come to the new generation, equal to the
 * fold of their events, without decisions; over late events, merges, copies, traffic, other rules
 * in between and restarts. */
#include "core/core_priv.h"
#include "core/evaluate.h"
#include "core/reader_rules.h"
#include "core/verify.h"
#include "core_test.h"
#include "groups.h"
#include "store/states.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LEADS = 400 };

static char folder[32];

static void in_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/ripen-sweep-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
}

static void out_of_folder(void)
{
    (void)unlink("sweep.db");
    (void)unlink("sweep.db-lock");
    (void)unlink("sweep.db-wal");
    (void)unlink("sweep.db-shm");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(folder);
}

/* The rules of the bench with other points, so that every state changes. */
static char *rules_with(int points)
{
    struct rp_buf buf = {0};

    rp_buf_printf(&buf, "%s", RULES);
    rp_buf_printf(&buf,
                  "score \"more\" { why = \"More\", on = \"page\", dimension = \"engagement\", "
                  "points = %d }\n",
                  points);
    return buf.ptr;
}

static void send_people(struct bench *b, int from, int to)
{
    for (int i = from; i < to; i++) {
        int minute = i % 7 == 0 ? 50 - i % 50 : i % 50; /* some come late */

        bench_send(
            b, false,
            "{\"type\":\"page\",\"%s\":\"%c%d\",\"messageId\":\"m%d\","
            "\"timestamp\":\"2026-03-01T09:%02d:00Z\",\"receivedAt\":\"2026-03-02T09:00:00Z\","
            "\"properties\":{\"path\":\"/pricing\"}}",
            i % 3 ? "userId" : "anonymousId", i % 3 ? 'u' : 'a', i % LEADS, i, minute);
        if (i % 19 == 0) { /* a visitor gets a name, perhaps that of somebody; a copy comes along */
            bench_send(b, false,
                       "{\"batch\":[{\"type\":\"identify\",\"anonymousId\":\"a%d\","
                       "\"userId\":\"u%d\",\"messageId\":\"i%d\"},{\"type\":\"page\","
                       "\"userId\":\"u%d\",\"anonymousId\":\"a%d\",\"messageId\":\"m%d\"}]}",
                       i % LEADS, (i + 1) % LEADS, i, (i + 1) % LEADS, i % LEADS, i);
        }
    }
}

static size_t moves_of_all(struct bench *b)
{
    struct rp_core_stats stats;

    rp_core_stats(b->core, &stats);
    return stats.moves + stats.intents;
}

/* Idle work until the sweep has ended. */
static void sweep(struct bench *b)
{
    struct rp_sweep_progress progress;

    b->core->sweep.workers = 2;
    for (int i = 0; i < 20000; i++) {
        struct timespec pause = {.tv_nsec = 1000000};

        b->now_ms += 5;
        if (!rp_core_idle(b->core)) {
            nanosleep(&pause, NULL);
        }
        rp_core_sweep_progress(b->core, &progress);
        if (!progress.active && b->core->sweep.swept == b->core->rules->number) {
            return;
        }
    }
    fail_msg("the sweep does not end: %lld of %lld leads", (long long)progress.leads_done,
             (long long)progress.leads);
}

/* Every state is of the generation in force and the fold of its events. */
static void expect_all(struct bench *b, size_t at_least)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    if (rp_reader_verify(b->reader, &verified, &out, &err) != 0 || verified.different ||
        verified.skipped || verified.same < at_least) {
        fail_msg("%s %zu same, %zu skipped: %s", err.text, verified.same, verified.skipped,
                 out.ptr ? out.ptr : "");
    }
    rp_buf_fini(&out);
}

/* What `ripen rules list` says of the rebuild. */
static void expect_rebuilt(struct bench *b, const char *percent)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_reader_rules(b->reader, 1, RP_FORMAT_JSON, &out, &err), 0);
    rp_buf_char(&out, '\0');
    assert_non_null(strstr(out.ptr, percent));
    rp_buf_fini(&out);
}

static void all_leads_are_rebuilt(void **state)
{
    char *rules = rules_with(3);
    struct rp_sweep_progress progress;
    struct bench b;
    size_t moves;

    (void)state;
    in_folder();
    bench_open(&b, "sweep.db", RULES);
    send_people(&b, 0, 1500);
    sweep(&b);
    bench_close(&b);

    bench_open(&b, "sweep.db", rules);
    moves = moves_of_all(&b);
    expect_rebuilt(&b, "\"rebuiltPercent\":0");
    sweep(&b);
    expect_rebuilt(&b, "\"rebuiltPercent\":100");
    rp_core_sweep_progress(b.core, &progress);
    assert_true(progress.rebuilt > 300);
    assert_int_equal(progress.leads_done, progress.leads);
    assert_int_equal(progress.changed, 0);
    assert_int_equal(moves_of_all(&b), moves); /* no decision, no action */
    expect_all(&b, 300);
    bench_close(&b);

    bench_open(&b, "sweep.db", rules); /* it is known to be done */
    b.core->sweep.workers = 2;
    assert_false(rp_core_sweep_step(b.core, false));
    assert_null(b.core->sweep.work);
    assert_int_equal(b.core->sweep.swept, b.core->rules->number);
    bench_close(&b);
    free(rules);
    out_of_folder();
}

/* Leads that get events while the workers read are left to these. */
static void traffic_goes_on(void **state)
{
    char *rules = rules_with(4);
    struct bench b;

    (void)state;
    in_folder();
    bench_open(&b, "sweep.db", RULES);
    send_people(&b, 0, 1200);
    bench_close(&b);
    bench_open(&b, "sweep.db", rules);
    b.core->sweep.workers = 2;
    (void)rp_core_sweep_step(b.core, false); /* the workers begin */
    send_people(&b, 1200, 1500);
    b.now_ms += 5000;
    while (rp_core_idle(b.core)) { /* written, evicted or not: taken in on top of that */
    }
    send_people(&b, 1500, 1600);
    sweep(&b);
    expect_all(&b, 300);
    bench_close(&b);
    free(rules);
    out_of_folder();
}

/* Other rules come while it works, and the process ends while it works. */
static void other_rules_and_restarts(void **state)
{
    struct bench b;

    (void)state;
    in_folder();
    bench_open(&b, "sweep.db", RULES);
    send_people(&b, 0, 1200);
    bench_close(&b);
    for (int points = 1; points < 6; points++) {
        char *rules = rules_with(points);

        bench_open(&b, "sweep.db", rules);
        b.core->sweep.workers = 2;
        for (int i = 0; i < points; i++) {
            (void)rp_core_sweep_step(b.core, false);
        }
        rp_core_sweep_halt(b.core); /* as a swap does */
        if (points == 5) {
            sweep(&b);
            expect_all(&b, 300);
        }
        bench_close(&b); /* with states taken in, and some on their way */
        free(rules);
    }
    out_of_folder();
}

/* A state that was changed behind Ripen's back, and a score that only SQL readers see. */
static void verify_tells_what_differs(void **state)
{
    struct rp_state_summary summary = {.stage = RP_STR("visitor"), .scores = RP_STR("{\"fit\":1}")};
    struct rp_verify_options options = {.db_path = "sweep.db", .workers = 2};
    struct rp_verified verified;
    struct rp_lead lead;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    struct rp_str stage;
    struct bench b;
    uint32_t len;

    (void)state;
    in_folder();
    bench_open(&b, "sweep.db", RULES);
    send_people(&b, 0, 1200);
    bench_close(&b);
    bench_open(&b, "sweep.db", RULES);
    assert_int_equal(rp_verify_file(&options, &verified, &out, &err), 0);
    assert_int_equal(verified.different, 0);
    assert_int_equal(out.len, 0);
    assert_true(verified.same > 300);

    rp_lead_init(&lead);
    assert_int_equal(rp_store_begin(rp_core_store(b.core), &err), 0);
    assert_int_equal(rp_state_load(rp_core_store(b.core), 2, &lead, &stage, &err), 0);
    uint8_t *cell = rp_lead_cell(&lead, rp_cell_key(RP_CELL_NEWEST, 0, 0), &len);
    cell[0] ^= 1;
    assert_int_equal(rp_state_save(rp_core_store(b.core), &lead, &summary, &err), 0);
    assert_int_equal(rp_store_commit(rp_core_store(b.core), &err), 0);
    rp_lead_fini(&lead);
    assert_int_equal(rp_verify_file(&options, &verified, &out, &err), 0);
    assert_int_equal(verified.different, 1);
    rp_buf_text(&out, "");
    assert_non_null(strstr(out.ptr, "its newest event differs"));
    assert_non_null(
        strstr(out.ptr, "on file its scores are {\"fit\":1} and 0.000 in total; by its"));
    options.sample = 10;
    assert_int_equal(rp_verify_file(&options, &verified, &out, &err), 0);
    assert_in_range(verified.same + verified.different, 5, 20);
    rp_buf_fini(&out);
    bench_close(&b);
    out_of_folder();
}

/* The process dies in the middle of a sweep, and in the middle of a job for a lead set aside. */
static void crashes_in_between(void **state)
{
    (void)state;
    in_folder();
    for (int round = 0; round < 6; round++) {
        char *rules = rules_with(1 + round);
        pid_t child = fork();
        struct bench b;
        int status;

        if (child == 0) {
            bench_open(&b, "sweep.db", rules);
            b.core->aside.enabled = true;
            b.core->sweep.workers = 2;
            send_people(&b, round * 300, round * 300 + 300);
            for (int n = 0; n < 220; n++) {
                bench_send(&b, false,
                           "{\"type\":\"track\",\"event\":\"Form Submitted\",\"userId\":\"u1\","
                           "\"messageId\":\"c%d-%d\",\"timestamp\":\"2026-02-0%dT08:%02d:%02dZ\"}",
                           round, n, 9 - round, 59 - n / 60, 59 - n % 60);
            }
            for (int i = 0; i < 40 * round; i++) {
                b.now_ms += 50;
                (void)rp_core_idle(b.core);
                usleep(100);
            }
            (void)raise(SIGKILL);
        }
        free(rules);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    struct bench b;
    struct rp_core_stats stats;
    char *rules = rules_with(6);

    bench_open(&b, "sweep.db", rules);
    b.core->aside.enabled = true;
    sweep(&b);
    do {
        b.now_ms += 50;
        (void)rp_core_idle(b.core);
        rp_core_stats(b.core, &stats);
    } while (stats.leads_aside > 0);
    expect_all(&b, 300);
    bench_expect(&b, "u1", "\"form\":1320,\"form_once\":1");
    bench_close(&b);
    free(rules);
    out_of_folder();
}

static void count_would(void *ctx, const struct rp_would *would)
{
    int *counts = ctx;

    counts[0] += rp_str_is(would->from, "visitor") && rp_str_is(would->to, "sql");
    counts[1]++;
    assert_true(rp_str_is(would->because, "at_least"));
}

/* New rules move nobody; who would move is told, and moved when that is asked for, once. */
static void stages_are_asked_again(void **state)
{
    static const char stricter[] = "enter = did \"Demo Requested\"";
    int counts[2] = {0};
    struct rp_evaluate_options options = {.would = count_would, .ctx = counts};
    struct rp_err err = {0};
    struct rp_buf rules = {0};
    const char *cut = strstr(RULES, stricter);
    size_t leads, before;
    int64_t after = 0;
    struct bench b;

    (void)state;
    in_folder();
    bench_open(&b, "sweep.db", RULES);
    for (int i = 0; i < 30; i++) {
        bench_send(&b, false,
                   "{\"type\":\"page\",\"anonymousId\":\"a%d\",\"messageId\":\"m%d\","
                   "\"properties\":{\"path\":\"/%s\"}}",
                   i, i, i % 3 ? "blog" : "pricing");
    }
    bench_close(&b);
    rp_buf_printf(&rules, "%.*senter = at_least { engagement = 11 }%s", (int)(cut - RULES), RULES,
                  cut + strlen(stricter));
    bench_open(&b, "sweep.db", rules.ptr);
    options.now_ms = b.now_ms;
    before = bench_outbox(&b);
    assert_int_equal(rp_reader_evaluate(b.reader, &options, &leads, &err), 0);
    assert_int_equal(leads, 30);
    assert_int_equal(counts[0], 10);
    assert_int_equal(counts[1], 10);
    assert_int_equal(bench_outbox(&b), before);
    bench_expect(&b, "a0", "\"stage\":\"visitor\"");

    options.stage = RP_STR("sql");
    assert_int_equal(rp_reader_evaluate(b.reader, &options, &leads, &err), 0);
    assert_int_equal(leads, 0);
    options.stage = RP_STR("sqll");
    assert_int_equal(rp_reader_evaluate(b.reader, &options, &leads, &err), RIPEN_EINPUT);

    options.stage = RP_STR("visitor");
    leads = 0;
    while (rp_core_evaluate(b.core, &options, &after, 7, &leads, &err) > 0) {
    }
    assert_int_equal(leads, 30);
    assert_int_equal(counts[1], 20);
    assert_int_equal(bench_outbox(&b), before + 30); /* three parts each */
    bench_expect(&b, "a0", "\"stage\":\"sql\"");
    bench_expect(&b, "a1", "\"stage\":\"visitor\"");
    expect_all(&b, 30);
    assert_int_equal(rp_reader_evaluate(b.reader, &options, &leads, &err), 0);
    assert_int_equal(leads, 20);
    assert_int_equal(counts[1], 20);
    rp_buf_fini(&rules);
    bench_close(&b);
    out_of_folder();
}

int test_sweep(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_leads_are_rebuilt),     cmocka_unit_test(traffic_goes_on),
        cmocka_unit_test(other_rules_and_restarts),  cmocka_unit_test(crashes_in_between),
        cmocka_unit_test(verify_tells_what_differs), cmocka_unit_test(stages_are_asked_again),
    };

    return cmocka_run_group_tests_name("core: sweep", tests, NULL, NULL);
}
