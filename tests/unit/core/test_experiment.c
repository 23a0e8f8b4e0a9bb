/* SPDX-License-Identifier: MIT */
/* Experiments in the core: who is dealt, when, and that an arm stays an arm, whatever comes. */
#include "base/check.h"
#include "core/amend.h"
#include "core/experiment.h"
#include "core/people.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "model/assign_hash.h"
#include "store/reports.h"

#include <unistd.h>

/* points of the challenger, weights, further fields of the experiment */
#define EXPERIMENT(points, weights, more)                                                          \
    "dimension \"engagement\" { decay = \"none\" }\n"                                              \
    "total { engagement = 1 }\n"                                                                   \
    "score \"page\" { why = \"Looked\", on = \"page\", points = 10 }\n"                            \
    "exclude \"staff\" { when = trait { email = glob \"*@own.test\" } }\n"                         \
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"                                         \
    "stage \"lead\" { enter = known() }\n"                                                         \
    "stage \"mql\" { from = \"lead\", enter = at_least { engagement = 15 } }\n"                    \
    "stage \"sql\" { from = { \"visitor\", \"lead\", \"mql\" }, enter = did \"Asked\", terminal "  \
    "= true }\n"                                                                                   \
    "action \"tell\" { on = entered \"mql\", webhook { to = endpoint \"crm\", body = { } } }\n"    \
    "model \"champion\" { }\n"                                                                     \
    "model \"challenger\" { like = \"champion\", points = { page = " points " } }\n"               \
    "experiment \"x\" { arms = { " weights " }, success = { reached = \"sql\", within = "          \
    "\"30d\" }, " more " }\n"

#define HALVES "{ \"champion\", 50 }, { \"challenger\", 50 }"

static const char halves[] = EXPERIMENT("20", HALVES, "mode = \"split\"");

static int decide(struct bench *b, const char *verb, struct rp_err *err)
{
    struct rp_buf out = {0};
    int status = rp_core_amend(b->core, rp_str_from(verb),
                               RP_STR("{\"experiment\":\"x\",\"reason\":\"test\"}"), RP_STR("ana"),
                               &out, err);

    rp_buf_fini(&out);
    return status;
}

static void start(struct bench *b)
{
    struct rp_err err = {0};

    if (decide(b, "experiment_start", &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void swap(struct bench *b, const char *text)
{
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(text)};
    struct rp_files files = {&source, 1};
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    rp_reader_close(b->reader);
    if (rp_load(&arena, &files, &options, &rules, &findings, &err) != 0) {
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    }
    b->now_ms += 1000;
    assert_int_equal(rp_core_rules(b->core, rules, &files, RP_STR("test"), &err), 0);
    assert_int_equal(
        rp_reader_open(NULL, rp_core_store(b->core), rp_core_active(b->core), &b->reader, &err), 0);
    rp_arena_fini(&arena);
}

static void page(struct bench *b, const char *ids, const char *message)
{
    b->now_ms += 1000;
    bench_send(b, false, "{\"type\":\"page\",%s,\"messageId\":\"%s\"}", ids, message);
}

static void pages(struct bench *b, int from, int until, const char *round)
{
    for (int i = from; i < until; i++) {
        char ids[64];
        char message[32];

        snprintf(ids, sizeof(ids), "\"userId\":\"u%d\"", i);
        snprintf(message, sizeof(message), "%s%d", round, i);
        page(b, ids, message);
    }
}

/* The row of a lead, -2 as the arm when there is none. */
static struct rp_dealt dealt(struct bench *b, const char *lead)
{
    struct rp_dealt none = {.arm = -2};
    struct rp_dealt *rows;
    struct rp_arena arena;
    struct rp_err err = {0};
    int64_t id;
    size_t count;

    assert_int_equal(rp_lead_find(rp_core_store(b->core), rp_str_from(lead), &id, &err), 0);
    rp_arena_init(&arena);
    assert_int_equal(rp_dealt_list(&arena, rp_core_store(b->core), id, &rows, &count, &err), 0);
    if (count > 0) {
        none = rows[count - 1];
        none.unit = RP_STR("");
    }
    rp_arena_fini(&arena);
    return none;
}

static int arm_of(struct bench *b, int user)
{
    char name[16];

    snprintf(name, sizeof(name), "u%d", user);
    return dealt(b, name).arm;
}

static void assert_verified(struct bench *b)
{
    struct rp_verified verified;
    struct rp_buf out = {0};
    struct rp_err err = {0};

    assert_int_equal(rp_core_flush(b->core, &err), 0);
    assert_int_equal(rp_reader_verify(b->reader, &verified, &out, &err), 0);
    if (verified.different > 0) {
        fail_msg("%s", out.ptr);
    }
    rp_buf_fini(&out);
}

static size_t periods(struct bench *b, struct rp_str *ret_why, struct rp_arena *arena)
{
    struct rp_experiment_row *rows;
    struct rp_period_row *list;
    struct rp_err err = {0};
    size_t count;

    assert_int_equal(rp_experiment_list(arena, rp_core_store(b->core), &rows, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(rp_period_list(arena, rp_core_store(b->core), rows[0].id, &list, &count, &err),
                     0);
    *ret_why = count > 1 ? list[count - 2].why : RP_STR("");
    return count;
}

/* ---- Arms --------------------------------------------------------------------------------------
 */

/* One page is enough for the challenger's threshold only. */
static void each_arm_acts_by_its_own_numbers(void **state)
{
    int arms[2] = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    start(&b);
    pages(&b, 0, 60, "m");
    for (int i = 0; i < 60; i++) {
        char name[16];
        int arm = arm_of(&b, i);

        snprintf(name, sizeof(name), "u%d", i);
        assert_in_range(arm, 0, 1);
        arms[arm]++;
        bench_expect(&b, name, arm ? "\"stage\":\"mql\"" : "\"stage\":\"lead\"");
        assert_int_equal(bench_total(&b, name, b.now_ms), arm ? 20000 : 10000);
    }
    assert_true(arms[0] > 15 && arms[1] > 15);
    assert_int_equal(bench_outbox(&b), (size_t)arms[1]);
    assert_verified(&b);
    bench_close(&b);
}

static void ask(struct bench *b, const char *verb, int user)
{
    char body[64];

    snprintf(body, sizeof(body), "{\"lead\":\"u%d\"}", user);
    assert_int_equal(bench_amend(b, verb, body), 0);
}

/* A person lets a lead's sequence go on right after a lead of the other arm was judged. */
static void a_resumed_sequence_is_judged_by_its_leads_arm(void **state)
{
    static const char rules[] =
        EXPERIMENT("20", HALVES, "mode = \"split\"") "sequence \"care\" { start = did \"Go\", "
                                                     "steps = { step \"rest\" { wait \"9d\" "
                                                     "}, step \"end\" { stop() } } }\n";
    int of_arm[2] = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, rules);
    start(&b);
    pages(&b, 1, 30, "m");
    for (int i = 1; i < 30; i++) {
        of_arm[arm_of(&b, i)] = i;
    }
    assert_true(of_arm[0] && of_arm[1]);
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Go\",\"userId\":\"u%d\",\"messageId\":\"go\"}",
               of_arm[0]);
    ask(&b, "sequence-pause", of_arm[0]);
    pages(&b, of_arm[1], of_arm[1] + 1, "n");
    ask(&b, "sequence-resume", of_arm[0]);
    for (int arm = 0; arm < 2; arm++) {
        char name[16];

        snprintf(name, sizeof(name), "u%d", of_arm[arm]);
        bench_expect(&b, name, arm ? "\"stage\":\"mql\"" : "\"stage\":\"lead\"");
    }
    assert_verified(&b);
    bench_close(&b);
}

static void nothing_happens_before_the_start(void **state)
{
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    pages(&b, 0, 20, "m");
    assert_int_equal(bench_outbox(&b), 0);
    assert_int_equal(arm_of(&b, 3), -2);
    b.now_ms += 1000;
    start(&b);
    assert_int_equal(decide(&b, "experiment_start", &err), RIPEN_EINPUT); /* it runs already */
    pages(&b, 0, 20, "n");
    for (int i = 0; i < 20; i++) { /* known before: the control acts on them */
        assert_int_equal(arm_of(&b, i), -2);
    }
    assert_int_equal(bench_outbox(&b), 20);
    bench_close(&b);
}

static void a_visitor_is_dealt_when_known(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    start(&b);
    page(&b, "\"anonymousId\":\"a1\"", "m1");
    assert_int_equal(dealt(&b, "a1").arm, -2);
    page(&b, "\"anonymousId\":\"a1\",\"userId\":\"v1\"", "m2");
    assert_in_range(dealt(&b, "v1").arm, 0, 1);
    assert_int_equal(dealt(&b, "v1").at_ms, b.now_ms);
    assert_true(dealt(&b, "v1").scored); /* by the control, whichever arm it is in; never later */
    assert_int_equal(dealt(&b, "v1").score, 20000);
    page(&b, "\"userId\":\"v1\"", "m2b");
    assert_int_equal(dealt(&b, "v1").score, 20000);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"boss\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"boss@own.test\"}}");
    page(&b, "\"userId\":\"boss\"", "m4");
    assert_int_equal(dealt(&b, "boss").arm, -2); /* excluded */
    bench_close(&b);
}

/* ---- Staying -----------------------------------------------------------------------------------
 */

static void an_arm_outlives_restarts_and_rules(void **state)
{
    char path[] = "/tmp/ripen-core-XXXXXX";
    struct rp_arena arena;
    struct rp_str why;
    int before[40];
    struct bench b;

    (void)state;
    assert_true(mkdtemp(path) != NULL);
    assert_int_equal(chdir(path), 0);
    rp_arena_init(&arena);
    bench_open(&b, "x.db", halves);
    start(&b);
    pages(&b, 0, 40, "m");
    for (int i = 0; i < 40; i++) {
        before[i] = arm_of(&b, i);
    }
    bench_close(&b);
    bench_open(&b, "x.db", halves);
    b.now_ms += 3600000;
    assert_int_equal(periods(&b, &why, &arena), 1); /* the same models: the same period */
    swap(&b, EXPERIMENT("5", "{ \"champion\", 90 }, { \"challenger\", 10 }", "mode = \"split\""));
    assert_int_equal(periods(&b, &why, &arena), 2);
    assert_true(rp_str_is(why, "a model was changed"));
    pages(&b, 0, 80, "n");
    for (int i = 0; i < 40; i++) {
        assert_int_equal(arm_of(&b, i), before[i]);
    }
    assert_int_equal(dealt(&b, "u1").period, 1);
    assert_int_equal(dealt(&b, "u70").period, 2);
    assert_verified(&b);
    swap(&b, EXPERIMENT("5", "{ \"champion\", 90 }, { \"challenger\", 10 }",
                        "mode = \"split\", why = \"a sentence is no change\""));
    assert_int_equal(periods(&b, &why, &arena), 2);
    bench_close(&b);
    rp_arena_fini(&arena);
    (void)unlink("x.db");
    (void)unlink("x.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

static void a_growing_share_moves_leads_in_only(void **state)
{
    int before[120];
    int moved = 0;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, EXPERIMENT("20", HALVES, "mode = \"split\", share = 20"));
    start(&b);
    pages(&b, 0, 120, "m");
    for (int i = 0; i < 120; i++) {
        before[i] = arm_of(&b, i);
        assert_in_range(before[i] + 1, 0, 2);
    }
    swap(&b, EXPERIMENT("20", HALVES, "mode = \"split\", share = 70"));
    pages(&b, 0, 120, "n");
    for (int i = 0; i < 120; i++) {
        int arm = arm_of(&b, i);

        assert_true(before[i] == RP_ARM_NONE || before[i] == arm);
        moved += before[i] == RP_ARM_NONE && arm != RP_ARM_NONE;
    }
    assert_in_range(moved, 30, 90);
    swap(&b, EXPERIMENT("20", HALVES, "mode = \"split\", share = 10")); /* nobody moves out */
    pages(&b, 0, 120, "o");
    for (int i = 0; i < 120; i++) {
        assert_true(before[i] == RP_ARM_NONE || before[i] == arm_of(&b, i));
    }
    bench_close(&b);
}

/* ---- Merges ------------------------------------------------------------------------------------
 */

static void two_known_leads_keep_the_older_arm(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct rp_dealt first;
    struct rp_dealt second;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    start(&b);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"messageId\":\"m1\",\"traits\":{\"email\":\"a@x.test\"}}");
    first = dealt(&b, "a@x.test");
    page(&b, "\"userId\":\"w1\"", "m2");
    second = dealt(&b, "w1");
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"w1\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"a@x.test\"}}");
    assert_int_equal(dealt(&b, "w1").arm, first.arm);
    assert_int_equal(dealt(&b, "w1").at_ms, first.at_ms);
    assert_int_equal(first.score, 0);
    assert_int_equal(second.score, 10000);
    assert_int_equal(dealt(&b, "w1").score, 0); /* of the arm that stands */
    assert_true(dealt(&b, "w1").flags & RP_DEALT_MERGED);
    assert_int_equal((dealt(&b, "w1").flags & RP_DEALT_CROSSOVER) != 0, first.arm != second.arm);
    assert_verified(&b);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("w1"), RP_STR("ana"), &unmerged, &err), 0);
    assert_int_equal(dealt(&b, "a@x.test").arm, first.arm);
    bench_close(&b);
}

/* An older visitor takes over what the known one brings, and gives it back. */
static void a_visitor_takes_over_an_arm(void **state)
{
    struct rp_unmerged unmerged;
    struct rp_err err = {0};
    struct rp_dealt known;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    start(&b);
    page(&b, "\"anonymousId\":\"a1\"", "m1");
    bench_send(&b, false,
               "{\"type\":\"identify\",\"messageId\":\"m2\",\"traits\":{\"email\":\"a@x.test\"}}");
    known = dealt(&b, "a@x.test");
    assert_in_range(known.arm, 0, 1);
    b.now_ms += 1000;
    bench_send(&b, false,
               "{\"type\":\"identify\",\"anonymousId\":\"a1\",\"messageId\":\"m3\","
               "\"traits\":{\"email\":\"a@x.test\"}}");
    assert_int_equal(dealt(&b, "a1").arm, known.arm);
    assert_int_equal(dealt(&b, "a1").at_ms, known.at_ms);
    assert_false(dealt(&b, "a1").flags & RP_DEALT_MERGED); /* it counts: it was in one arm only */
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("a1"), RP_STR("ana"), &unmerged, &err), 0);
    assert_int_equal(dealt(&b, "a1").arm, -2);
    assert_int_equal(dealt(&b, "a@x.test").arm, known.arm);
    assert_int_equal(dealt(&b, "a@x.test").flags, 0);
    bench_close(&b);
}

/* ---- Companies, shadows, hold-outs -------------------------------------------------------------
 */

static void people_of_a_company_share_its_arm(void **state)
{
    int arms[2] = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, EXPERIMENT("20", HALVES, "mode = \"split\", by = \"company\""));
    start(&b);
    for (int i = 0; i < 40; i++) {
        b.now_ms += 1000;
        bench_send(&b, false, "{\"type\":\"identify\",\"userId\":\"u%d\",\"messageId\":\"i%d\"}", i,
                   i);
        assert_int_equal(arm_of(&b, i), -2); /* it waits for its company */
        b.now_ms += 1000;
        bench_send(&b, false,
                   "{\"type\":\"group\",\"userId\":\"u%d\",\"groupId\":\"g%d\","
                   "\"messageId\":\"g%d\"}",
                   i, i % 8, i);
    }
    for (int i = 0; i < 40; i++) {
        int arm = arm_of(&b, i);

        assert_in_range(arm, 0, 1);
        assert_int_equal(arm, arm_of(&b, i % 8));
        arms[arm] += i < 8;
    }
    assert_true(arms[0] > 0 && arms[1] > 0);
    bench_close(&b);
}

static void take_entry(void *ctx, const struct rp_entry_outcome *row)
{
    size_t *counts = ctx;

    counts[row->arm]++;
    counts[2] += rp_str_is(row->scores, row->arm == 0 ? "[20,40]" : "[10,20]");
}

static void a_shadow_acts_as_the_control_and_remembers(void **state)
{
    size_t counts[3] = {0};
    struct rp_err err = {0};
    struct bench b;

    (void)state;
    bench_open(&b, NULL, EXPERIMENT("20", HALVES, "mode = \"shadow\""));
    start(&b);
    pages(&b, 0, 10, "m");
    assert_int_equal(bench_outbox(&b), 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(arm_of(&b, i), 0);
    }
    pages(&b, 0, 5, "n"); /* now the control lets them in, too */
    pages(&b, 0, 5, "o");
    assert_int_equal(bench_outbox(&b), 5);
    assert_int_equal(rp_entry_each(rp_core_store(b.core), 1, 1, RP_STR("mql"), RP_STR("sql"),
                                   take_entry, counts, &err),
                     0);
    assert_int_equal(counts[0], 5);
    assert_int_equal(counts[1], 10);
    assert_int_equal(counts[2], 15); /* with the scores of both at that moment */
    bench_close(&b);
}

struct explored {
    size_t entries, explored, chances;
};

static void take_explored(void *ctx, const struct rp_entry_outcome *row)
{
    struct explored *seen = ctx;

    seen->entries += row->arm == 1;
    seen->explored += row->arm == 1 && row->explored;
    seen->chances += row->chance == 0.4;
    assert_true(row->arm == 1 || (row->chance == 0 && !row->explored));
}

/* One page is enough for the challenger alone: of those leads a hash hands some on. */
static void some_leads_are_handed_on_by_chance(void **state)
{
    static const char shadow[] =
        EXPERIMENT("20", HALVES, "mode = \"shadow\", explore = 40, salt = \"s\"");
    static const char leave[] = ", leave = below { engagement = 15 }, leave_to = \"lead\"";
    const char *at = strstr(shadow, "engagement = 15 }") + strlen("engagement = 15 }");
    char explore[sizeof(shadow) + sizeof(leave)];
    struct explored seen = {0};
    bool handed[60];
    size_t count = 0;
    struct rp_err err = {0};
    struct rp_arena arena;
    struct rp_str why;
    struct bench b;

    (void)state;
    snprintf(explore, sizeof(explore), "%.*s%s%s", (int)(at - shadow), shadow, leave, at);
    bench_open(&b, NULL, explore);
    start(&b);
    pages(&b, 0, 60, "m"); /* below what they leave the stage at: not at once */
    for (int i = 0; i < 60; i++) {
        char name[16];
        char *lead;

        snprintf(name, sizeof(name), "u%d", i);
        lead = bench_lead(&b, name);
        handed[i] = strstr(lead, "\"stage\":\"mql\"") != NULL;
        assert_int_equal(handed[i], strstr(lead, "\"because\":\"explored\"") != NULL);
        assert_int_equal(arm_of(&b, i), 0);
        count += handed[i];
        free(lead);
    }
    assert_in_range(count, 12, 36);
    assert_int_equal(bench_outbox(&b), count);
    assert_int_equal(rp_entry_each(rp_core_store(b.core), 1, 1, RP_STR("mql"), RP_STR("sql"),
                                   take_explored, &seen, &err),
                     0);
    assert_int_equal(seen.entries, 60);
    assert_int_equal(seen.chances, 60);
    assert_int_equal(seen.explored, count);
    pages(&b, 0, 60, "n"); /* now the control lets in the others, and nobody twice */
    assert_int_equal(bench_outbox(&b), 60);
    assert_verified(&b);
    /* Another percentage begins a new period, so that a report knows one chance alone. */
    memcpy(strstr(explore, "explore = 40") + strlen("explore = "), "80", 2);
    swap(&b, explore);
    rp_arena_init(&arena);
    assert_int_equal(periods(&b, &why, &arena), 2);
    assert_true(rp_str_is(why, "the share that is explored was changed"));
    rp_arena_fini(&arena);
    bench_close(&b);
}

static void a_hold_out_hears_nothing(void **state)
{
    struct bench b;
    char *lead;
    int held = 0;

    (void)state;
    bench_open(&b, NULL,
               EXPERIMENT("20", "{ \"champion\", 30 }, { \"challenger\", 30 }",
                          "mode = \"split\", hold_out = 40"));
    start(&b);
    pages(&b, 0, 40, "m");
    pages(&b, 0, 40, "n");
    for (int i = 0; i < 40; i++) {
        char name[16];
        int arm = arm_of(&b, i);

        snprintf(name, sizeof(name), "u%d", i);
        bench_expect(&b, name, "\"stage\":\"mql\"");
        bench_expect(&b, name, arm == 2 ? "\"status\":\"held\"" : "\"status\":\"pending\"");
        held += arm == 2;
    }
    assert_in_range(held, 5, 30);
    lead = bench_lead(&b, "u1");
    free(lead);
    bench_close(&b);
}

static void stopping_gives_the_control_back(void **state)
{
    struct rp_err err = {0};
    int moved = 0;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, halves);
    start(&b);
    pages(&b, 0, 10, "m");
    moved = (int)bench_outbox(&b);
    b.now_ms += 1000;
    assert_int_equal(decide(&b, "experiment_stop", &err), 0);
    assert_int_equal(decide(&b, "experiment_stop", &err), RIPEN_ENOTFOUND);
    pages(&b, 10, 30, "m");
    assert_int_equal(bench_outbox(&b), (size_t)moved);
    assert_int_equal(arm_of(&b, 20), -2);
    assert_verified(&b);
    b.now_ms += 1000;
    start(&b); /* those dealt keep their arm; those who came in between are not in */
    pages(&b, 10, 40, "n");
    assert_int_equal(arm_of(&b, 20), -2);
    assert_in_range(arm_of(&b, 35), 0, 1);
    swap(&b, RULES);
    pages(&b, 40, 50, "n");
    assert_int_equal(arm_of(&b, 45), -2); /* gone from the rules: it has ended */
    bench_close(&b);
}

int test_experiment(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_arm_acts_by_its_own_numbers),
        cmocka_unit_test(a_resumed_sequence_is_judged_by_its_leads_arm),
        cmocka_unit_test(nothing_happens_before_the_start),
        cmocka_unit_test(a_visitor_is_dealt_when_known),
        cmocka_unit_test(an_arm_outlives_restarts_and_rules),
        cmocka_unit_test(a_growing_share_moves_leads_in_only),
        cmocka_unit_test(two_known_leads_keep_the_older_arm),
        cmocka_unit_test(a_visitor_takes_over_an_arm),
        cmocka_unit_test(people_of_a_company_share_its_arm),
        cmocka_unit_test(a_shadow_acts_as_the_control_and_remembers),
        cmocka_unit_test(some_leads_are_handed_on_by_chance),
        cmocka_unit_test(a_hold_out_hears_nothing),
        cmocka_unit_test(stopping_gives_the_control_back),
    };

    return cmocka_run_group_tests_name("experiment", tests, NULL, NULL);
}
