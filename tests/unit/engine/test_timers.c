/* SPDX-License-Identifier: MIT */
/* Timers against brute force: for random leads, the first decision that following the timers gives
 * is compared with the first one that asking at every small step gives. A timer is never late: a
 * millisecond before its decision there is none; and none is missed. Calendars over the days on
 * which clocks are put forward and back. */
#include "engine/calendar.h"
#include "engine/timers.h"
#include "unit/engine/eval_rig.h"
#include "unit/engine/groups.h"

#include <stdlib.h>

#define STEP         (20 * RP_MINUTE)
#define HORIZON      (70 * RP_DAY)
#define RECHECKS_MAX 500

#define HALF "dimension \"engagement\" { range = {0, 200}, half_life = \"9d\" }\n"
#define SCORES                                                                                     \
    "score \"page\" { why = \"p\", on = \"page\", points = 7 }\n"                                  \
    "score \"liked\" { why = \"l\", on = \"Liked\", points = 15 }\n"                               \
    "score \"bounced\" { why = \"b\", on = \"Bounced\", points = -12 }\n"
#define CLASSES                                                                                    \
    "score \"page\" { why = \"p\", on = \"page\", points = 7, decay = { linear = \"20d\" } }\n"    \
    "score \"liked\" { why = \"l\", on = \"Liked\", points = 15, decay = { expire = \"11d\" } }\n" \
    "score \"bounced\" { why = \"b\", on = \"Bounced\", points = -12 }\n"
#define HABITS                                                                                     \
    "dimension \"habits\" { range = {-10, 30}, kind = \"state\" }\n"                               \
    "fit \"visits\" { why = \"v\", dimension = \"habits\", count = visits { within = \"12d\" },\n" \
    "  bands = { { below = 1, points = -5 }, { below = 3, points = 2 }, { points = 9 } } }\n"      \
    "fit \"days\" { why = \"d\", dimension = \"habits\",\n"                                        \
    "  count = days(\"Liked\", { within = \"15d\" }),\n"                                           \
    "  bands = { { below = 2, points = 0 }, { points = 6 } } }\n"                                  \
    "fit \"fresh\" { why = \"f\", dimension = \"habits\", count = days_since \"page\",\n"          \
    "  bands = { { below = 4, points = 5 }, { below = 20, points = 1 }, { points = -3 } },\n"      \
    "  missing = 0 }\n"
#define STAGES "stages { \"a\", \"b\", \"c\"; side = { \"d\" } }\n"

static const char *const rule_sets[] = {
    HALF SCORES STAGES
    "stage \"b\" { enter = at_least { engagement = 14 }, leave = below { engagement = 9 } }\n"
    "stage \"d\" { from = { \"a\", \"b\" }, enter = below { engagement = 3, held = \"5d\" } }\n",
    HALF CLASSES STAGES
    "stage \"b\" { enter = at_least { engagement = 12 },\n"
    "  leave = below { engagement = 10, held = \"3d\" } }\n"
    "stage \"c\" { from = \"a\", enter = none { below { engagement = -2 } } }\n",
    HALF SCORES HABITS
    "total { engagement = 0.5, habits = 1 }\n" STAGES
    "stage \"b\" { enter = at_least { total = 12 }, leave = below { total = 4, held = \"2d\" } }\n"
    "stage \"d\" { from = \"a\", enter = below { total = -4 } }\n",
    HALF CLASSES HABITS "total { engagement = 1, habits = -1 }\n" STAGES
                        "stage \"b\" { enter = at_least { total = 15 } }\n"
                        "stage \"c\" { from = \"b\", enter = below { total = 5 } }\n",
    HALF SCORES STAGES
    "stage \"b\" { enter = did(\"page\", { times = 3, within = \"10d\" }),\n"
    "  leave = none { did(\"page\", { times = 2, within = \"10d\" }) } }\n"
    "stage \"d\" { from = \"a\", enter = some(2, { inactive \"9d\", below { engagement = 5 },\n"
    "  none { did(\"Liked\", { days = 2, within = \"20d\" }) } }) }\n",
    HALF SCORES STAGES
    "grade { engagement = { [\"1\"] = 20, [\"2\"] = 10, [\"3\"] = 0 } }\n"
    "stage \"b\" { enter = grade_in { \"1\" }, leave = grade_in { \"3\" } }\n"
    "stage \"c\" { from = \"a\", enter = all { in_stage(\"a\", { at_least = \"16d\" }),\n"
    "  at_least { engagement = 1 } } }\n"
    "stage \"d\" { from = { \"b\", \"c\" }, enter = inactive \"8d\" }\n",
    "dimension \"interest\" { by = \"topic\", half_life = \"6d\" }\n"
    "score \"page\" { why = \"p\", on = \"page\", points = 4, dimension = \"interest\" }\n"
    "score \"liked\" { why = \"l\", on = \"Liked\", points = 6, dimension = \"interest\",\n"
    "  decay = { linear = \"15d\" } }\n"
    "score \"bounced\" { why = \"b\", on = \"Bounced\", points = -5, dimension = \"interest\" "
    "}\n" STAGES
    "stage \"b\" { enter = at_least { interest = 7 }, leave = below { interest = 3 } }\n",
    HALF SCORES HABITS STAGES
    "stage \"b\" { enter = at_least { habits = 8 }, stay = \"6d\",\n"
    "  status = { \"open\", \"cold\", \"warm\" } }\n"
    "status \"b.cold\" { enter = inactive \"3d\", wake = { otherwise = \"5d\", to = \"warm\" } }\n"
    "stage \"c\" { from = \"b\", enter = below { habits = 8, engagement = 30 },\n"
    "  due = { to = \"d\", within = \"50h\", hours = \"office\" } }\n"
    "calendar \"office\" { from = \"09:00\", to = \"17:00\", tz = \"America/New_York\" }\n",
};

static size_t random_events(struct rig *rig, struct rig_random *random, struct rp_event *events,
                            size_t max)
{
    static const char *const types[] = {"page", "track", "track", "identify", "track"};
    static const char *const names[] = {"", ",\"event\":\"Liked\"", ",\"event\":\"Bounced\"", "",
                                        ",\"event\":\"Score Adjusted\""};
    size_t count = 1 + rig_random(random, (uint32_t)max);
    int64_t at = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t kind = rig_random(random, 9) % 5;
        struct rp_buf until = {0};
        struct rp_str rest;
        char id[16];

        rp_time_print(&until, RIG_START_MS + at + rig_random(random, 40 * 86400) * RP_SECOND);
        rest = rp_arena_printf(&rig->arena,
                               "%s,\"properties\":{\"topic\":\"t%u\",\"points\":%d,\"until\":"
                               "\"%s\",\"reason\":\"r\",\"author\":\"a\"}",
                               names[kind], rig_random(random, 3), (int)rig_random(random, 40) - 20,
                               until.ptr);
        rp_buf_fini(&until);
        at += rig_random(random, 4) ? rig_random(random, 5 * 86400) * RP_SECOND
                                    : rig_random(random, 4000);
        snprintf(id, sizeof(id), "m%zu", i);
        events[i] = rig_event(rig, types[kind], id, at, at, rest);
    }
    return count;
}

/* Whether anything is decided at that moment. */
static bool decides(struct rig *rig, const struct rp_lead *lead, int64_t ms)
{
    struct rp_decision decision = {0};
    struct rp_lead copy;

    rp_lead_init(&copy);
    rp_lead_copy(&copy, lead);
    rp_judge(&rig->fold, &copy, NULL, ms, &decision);
    rp_lead_fini(&copy);
    return decision.move_count || decision.status_count || decision.late;
}

/* The first decision by following the timers; INT64_MAX: none within the horizon. */
static int64_t by_timers(struct rig *rig, const struct rp_lead *lead, int64_t until_ms)
{
    struct rp_lead copy;
    int64_t found = INT64_MAX;
    int rechecks = 0;

    rp_lead_init(&copy);
    rp_lead_copy(&copy, lead);
    for (;;) {
        struct rp_timer timer = rp_timer_next(&rig->fold, &copy, false);
        struct rp_decision decision = {0};

        if (timer.at_ms == 0 || timer.at_ms > until_ms)
            break;
        assert_true(timer.at_ms > copy.judged_ms);
        assert_true(rechecks++ < RECHECKS_MAX);
        rp_judge(&rig->fold, &copy, NULL, timer.at_ms, &decision);
        if (decision.move_count || decision.status_count || decision.late) {
            found = timer.at_ms;
            break;
        }
    }
    rp_lead_fini(&copy);
    return found;
}

/* True when the timers bring a decision. */
static bool compare(struct rig *rig, const struct rp_lead *lead, const char *rules, uint32_t seed)
{
    int64_t start = lead->judged_ms, until = start + HORIZON;
    int64_t timers = by_timers(rig, lead, until), steps = INT64_MAX;
    struct rp_arena work;

    if (decides(rig, lead, start))
        return false; /* what one evaluation may not move any more, the next event does */
    rp_arena_init(&work);
    rig->fold.arena = &work;
    for (int64_t at = start + STEP; at <= until && at < timers; at += STEP) {
        if (decides(rig, lead, at)) {
            steps = at;
            break;
        }
        rp_arena_reset(&work);
    }
    if (steps != INT64_MAX)
        fail_msg("seed %u: asked at %+lld ms it is decided, by timers at %+lld\n%s", seed,
                 (long long)(steps - start), (long long)(timers - start), rules);
    if (timers != INT64_MAX && decides(rig, lead, timers - 1))
        fail_msg("seed %u: %lld ms is late\n%s", seed, (long long)(timers - start), rules);
    rig->fold.arena = &rig->arena;
    rp_arena_fini(&work);
    return timers != INT64_MAX;
}

/* RIPEN_TIMER_SEEDS: leads a set of rules. */
static void timers_equal_brute_force(void **state)
{
    const char *asked = getenv("RIPEN_TIMER_SEEDS");
    uint32_t seeds = asked ? (uint32_t)strtoul(asked, NULL, 10) : 12, found = 0, decided = 0;

    (void)state;
    for (size_t r = 0; r < RP_COUNT(rule_sets); r++) {
        for (uint32_t seed = 1; seed <= seeds; seed++) {
            struct rig_random random = {seed * 7919 + r};
            struct rp_event events[24];
            struct rp_lead lead;
            struct rig rig;
            size_t count;

            rig_open(&rig, rp_str_from(rule_sets[r]));
            count = random_events(&rig, &random, events, RP_COUNT(events));
            rp_lead_init(&lead);
            lead.created_ms = events[0].received_ms;
            rig_fold_arriving(&rig, &lead, events, count, true);
            found += rp_timer_next(&rig.fold, &lead, false).at_ms != 0;
            decided += compare(&rig, &lead, rule_sets[r], seed);
            rp_lead_fini(&lead);
            rig_close(&rig);
        }
    }
    assert_true(found > seeds * 2 && decided > seeds); /* it is no test of nothing */
}

/* The cells that time needs are the same for every order of arrival. */
static void cells_do_not_depend_on_order(void **state)
{
    (void)state;
    for (size_t r = 0; r < RP_COUNT(rule_sets); r++) {
        for (uint32_t seed = 1; seed <= 6; seed++) {
            struct rig_random random = {seed * 104729 + r};
            struct rp_event events[16];
            struct rp_lead sorted, arriving;
            struct rig rig;
            size_t count;

            rig_open(&rig, rp_str_from(rule_sets[r]));
            count = random_events(&rig, &random, events, RP_COUNT(events));
            rp_lead_init(&sorted);
            rp_lead_init(&arriving);
            rig_fold_sorted(&rig, &sorted, events, count);
            for (size_t i = count; i > 1; i--) {
                size_t other = rig_random(&random, (uint32_t)i);
                struct rp_event swap = events[i - 1];

                events[i - 1] = events[other];
                events[other] = swap;
            }
            rig_fold_arriving(&rig, &arriving, events, count, false);
            assert_int_equal(sorted.cells_len, arriving.cells_len);
            assert_memory_equal(sorted.cells, arriving.cells, sorted.cells_len);
            rp_lead_fini(&sorted);
            rp_lead_fini(&arriving);
            rig_close(&rig);
        }
    }
}

/* ---- Calendars ------------------------------------------------------------------------------- */

static int64_t at(const char *text)
{
    int64_t ms;

    assert_true(rp_time_parse(rp_str_from(text), &ms));
    return ms;
}

static void working_time(void **state)
{
    static int32_t off[] = {20447}; /* 2025-12-25 */
    const struct rp_calendar sales = {.days = 0x1f,
                                      .from_s = 9 * 3600,
                                      .to_s = 18 * 3600,
                                      .zone = RP_STR("Europe/Paris"),
                                      .holidays = off,
                                      .holiday_count = 1};
    const struct rp_calendar always = {
        .days = 0x7f, .from_s = 0, .to_s = 86400, .zone = RP_STR("Europe/Paris")};
    const struct rp_calendar never = {.days = 0, .to_s = 86400};
    const struct {
        const struct rp_calendar *calendar;
        const char *start, *end;
        int64_t span;
    } cases[] = {
        /* within a day, over the night, before it opens, over a week-end */
        {&sales, "2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z", 2 * RP_HOUR},
        {&sales, "2026-03-02T16:30:00Z", "2026-03-03T08:30:00Z", RP_HOUR},
        {&sales, "2026-03-02T04:00:00Z", "2026-03-02T09:00:00Z", RP_HOUR},
        {&sales, "2026-03-06T16:00:00Z", "2026-03-09T09:00:00Z", 2 * RP_HOUR},
        {&sales, "2026-03-07T12:00:00Z", "2026-03-09T08:00:00.001Z", 1},
        /* exactly what is left of the day */
        {&sales, "2026-03-02T08:00:00Z", "2026-03-02T17:00:00Z", 9 * RP_HOUR},
        {&sales, "2026-03-02T08:00:00Z", "2026-03-03T08:00:00.001Z", 9 * RP_HOUR + 1},
        /* a holiday counts as none */
        {&sales, "2025-12-24T16:00:00Z", "2025-12-26T09:00:00Z", 2 * RP_HOUR},
        /* over the night in which clocks go forward, then back: opening hours follow the clock */
        {&sales, "2026-03-27T16:30:00Z", "2026-03-30T07:30:00Z", RP_HOUR},
        {&sales, "2026-10-23T15:30:00Z", "2026-10-26T08:30:00Z", RP_HOUR},
        /* a day of 23 hours and one of 25 */
        {&always, "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23 * RP_HOUR},
        {&always, "2026-03-28T23:00:00Z", "2026-03-29T23:00:00Z", 24 * RP_HOUR},
        {&always, "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z", 24 * RP_HOUR},
        {&always, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25 * RP_HOUR},
    };

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        int64_t end = rp_calendar_add(cases[i].calendar, at(cases[i].start), cases[i].span);

        if (end != at(cases[i].end))
            fail_msg("%s and %lld ms end %lld ms off", cases[i].start, (long long)cases[i].span,
                     (long long)(end - at(cases[i].end)));
        assert_int_equal(
            rp_calendar_between(cases[i].calendar, at(cases[i].start), at(cases[i].end)),
            cases[i].span);
        assert_int_equal(
            rp_calendar_between(cases[i].calendar, at(cases[i].end), at(cases[i].start)), 0);
    }
    assert_true(rp_calendar_add(&never, 0, 1) == INT64_MAX);
    assert_true(rp_calendar_next(&never, 0) == INT64_MAX);
    assert_true(rp_calendar_next(&sales, at("2026-03-02T07:59:59.999Z")) ==
                at("2026-03-02T08:00:00Z"));
    assert_true(rp_calendar_next(&sales, at("2026-03-02T16:59:59.999Z")) ==
                at("2026-03-02T16:59:59.999Z"));
    assert_true(rp_calendar_next(&sales, at("2026-03-02T17:00:00Z")) == at("2026-03-03T08:00:00Z"));
    assert_int_equal(rp_calendar_between(&never, 0, 50 * RP_DAY), 0);
    assert_true(rp_calendar_open(&sales, at("2026-03-02T08:00:00Z")));
    assert_false(rp_calendar_open(&sales, at("2026-03-02T07:59:59.999Z")));
    assert_false(rp_calendar_open(&sales, at("2026-03-02T17:00:00Z")));
    assert_false(rp_calendar_open(&sales, at("2025-12-25T12:00:00Z")));
}

int rp_test_timers(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_equal_brute_force),
        cmocka_unit_test(cells_do_not_depend_on_order),
        cmocka_unit_test(working_time),
    };

    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
