/* SPDX-License-Identifier: MIT */
/* Timers in the core: in due order, once, over restarts, crashes, changes of rules and days in
 * which nobody ran; before the events that come behind them, in an import too. */
#include "core/core_priv.h"
#include "core/people.h"
#include "core_test.h"
#include "engine/timers.h"
#include "groups.h"
#include "store/reports.h"

#include <sys/wait.h>
#include <unistd.h>

#define HEAD                                                                                       \
    "dimension \"engagement\" { half_life = \"10d\" }\n"                                           \
    "total { engagement = 1 }\n"                                                                   \
    "score \"page\" { why = \"Looked at a page\", on = \"page\", points = 40 }\n"                  \
    "stages { \"visitor\", \"mql\", \"sal\"; side = { \"recycled\" } }\n"                          \
    "stage \"sal\" { from = \"mql\", enter = did \"Lead Accepted\", terminal = true }\n"
#define ENTER "from = { \"visitor\", \"recycled\" }, enter = at_least { engagement = 40 }"
#define TELL(trigger)                                                                              \
    "action \"tell\" { on = " trigger ", notify { to = endpoint \"sales\", text = \"x\" } }\n"

static const char held[] =
    HEAD "stage \"mql\" { " ENTER ", leave = below { engagement = 20, held = \"14d\" },\n"
         "  leave_to = \"recycled\" }\n" TELL("entered \"recycled\"");
static const char held_shorter[] =
    HEAD "stage \"mql\" { " ENTER ", leave = below { engagement = 20, held = \"2d\" },\n"
         "  leave_to = \"recycled\" }\n" TELL("entered \"recycled\"");
static const char late[] = HEAD
    "stage \"mql\" { " ENTER ", due = { to = \"sal\", within = \"24h\" } }\n" TELL("late \"mql\"");
static const char statuses[] =
    HEAD "stage \"mql\" { " ENTER ", status = { \"open\", \"bad_timing\" } }\n"
         "status \"mql.bad_timing\" { enter = did \"Lead Postponed\",\n"
         "  wake = { on = \"recontact_on\", otherwise = \"90d\", to = \"open\" } }\n" TELL(
             "entered_status \"mql.open\"");

/* 864,000,000 ms × log2(40 / 19.9995) and fourteen days. */
#define HELD_DUE (T0 + INT64_C(2073631163))

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

static void page(struct bench *b, const char *user, const char *message)
{
    bench_send(b, false, "{\"type\":\"page\",\"userId\":\"%s\",\"messageId\":\"%s\"}", user,
               message);
}

/* Virtual time: all timers up to a moment. How many were judged. */
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

static void expect_not(struct bench *b, const char *lead, const char *json)
{
    char *text = bench_lead(b, lead);

    assert_null(strstr(text, json));
    free(text);
}

/* As `ripen lead` shows it at the moment of the clock. */
static void expect_now(struct bench *b, const char *lead, const char *json)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(
        rp_reader_lead(b->reader, rp_str_from(lead), b->now_ms, RP_FORMAT_JSON, false, &out, &err),
        0);
    if (!strstr(out.ptr, json)) {
        fail_msg("%s lacks %s: %s", lead, json, out.ptr);
    }
    rp_buf_fini(&out);
}

static void never_early_and_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", held);
    page(&b, "u1", "m1");
    expect_now(&b, "u1", "\"timers\":[{\"kind\":\"held\",\"due\":\"2026-03-26T09:00:31.163Z\"");
    assert_true(rp_core_timers_due(b.core) == HELD_DUE);
    assert_int_equal(pass(&b, HELD_DUE - 1), 0);
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    assert_int_equal(pass(&b, HELD_DUE), 1);
    bench_expect(&b, "u1", "\"stage\":\"recycled\"");
    assert_int_equal(bench_outbox(&b), 1);
    assert_int_equal(pass(&b, HELD_DUE + 400 * RP_DAY), 0);
    assert_true(rp_core_timers_due(b.core) == RP_TIMERS_NEVER);
    assert_int_equal(bench_outbox(&b), 1);
    bench_close(&b);
}

/* The same over a start: what was pending is pending, what was over in between is caught up with at
 * its own moment. */
static void over_a_restart(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", held);
    page(&b, "u1", "m1");
    b.now_ms = T0 + RP_HOUR;
    page(&b, "u2", "m2");
    bench_close(&b);
    bench_open(&b, "a.db", held);
    assert_true(rp_core_timers_due(b.core) == HELD_DUE);
    assert_int_equal(pass(&b, HELD_DUE + 30 * RP_DAY), 2);
    bench_expect(&b, "u1", "\"at\":\"2026-03-26T09:00:31.163Z\",\"because\":\"below\"");
    bench_expect(&b, "u2", "\"at\":\"2026-03-26T10:00:31.163Z\",\"because\":\"below\"");
    bench_close(&b);
    bench_open(&b, "a.db", held);
    b.now_ms = HELD_DUE + 31 * RP_DAY;
    assert_int_equal(pass(&b, HELD_DUE + 60 * RP_DAY), 0);
    assert_int_equal(bench_outbox(&b), 2);
    bench_close(&b);
}

/* The timer of somebody who was forgotten is nobody's, and the others' come up as ever. */
static void of_a_forgotten_lead(void **state)
{
    struct rp_forget forget;
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, held);
    page(&b, "u1", "m1");
    b.now_ms += RP_HOUR;
    page(&b, "u2", "m2");
    assert_int_equal(rp_core_forget(b.core, RP_STR("u1"), &forget, &err), 0);
    assert_int_equal(pass(&b, HELD_DUE + RP_DAY), 1);
    bench_expect(&b, "u2", "\"because\":\"below\"");
    bench_close(&b);
}

/* A crash after the commit of a timer's decision, and one before anything was written behind. */
static void over_a_crash(void **state)
{
    for (int after = 0; after < 2; after++) {
        pid_t child = fork();
        struct bench b;
        int status;

        (void)state;
        if (child == 0) {
            bench_open(&b, "a.db", held);
            if (after == 0) {
                page(&b, "u1", "m1");
            } else {
                (void)pass(&b, HELD_DUE);
            }
            _exit(0);
        }
        assert_true(waitpid(child, &status, 0) == child && status == 0);
    }
    {
        struct bench b;

        bench_open(&b, "a.db", held);
        bench_expect(&b, "u1", "\"stage\":\"recycled\"");
        assert_int_equal(pass(&b, HELD_DUE + RP_DAY), 0);
        assert_int_equal(bench_outbox(&b), 1);
        page(&b, "u1", "m2");
        bench_expect(&b, "u1", "\"stage\":\"mql\"");
        bench_close(&b);
    }
}

/* `late` is told once a stage entry, also when the process dies with the state unwritten. */
static void late_is_told_once(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", late);
    page(&b, "u1", "m1");
    assert_int_equal(pass(&b, T0 + RP_DAY - 1), 0);
    assert_int_equal(pass(&b, T0 + RP_DAY), 1);
    assert_int_equal(bench_outbox(&b), 1);
    page(&b, "u1", "m2");
    assert_int_equal(pass(&b, T0 + 30 * RP_DAY), 0);
    bench_close(&b);
    bench_open(&b, "a.db", late);
    assert_int_equal(pass(&b, T0 + 60 * RP_DAY), 0);
    assert_int_equal(bench_outbox(&b), 1);
    bench_close(&b);
}

/* The timer stands before the event that came behind its moment, whoever was there to see it. */
static void before_the_next_event(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", held);
    page(&b, "u1", "m1");
    b.now_ms = T0 + 40 * RP_DAY;
    page(&b, "u1", "m2");
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    bench_expect(&b, "u1", "\"to\":\"recycled\",\"at\":\"2026-03-26T09:00:31.163Z\"");
    assert_int_equal(bench_outbox(&b), 1);
    bench_close(&b);
}

/* One run brings years of events: each is judged with what time did before it. */
static void between_events_of_one_run(void **state)
{
    struct rp_envelope envelope = {.sent_ms = RP_NEVER, .trust_received = true};
    struct rp_batch *batch = rp_batch_new();
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", held);
    assert_int_equal(
        rp_batch_parse(batch,
                       RP_STR("{\"batch\":["
                              "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m1\","
                              "\"timestamp\":\"2026-03-02T09:00:00Z\"},"
                              "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m2\","
                              "\"timestamp\":\"2026-05-02T09:00:00Z\"},"
                              "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"m3\","
                              "\"timestamp\":\"2026-08-02T09:00:00Z\"}]}"),
                       &envelope, NULL, &err),
        0);
    b.now_ms = T0 + 300 * RP_DAY;
    assert_int_equal(rp_core_run(b.core, batch, &err), 0);
    rp_batch_free(batch);
    bench_expect(&b, "u1", "\"to\":\"recycled\",\"at\":\"2026-03-26T09:00:31.163Z\"");
    bench_expect(&b, "u1",
                 "\"from\":\"recycled\",\"to\":\"mql\",\"at\":\"2026-05-02T09:00:00.000Z\"");
    bench_expect(&b, "u1",
                 "\"from\":\"recycled\",\"to\":\"mql\",\"at\":\"2026-08-02T09:00:00.000Z\"");
    assert_int_equal(pass(&b, T0 + 300 * RP_DAY), 1);
    assert_int_equal(bench_outbox(&b), 3);
    bench_close(&b);
}

/* Leads are judged in due order, whoever came first. */
static void in_due_order(void **state)
{
    struct bench b;
    struct rp_err err = {0};

    (void)state;
    bench_open(&b, NULL, held);
    for (int i = 0; i < 50; i++) {
        char user[16], message[16];

        b.now_ms = T0 + (i * 37) % 50 * RP_MINUTE;
        snprintf(user, sizeof(user), "u%d", i);
        snprintf(message, sizeof(message), "m%d", i);
        page(&b, user, message);
    }
    for (int i = 0; i < 50; i++) {
        assert_true(rp_core_timers_due(b.core) == HELD_DUE + i * RP_MINUTE);
        assert_int_equal(rp_core_timers_run(b.core, INT64_MAX - 1, 1, &err), 1);
    }
    assert_int_equal(rp_core_timers_run(b.core, INT64_MAX - 1, 1, &err), 0);
    bench_close(&b);
}

static void sweep(struct bench *b)
{
    b->core->sweep.workers = 1;
    for (int i = 0; i < 2000 && b->core->sweep.swept != b->core->rules->number; i++) {
        if (!rp_core_sweep_step(b->core, false)) {
            usleep(1000);
        }
    }
    assert_int_equal(b->core->sweep.swept, b->core->rules->number);
}

/* What is past under other rules falls due within the hour behind the change, at a moment of the
 * lead's own, and not at the start. */
static void other_rules(void **state)
{
    struct bench b;
    int64_t change_ms = T0 + 14 * RP_DAY;
    int judged = 0;

    (void)state;
    bench_open(&b, "a.db", held);
    for (int i = 0; i < 20; i++) {
        char user[16], message[16];

        snprintf(user, sizeof(user), "u%d", i);
        snprintf(message, sizeof(message), "m%d", i);
        page(&b, user, message);
    }
    bench_close(&b);
    bench_open(&b, "a.db", held_shorter);
    b.now_ms = change_ms;
    sweep(&b);
    for (int64_t until = change_ms; until <= change_ms + RP_HOUR + RP_MINUTE; until += RP_MINUTE) {
        judged += pass(&b, until);
        if (until == change_ms + 2 * RP_MINUTE) {
            assert_true(judged < 15);
        }
    }
    bench_expect(&b, "u1", "\"stage\":\"recycled\"");
    assert_int_equal(judged, 20);
    assert_int_equal(bench_outbox(&b), 20);
    assert_int_equal(pass(&b, HELD_DUE + RP_DAY), 0); /* what was to come under the old rules */
    assert_true(rp_core_timers_due(b.core) == RP_TIMERS_NEVER);
    bench_close(&b);
}

/* Statuses outlive the process; one that sleeps wakes on the day that was named. */
static void statuses_wake(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "a.db", statuses);
    page(&b, "u1", "m1");
    bench_expect(&b, "u1", "\"status\":\"open\"");
    b.now_ms = T0 + RP_DAY;
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Lead Postponed\",\"userId\":\"u1\","
               "\"messageId\":\"m2\",\"properties\":{\"recontact_on\":\"2026-04-01\"}}");
    bench_expect(&b, "u1", "\"status\":\"bad_timing\"");
    bench_close(&b);
    bench_open(&b, "a.db", statuses);
    bench_expect(&b, "u1", "\"status\":\"bad_timing\"");
    b.now_ms = T0 + 2 * RP_DAY;
    expect_now(&b, "u1",
               "{\"kind\":\"wake\",\"due\":\"2026-04-01T00:00:00.000Z\",\"for\":\"open\"}");
    assert_int_equal(pass(&b, T0 + 60 * RP_DAY), 1);
    bench_expect(&b, "u1", "\"status\":\"open\"");
    bench_expect(&b, "u1",
                 "\"from\":\"bad_timing\",\"to\":\"open\",\"at\":\"2026-04-01T00:00:00.000Z\"");
    assert_int_equal(bench_outbox(&b), 2);
    bench_close(&b);
}

/* leads --status, with and without the stage's name. */
static void leads_by_status(void **state)
{
    static const char *const wanted[] = {"open", "mql.open"};
    struct rp_leads_query query = {.now_ms = T0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, statuses);
    page(&b, "u1", "m1");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Other\",\"userId\":\"u2\",\"messageId\":\"m2\"}");
    for (size_t i = 0; i < RP_COUNT(wanted); i++) {
        struct rp_buf out = {0};
        struct rp_err err = {0};

        query.status = rp_str_from(wanted[i]);
        assert_int_equal(rp_reader_leads(b.reader, &query, RP_FORMAT_JSON, false, &out, &err), 0);
        assert_non_null(strstr(out.ptr, "\"u1\""));
        assert_null(strstr(out.ptr, "\"u2\""));
        rp_buf_fini(&out);
    }
    expect_not(&b, "u2", "\"status\":\"open\"");
    bench_close(&b);
}

/* ---- Lives ------------------------------------------------------------------------------------
 */

static const char lives[] = HEAD
    "score \"bounced\" { why = \"Bounced\", on = \"Bounced\", points = -15 }\n"
    "stage \"mql\" { " ENTER ", status = { \"open\", \"cold\" },\n"
    "  due = { to = \"sal\", within = \"70h\" },\n"
    "  leave = below { engagement = 25, held = \"3d\" }, leave_to = \"recycled\" }\n"
    "status \"mql.cold\" { enter = inactive \"4d\", wake = { otherwise = \"2d\", to = \"open\" } "
    "}\n" TELL("any { late \"mql\", entered \"recycled\", crossed(\"engagement\", 50),\n"
               "  entered_status \"mql.cold\" }");

enum { STEPS = 60, USERS = 4 };

static uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*random >> 33) % below;
}

/* The steps [from, until) of a life: time passes, somebody does something, timers are judged. */
static void live(struct bench *b, uint64_t seed, int from, int until)
{
    uint64_t random = seed;
    int64_t now = T0;

    for (int i = 0; i < until; i++) {
        uint32_t hours = draw(&random, 40), user = draw(&random, USERS), what = draw(&random, 5);

        now += hours * RP_HOUR + draw(&random, 1000);
        if (i < from) {
            continue;
        }
        b->now_ms = now;
        if (what == 0) {
            (void)pass(b, now);
        } else if (what < 4) {
            bench_send(b, false, "{\"type\":\"page\",\"userId\":\"u%u\",\"messageId\":\"m%d\"}",
                       user, i);
        } else {
            bench_send(b, false,
                       "{\"type\":\"track\",\"event\":\"Bounced\",\"userId\":\"u%u\","
                       "\"messageId\":\"m%d\"}",
                       user, i);
        }
    }
}

/* What became of everybody, without what is drawn anew for each file. */
static char *became(struct bench *b)
{
    struct rp_buf all = {0};

    for (int user = 0; user < USERS; user++) {
        char name[8], *json;

        snprintf(name, sizeof(name), "u%d", user);
        json = bench_lead(b, name);
        for (char *at = json; *at; at++) {
            if (strncmp(at, "act_", 4) == 0 || strncmp(at, "ld_", 3) == 0) {
                at += strcspn(at, "\"");
            }
            if (strncmp(at, "\"decision\":", 11) == 0 || strncmp(at, "\"event\":", 8) == 0) {
                at += strcspn(at, ",}");
            }
            rp_buf_char(&all, *at);
        }
        free(json);
    }
    return all.ptr;
}

static void remove_files(void)
{
    static const char *const files[] = {"a.db", "a.db-lock", "a.db-wal", "a.db-shm"};

    for (size_t i = 0; i < RP_COUNT(files); i++) {
        (void)unlink(files[i]);
    }
}

/* One life without a break, and the same one in pieces, each of which ends by a crash or a stop:
 * the same stages, statuses and actions at the same moments. */
static void a_life_in_pieces(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        uint64_t random = seed * 77;
        struct bench b;
        char *whole, *pieces;

        bench_open(&b, "a.db", lives);
        live(&b, seed, 0, STEPS);
        (void)pass(&b, T0 + 400 * RP_DAY);
        whole = became(&b);
        bench_close(&b);
        remove_files();
        for (int at = 0, end; at < STEPS; at = end) {
            bool crash = draw(&random, 3) > 0;
            pid_t child;
            int status;

            end = at + 1 + (int)draw(&random, 12);
            end = end < STEPS ? end : STEPS;
            child = fork();
            if (child == 0) {
                bench_open(&b, "a.db", lives);
                live(&b, seed, at, end);
                if (!crash) {
                    bench_close(&b);
                }
                _exit(0);
            }
            assert_true(waitpid(child, &status, 0) == child && status == 0);
        }
        bench_open(&b, "a.db", lives);
        (void)pass(&b, T0 + 400 * RP_DAY);
        pieces = became(&b);
        bench_close(&b);
        remove_files();
        if (strcmp(whole, pieces) != 0) {
            fail_msg("seed %d:\n%s\n%s", (int)seed, whole, pieces);
        }
        assert_non_null(strstr(whole, "\"because\":\"below\""));
        free(whole);
        free(pieces);
    }
}

int test_timers(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(never_early_and_once, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(over_a_restart, enter_directory, leave_directory),
        cmocka_unit_test(of_a_forgotten_lead),
        cmocka_unit_test_setup_teardown(over_a_crash, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(late_is_told_once, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(before_the_next_event, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(between_events_of_one_run, enter_directory,
                                        leave_directory),
        cmocka_unit_test(in_due_order),
        cmocka_unit_test_setup_teardown(other_rules, enter_directory, leave_directory),
        cmocka_unit_test_setup_teardown(statuses_wake, enter_directory, leave_directory),
        cmocka_unit_test(leads_by_status),
        cmocka_unit_test_setup_teardown(a_life_in_pieces, enter_directory, leave_directory),
    };

    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
