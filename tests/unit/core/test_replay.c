/* SPDX-License-Identifier: MIT */
/* History played again under the rules that were in force gives the scores and the decisions that
 * were made live: over late events, timers, merges, un-merges, corrections, copies, over splits
 * that ran and run, owners that were chosen and facts that sequences set. */
#include "core/amend.h"
#include "core/backtest.h"
#include "core/people.h"
#include "core/reader_priv.h"
#include "core/replay.h"
#include "core_test.h"
#include "engine/load.h"
#include "groups.h"
#include "store/events.h"
#include "store/states.h"

#include <unistd.h>

#define MINUTE INT64_C(60000)
#define DAY    (24 * 60 * MINUTE)

static const char PLAYED[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"10d\" }\n"
    "dimension \"fit\" { range = {0, 100}, kind = \"state\" }\n"
    "total { fit = 1, engagement = 1 }\n"
    "score \"page\" { why = \"Looked\", on = \"page\", points = 4 }\n"
    "score \"pricing\" { why = \"Prices\", on = \"page\", when = { path = glob \"/pricing*\" },\n"
    "  points = 10, limit = { times = 3, per = \"7d\" } }\n"
    "fit \"vp\" { why = \"Title\", field = \"title\", missing = 0, other = 0, words = {\n"
    "  { any = { \"vp\" }, points = 20 } } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { engagement = 20 }, leave = below { engagement = 12,\n"
    "  held = \"2d\" }, leave_to = \"lead\" }\n"
    "stage \"sql\" { from = { \"lead\", \"mql\" }, enter = did \"Demo Requested\" }\n"
    "action \"mark\" { on = entered \"mql\", set { seen = \"yes\" } }\n";

struct seen {
    struct bench *b;
    const struct rp_family *family;
    struct rp_buf moves; /* of the replay, a line each */
};

static void judged(void *ctx, const struct rp_replayed *what)
{
    struct seen *seen = ctx;

    for (size_t i = 0; i < what->decision->move_count; i++) {
        const struct rp_move *move = &what->decision->moves[i];

        rp_buf_printf(&seen->moves, "%lld %lld %.*s>%.*s %.*s %lld %d %.*s\n",
                      (long long)seen->family->leads[what->member],
                      (long long)(what->event ? what->event->id : 0),
                      RP_STR_ARG(what->fold->rules->stages[move->from].name),
                      RP_STR_ARG(what->fold->rules->stages[move->to].name),
                      RP_STR_ARG(move->because), (long long)what->now_ms, move->passing,
                      RP_STR_ARG(move->reasons));
    }
}

static size_t handed_on; /* decisions of an experiment's chance, of all that were recorded */

/* The same lines from the rows, of all leads of the family. */
static void recorded(struct bench *b, const struct rp_family *family, struct rp_buf *out)
{
    struct rp_arena arena;

    rp_arena_init(&arena);
    for (size_t m = 0; m < family->lead_count; m++) {
        struct rp_move_row *moves;
        size_t count;

        assert_int_equal(
            rp_move_list(&arena, rp_core_store(b->core), family->leads[m], &moves, &count, NULL),
            0);
        for (size_t i = 0; i < count; i++) {
            if (rp_str_is(moves[i].because, "merged")) {
                continue;
            }
            handed_on += rp_str_is(moves[i].because, "explored");
            rp_buf_printf(out, "%lld %lld %.*s>%.*s %.*s %lld %d %.*s\n",
                          (long long)family->leads[m], (long long)moves[i].event,
                          RP_STR_ARG(moves[i].from), RP_STR_ARG(moves[i].to),
                          RP_STR_ARG(moves[i].because), (long long)moves[i].at_ms, moves[i].passing,
                          RP_STR_ARG(moves[i].reasons));
        }
    }
    rp_arena_fini(&arena);
}

static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines sorted: rows of several leads interleave. */
static void sort_lines(struct rp_buf *buf)
{
    char *lines[4096];
    size_t count = 0;
    struct rp_buf sorted = {0};

    for (char *line = buf->len ? strtok(buf->ptr, "\n") : NULL; line; line = strtok(NULL, "\n")) {
        lines[count++] = line;
    }
    qsort(lines, count, sizeof(*lines), by_line);
    for (size_t i = 0; i < count; i++) {
        rp_buf_printf(&sorted, "%s\n", lines[i]);
    }
    rp_buf_fini(buf);
    *buf = sorted;
}

/* Cells of the fold, stage and moment are those of the live lead. */
static void same_state(struct bench *b, struct rp_replay *replay, const struct rp_family *family)
{
    for (size_t m = 0; m < family->lead_count; m++) {
        struct rp_lead *lead = rp_replay_lead(replay, 0, m);
        struct rp_lead live;
        struct rp_str stage;
        uint32_t len, live_len;
        const void *cells, *live_cells;

        if (!lead) {
            continue;
        }
        rp_lead_init(&live);
        assert_int_equal(
            rp_state_load(rp_core_store(b->core), family->leads[m], &live, &stage, NULL), 0);
        cells = rp_lead_cells_fold(lead, &len);
        live_cells = rp_lead_cells_fold(&live, &live_len);
        assert_int_equal(len, live_len);
        assert_memory_equal(cells, live_cells, len);
        assert_true(rp_str_eq(stage, rp_core_active(b->core)->stages[lead->stage].name));
        assert_int_equal(lead->stage_since_ms, live.stage_since_ms);
        assert_int_equal(lead->judged_ms, live.judged_ms);
        assert_int_equal(rp_lead_score(rp_replay_fold(replay, 0, m, b->now_ms), lead,
                                       rp_replay_fold(replay, 0, m, b->now_ms)->model, RP_NONE,
                                       b->now_ms),
                         bench_total(b, lead->public_id, b->now_ms));
        rp_lead_fini(&live);
    }
}

/* Plays all families; returns how many decisions there were. */
static size_t expect_same(struct bench *b)
{
    struct rp_store *store = rp_core_store(b->core);
    struct seen seen = {.b = b};
    struct rp_recent recent = {0};
    struct rp_arena arena;
    struct rp_families *families;
    struct rp_arms *arms;
    struct rp_replay *replay;
    int64_t ids[512];
    size_t moves = 0;
    int got;

    assert_int_equal(rp_core_flush(b->core, NULL), 0);
    rp_arena_init(&arena);
    assert_int_equal(rp_recent_load(&arena, store, &recent, NULL), 0);
    assert_int_equal(rp_families_load(store, &families, NULL), 0);
    assert_int_equal(rp_arms_load(store, rp_core_active(b->core), &arms, NULL), 0);
    const struct rp_replay_options options = {.store = store,
                                              .recent = &recent,
                                              .rules = {rp_core_active(b->core)},
                                              .vms = {b->reader->vm},
                                              .sides = 1,
                                              .arms = arms,
                                              .until_ms = b->now_ms,
                                              .newest = rp_event_newest(store),
                                              .events_max = 100000,
                                              .judged = judged,
                                              .ctx = &seen};
    replay = rp_replay_new(&options);
    got = rp_state_ids(store, 0, ids, 512, NULL);
    assert_true(got > 0);
    for (int i = 0; i < got; i++) {
        struct rp_buf rows = {0};
        struct rp_family family;
        size_t events;

        if (!rp_family_of(families, &ids[i], &family)) {
            continue;
        }
        seen.family = &family;
        seen.moves = (struct rp_buf){0};
        assert_int_equal(rp_replay_family(replay, &family, &events, NULL), 0);
        assert_true(events > 0 && !rp_replay_cut(replay));
        recorded(b, &family, &rows);
        sort_lines(&rows);
        sort_lines(&seen.moves);
        if (rows.len != seen.moves.len || (rows.len && strcmp(rows.ptr, seen.moves.ptr) != 0)) {
            fprintf(stderr, "lead %lld was decided\n%sand is played\n%s", (long long)ids[i],
                    rows.ptr ? rows.ptr : "", seen.moves.ptr ? seen.moves.ptr : "");
            fail();
        }
        same_state(b, replay, &family);
        for (size_t c = 0; c < rows.len; c++) {
            moves += rows.ptr[c] == '\n';
        }
        rp_buf_fini(&rows);
        rp_buf_fini(&seen.moves);
    }
    rp_replay_free(replay);
    rp_arms_free(arms);
    rp_families_free(families);
    rp_arena_fini(&arena);
    return moves;
}

static void go_to(struct bench *b, int64_t ms)
{
    b->now_ms = ms;
    while (rp_core_timers_run(b->core, ms, 100, NULL) > 0) {
    }
}

/* A score falls and time moves the lead back; a late page brings it up again. */
static void timers_and_late_events(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, PLAYED);
    bench_send(&b, false, "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"1\"}");
    for (int i = 0; i < 3; i++) {
        go_to(&b, T0 + i * MINUTE);
        bench_send(&b, false,
                   "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"p%d\",\"properties\":{"
                   "\"path\":\"/pricing\"}}",
                   i);
    }
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    go_to(&b, T0 + 30 * DAY);
    bench_expect(&b, "u1", "\"stage\":\"lead\"");
    bench_send(&b, false,
               "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"late\",\"timestamp\":"
               "\"2026-03-05T09:00:00Z\",\"receivedAt\":\"2026-04-01T09:00:00Z\",\"properties\":{"
               "\"path\":\"/pricing\"}}");
    bench_send(&b, false,
               "{\"batch\":[{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"late2\","
               "\"timestamp\":\"2026-03-06T09:00:00Z\",\"receivedAt\":\"2026-04-01T10:00:00Z\"},"
               "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"late3\",\"timestamp\":"
               "\"2026-03-04T09:00:00Z\",\"receivedAt\":\"2026-04-01T10:00:00Z\"}]}");
    go_to(&b, T0 + 60 * DAY);
    assert_true(expect_same(&b) >= 3);
    bench_close(&b);
}

static void merges_and_unmerges(void **state)
{
    struct rp_unmerged unmerged;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, PLAYED);
    bench_send(&b, false, "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"1\"}");
    go_to(&b, T0 + MINUTE);
    for (int i = 0; i < 2; i++) {
        go_to(&b, T0 + (i + 2) * MINUTE);
        bench_send(&b, false,
                   "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"a%d\","
                   "\"properties\":{\"path\":\"/pricing\"}}",
                   i);
    }
    go_to(&b, T0 + DAY);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\","
               "\"messageId\":\"join\",\"traits\":{\"title\":\"VP\"}}");
    bench_expect(&b, "u1", "\"stage\":\"mql\"");
    go_to(&b, T0 + 2 * DAY);
    bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"a9\"}");
    (void)expect_same(&b);
    assert_int_equal(rp_core_unmerge(b.core, RP_STR("u1"), RP_STR("test"), &unmerged, NULL), 0);
    go_to(&b, T0 + 3 * DAY);
    bench_send(&b, false, "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"a10\"}");
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u1\","
               "\"messageId\":\"d\"}");
    go_to(&b, T0 + 40 * DAY);
    assert_true(expect_same(&b) >= 4);
    bench_close(&b);
}

static void corrections_and_copies(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, NULL, PLAYED);
    bench_send(&b, false, "{\"type\":\"identify\",\"userId\":\"u1\",\"messageId\":\"1\"}");
    for (int i = 0; i < 3; i++) {
        go_to(&b, T0 + (i + 1) * MINUTE);
        bench_send(&b, false,
                   "{\"type\":\"page\",\"userId\":\"u1\",\"messageId\":\"p%d\",\"properties\":{"
                   "\"path\":\"/pricing\"}}",
                   i);
    }
    go_to(&b, T0 + 5 * MINUTE);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Event Voided\",\"userId\":\"u1\",\"messageId\":"
               "\"v\",\"properties\":{\"messageId\":\"p1\",\"reason\":\"robot\"}}");
    go_to(&b, T0 + 6 * MINUTE);
    bench_send(&b, false,
               "{\"type\":\"track\",\"event\":\"Stage Set\",\"userId\":\"u1\",\"messageId\":"
               "\"s\",\"properties\":{\"stage\":\"sql\",\"reason\":\"called\"}}");
    go_to(&b, T0 + 7 * MINUTE); /* a copy comes with a merge */
    bench_send(&b, false,
               "{\"type\":\"page\",\"anonymousId\":\"a1\",\"messageId\":\"p0\",\"properties\":{"
               "\"path\":\"/pricing\"}}");
    go_to(&b, T0 + 8 * MINUTE);
    bench_send(&b, false,
               "{\"type\":\"identify\",\"userId\":\"u1\",\"anonymousId\":\"a1\","
               "\"messageId\":\"join\"}");
    go_to(&b, T0 + 20 * DAY);
    assert_true(expect_same(&b) >= 3);
    bench_close(&b);
}

/* By chance: events in and out of order, browsers that become known. */
static void random_event(struct bench *b, uint64_t x, unsigned people, int number)
{
    unsigned who = (unsigned)(x >> 8) % people, kind = (unsigned)(x >> 20) % 16;
    int64_t now = T0 + number * 97 * MINUTE + (int64_t)(x >> 40) % MINUTE;
    struct rp_buf when = {0};

    go_to(b, now);
    if (kind == 0) {
        bench_send(b, false,
                   "{\"type\":\"identify\",\"userId\":\"u%u\",\"anonymousId\":\"a%u\","
                   "\"messageId\":\"m%d\"}",
                   who, (who * 7) % people, number);
        return;
    }
    if (kind == 1) {
        bench_send(b, false,
                   "{\"type\":\"track\",\"event\":\"Demo Requested\",\"userId\":\"u%u\","
                   "\"messageId\":\"m%d\"}",
                   who, number);
        return;
    }
    rp_time_print(&when, kind % 5 == 0 ? now - (int64_t)(x % (3 * (uint64_t)DAY)) : now);
    bench_send(b, false,
               "{\"type\":\"page\",\"%s\":\"%c%u\",\"messageId\":\"m%d\",\"timestamp\":"
               "\"%s\",\"receivedAt\":%lld,\"properties\":{\"path\":\"%s\"}}",
               kind % 3 ? "userId" : "anonymousId", kind % 3 ? 'u' : 'a', who, number, when.ptr,
               (long long)now, kind % 4 ? "/pricing" : "/blog");
    rp_buf_fini(&when);
}

static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void random_people(void **state)
{
    uint64_t x = 88172645463325252U;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, PLAYED);
    for (int i = 0; i < 900; i++) {
        random_event(&b, next_random(&x), 23, i);
    }
    go_to(&b, b.now_ms + 60 * DAY);
    assert_in_range(expect_same(&b), 60, 2000);
    bench_close(&b);
}

/* ---- Experiments ------------------------------------------------------------------------------
 */

static void decide(struct bench *b, const char *verb, const char *experiment)
{
    struct rp_buf out = {0};
    struct rp_err err = {0};
    char body[64];

    b->now_ms += 1000;
    snprintf(body, sizeof(body), "{\"experiment\":\"%s\",\"reason\":\"test\"}", experiment);
    if (rp_core_amend(b->core, rp_str_from(verb), rp_str_from(body), RP_STR("ana"), &out, &err) !=
        0) {
        fail_msg("%s", err.text);
    }
    rp_buf_fini(&out);
}

/* One model is generous, one strict; a lead that stays away falls back sooner or later by it. */
static const char SPLIT[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"10d\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked\", on = \"page\", points = 4 }\n"
    "score \"pricing\" { why = \"Prices\", on = \"page\", when = { path = glob \"/pricing*\" },\n"
    "  points = 10, limit = { times = 3, per = \"7d\" } }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { enter = at_least { engagement = 20 }, leave = below { engagement = 12,\n"
    "  held = \"2d\" }, leave_to = \"lead\" }\n"
    "stage \"sql\" { from = { \"lead\", \"mql\" }, enter = did \"Demo Requested\" }\n"
    "action \"late\" { on = crossed(\"total\", 30), set { high = \"yes\" } }\n"
    "model \"champion\" { }\n"
    "model \"generous\" { like = \"champion\", points = { page = 9, pricing = 15 } }\n"
    "model \"strict\" { like = \"champion\", without = \"page\",\n"
    "  stage = { mql = { enter = { engagement = 25 } } } }\n"
    "experiment \"x\" { mode = \"split\", arms = { { \"champion\", 20 }, { \"generous\", 40 },\n"
    "  { \"strict\", 40 } }, slice = { 0, 50 }, success = { reached = \"sql\", within = \"30d\" } "
    "}\n"
    "experiment \"y\" { mode = \"split\", arms = { { \"champion\", 30 }, { \"strict\", 30 } },\n"
    "  hold_out = 40, slice = { 50, 100 }, success = { reached = \"sql\", within = \"30d\" } }\n"
    "experiment \"z\" { mode = \"shadow\", arms = { { \"champion\", 50 }, { \"generous\", 50 } },\n"
    "  explore = 60, success = { reached = \"sql\", within = \"30d\" } }\n";

/* One split is over, then runs once more; another one goes on; in a shadow the control acts, but
 * some are handed on by chance. Leads are known before, become known while it runs, and behind it.
 */
static void play_splits(uint64_t x)
{
    static const struct {
        int at;
        const char *verb, *experiment;
    } plan[] = {{60, "experiment_start", "x"},  {100, "experiment_start", "z"},
                {300, "experiment_stop", "x"},  {400, "experiment_start", "y"},
                {600, "experiment_start", "x"}, {700, "experiment_promoted", "x"}};
    struct bench b;

    bench_open(&b, NULL, SPLIT);
    for (int i = 0; i < 900; i++) {
        for (size_t p = 0; p < RP_COUNT(plan); p++) {
            if (plan[p].at == i) {
                decide(&b, plan[p].verb, plan[p].experiment);
            }
        }
        random_event(&b, next_random(&x), i < 100 ? 9 : i < 500 ? 41 : 83, i);
    }
    assert_in_range(expect_same(&b), 60, 4000);
    go_to(&b, b.now_ms + 60 * DAY);
    handed_on = 0;
    assert_in_range(expect_same(&b), 60, 4000);
    assert_in_range(handed_on, 3, 100);
    bench_close(&b);
}

static void splits(void **state)
{
    (void)state;
    play_splits(88172645463325252U);
    play_splits(
        88172645463396523U); /* timers between a start and the next event of who was dealt */
}

static void send_page(struct bench *b, const char *ids, int number)
{
    go_to(b, b->now_ms + 3 * MINUTE);
    bench_send(
        b, false,
        "{\"type\":\"page\",%s,\"messageId\":\"m%d\",\"properties\":{\"path\":\"/pricing\"}}", ids,
        number);
}

/* What a visitor's browser and a known address were dealt, when they become one and when they are
 * taken apart again. */
static void splits_over_merges(void **state)
{
    int number = 0;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, SPLIT);
    decide(&b, "experiment_start", "x");
    for (int i = 0; i < 24; i++) {
        char visitor[64];
        char known[96];
        char both[128];

        snprintf(visitor, sizeof(visitor), "\"anonymousId\":\"a%d\"", i);
        snprintf(known, sizeof(known),
                 "\"anonymousId\":\"b%d\",\"context\":{\"traits\":{\"email\":\"e%d@x.test\"}}", i,
                 i);
        snprintf(both, sizeof(both), "\"anonymousId\":\"a%d\",%s", i, strchr(known, ',') + 1);
        send_page(&b, visitor, number++);
        send_page(&b, known, number++);
        send_page(&b, visitor, number++);
        send_page(&b, both, number++);
        send_page(&b, visitor, number++);
        if (i == 11) {
            decide(&b, "experiment_stop", "x");
            decide(&b, "experiment_start", "y");
        }
        if (i % 3 == 0) {
            struct rp_unmerged unmerged;
            struct rp_err err = {0};
            char name[16];

            snprintf(name, sizeof(name), "a%d", i);
            go_to(&b, b.now_ms + MINUTE);
            if (rp_core_unmerge(b.core, rp_str_from(name), RP_STR("ana"), &unmerged, &err) != 0) {
                fail_msg("%s", err.text);
            }
            send_page(&b, visitor, number++);
            send_page(&b, known, number++);
        }
    }
    assert_in_range(expect_same(&b), 40, 400);
    bench_close(&b);
}

static void assert_has(const struct rp_buf *buf, const char *text)
{
    if (!strstr(buf->ptr, text)) {
        fail_msg("\"%s\" is not in\n%.900s", text, buf->ptr);
    }
}

/* Rules without models come into force: the experiment ends, its arms are history. */
static void swap_to_played(struct bench *b)
{
    struct rp_source source = {RP_STR("rules.lua"), rp_str_from(PLAYED)};
    struct rp_files files = {&source, 1};
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_rules *rules = NULL;
    struct rp_arena arena;
    struct rp_err err = {0};

    rp_arena_init(&arena);
    if (rp_load(&arena, &files, &options, &rules, &findings, &err) != 0) {
        fail_msg("%s", err.text);
    }
    b->now_ms += 1000;
    assert_int_equal(rp_core_rules(b->core, rules, &files, RP_STR("test"), &err), 0);
    assert_int_equal(rp_core_flush(b->core, &err), 0);
    rp_arena_fini(&arena);
}

/* A candidate that is the rules in force differs on those alone who were in another arm. */
static void a_back_test_tells_of_arms(void **state)
{
    char path[] = "/tmp/ripen-replay-XXXXXX";
    struct rp_backtest_options options = {
        .db_path = "x.db", .name = RP_STR("same"), .since_ms = RP_NEVER, .workers = 2};
    struct rp_backtest all, one, lost;
    struct rp_buf out = {0};
    struct rp_err err = {0};
    uint64_t x = 88172645463325252U;
    struct bench b;

    (void)state;
    assert_true(mkdtemp(path) != NULL);
    assert_int_equal(chdir(path), 0);
    bench_open(&b, "x.db", SPLIT);
    decide(&b, "experiment_start", "x");
    for (int i = 0; i < 400; i++) {
        random_event(&b, next_random(&x), 40, i);
    }
    assert_int_equal(rp_core_flush(b.core, NULL), 0);
    options.now_ms = b.now_ms;
    options.candidate = rp_core_active(b.core);
    assert_int_equal(rp_backtest_run(&options, &all, &err), 0);
    assert_in_range(all.in_arms, 5, 35);
    assert_int_equal(all.in_lost_arms, 0);
    /* which lead is in which arm is chance: some eight of them differ */
    assert_true(all.kinds[RP_BT_LOST] + all.kinds[RP_BT_GAINED] + all.kinds[RP_BT_LATER] > 0);
    rp_backtest_text(&all, 3, &out);
    assert_has(&out, "leads were in arms of experiments (x): on them");
    rp_buf_reset(&out);
    all.quality[RP_BT_CANDIDATE].decisions = 12345; /* told in full */
    rp_backtest_html(&all, &out);
    assert_has(&out, "leads were in arms of experiments (x): on them");
    assert_has(&out, "<b>12345</b>");
    rp_buf_reset(&out);
    rp_backtest_json(&all, &out);
    assert_has(&out, "\"inArmsWithoutModel\":0,");
    assert_true(!strstr(out.ptr, "\"inArms\":0,"));
    options.models[RP_BT_ACTIVE] = RP_STR("champion"); /* for all */
    assert_int_equal(rp_backtest_run(&options, &one, &err), 0);
    assert_int_equal(one.in_arms, 0);
    for (size_t k = 0; k < RP_BT_KINDS; k++) {
        assert_int_equal(one.kinds[k], 0);
    }
    rp_buf_reset(&out);
    rp_backtest_text(&one, 3, &out);
    assert_null(strstr(out.ptr, "in arms"));
    swap_to_played(&b);
    options.models[RP_BT_ACTIVE] = RP_STR("");
    options.candidate = rp_core_active(b.core);
    assert_int_equal(rp_backtest_run(&options, &lost, &err), 0);
    assert_int_equal(lost.in_arms, all.in_arms);
    assert_int_equal(lost.in_lost_arms, all.in_arms);
    rp_buf_reset(&out);
    rp_backtest_text(&lost, 3, &out);
    assert_has(&out, "the first model decides.");
    rp_backtest_fini(&lost);
    rp_buf_fini(&out);
    rp_backtest_fini(&all);
    rp_backtest_fini(&one);
    bench_close(&b);
    (void)unlink("x.db");
    (void)unlink("x.db-lock");
    assert_int_equal(chdir("/"), 0);
    (void)rmdir(path);
}

/* ---- Owners and facts -------------------------------------------------------------------------
 */

/* Stages that ask who owns a lead and what a sequence set; a timer goes on with each. */
static const char TOLD[] =
    "dimension \"engagement\" { range = {0, 200}, half_life = \"10d\" }\n"
    "total { engagement = 1 }\n"
    "score \"page\" { why = \"Looked\", on = \"page\", points = 10 }\n"
    "stages { \"visitor\", \"lead\", \"mql\", \"worked\", \"warm\", \"sql\" }\n"
    "stage \"lead\" { enter = known() }\n"
    "stage \"mql\" { from = { \"lead\", \"warm\" }, enter = at_least { engagement = 20 },\n"
    "  leave = below { engagement = 12, held = \"2d\" }, leave_to = \"lead\" }\n"
    "stage \"worked\" { from = \"mql\", enter = all { trait { [\"lead.owner\"] = \"lea@acme.test\" "
    "},\n"
    "  in_stage(\"mql\", { at_least = \"3h\" }) } }\n"
    "stage \"warm\" { from = { \"mql\", \"worked\" }, enter = trait { [\"lead.warm\"] = \"yes\" } "
    "}\n"
    "stage \"sql\" { from = { \"lead\", \"mql\" }, enter = did \"Demo Requested\" }\n"
    "team \"sdr\" { members = { \"lea@acme.test\", \"tom@acme.test\" } }\n"
    "action \"hand\" { on = entered \"mql\", assign { team = \"sdr\" } }\n"
    "action \"cool\" { on = entered \"lead\", set { warm = \"no\" } }\n"
    "sequence \"care\" { start = entered \"mql\", exit = entered \"sql\", reenter = \"4d\", steps "
    "= {\n"
    "  step \"rest\" { wait \"30h\" }, step \"warm\" { set { warm = \"yes\" } },\n"
    "  step \"again\" { wait \"2d\" }, step \"over\" { assign { to = \"lea@acme.test\" } } } }\n";

static void owners_and_facts(void **state)
{
    uint64_t x = 88172645463325252U;
    struct bench b;

    (void)state;
    bench_open(&b, NULL, TOLD);
    for (int i = 0; i < 900; i++) {
        random_event(&b, next_random(&x), 31, i);
    }
    go_to(&b, b.now_ms + 20 * DAY);
    assert_in_range(expect_same(&b), 100, 4000);
    bench_close(&b);
}

int test_replay(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_and_late_events),
        cmocka_unit_test(merges_and_unmerges),
        cmocka_unit_test(corrections_and_copies),
        cmocka_unit_test(random_people),
        cmocka_unit_test(splits),
        cmocka_unit_test(splits_over_merges),
        cmocka_unit_test(a_back_test_tells_of_arms),
        cmocka_unit_test(owners_and_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
