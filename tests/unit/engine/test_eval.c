/* SPDX-License-Identifier: MIT */
/* Law 1 on random histories: whatever the order of arrival, the cells are those of a fold in
 * effective order, byte by byte, and the explanation sums to the value at any time. */
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/num.h"
#include "unit/engine/eval_rig.h"
#include "unit/engine/groups.h"

/* One of everything that the fold remembers. */
static const char rules_text[] =
    "dimension 'engagement' { range = {0, 60}, half_life = '11d' }\n"
    "dimension 'intent' { decay = { linear = '20d' } }\n"
    "dimension 'short' { decay = { expire = '3d' }, range = {-5, 5} }\n"
    "dimension 'kept' { decay = 'none' }\n"
    "dimension 'interest' { by = 'topic', half_life = '9d' }\n"
    "dimension 'fit' { kind = 'state', range = {0, 30} }\n"
    "dimension 'habits' { kind = 'state' }\n"
    "total { fit = 0.5, engagement = 1, intent = 2 }\n"
    "group 'web' { dimension = 'engagement', cap = 12.5, floor = -7, per = '5d' }\n"
    "group 'level' { dimension = 'intent', cap = 9, floor = -4 }\n"
    "exclude 'robots' { when = any { context { userAgent = contains 'bot' } } }\n"
    "score 'seen' { why = 'Saw', on = 'page', points = 3.7, group = 'web', cooldown = '1h' }\n"
    "score 'price' { why = 'Price', on = 'page', when = { path = glob '/p1*' }, points = 5,\n"
    "  group = 'web', limit = { times = 3, per = '7d' } }\n"
    "score 'once' { why = 'Once', on = 'page', points = 2, once_per = 'path', group = 'level',\n"
    "  dimension = 'intent' }\n"
    "score 'first' { why = 'First', on = { 'A', 'B' }, points = { engagement = 1.25, short = 2 },\n"
    "  once = true }\n"
    "score 'down' { why = 'Down', on = 'B', points = -4.1, group = 'web', decay = 'none' }\n"
    "score 'drop' { why = 'Drop', on = 'A', points = -3, group = 'level', dimension = 'intent' }\n"
    "score 'basket' { why = 'Basket', on = '*', points = nil, dimension = 'kept',\n"
    "  per = { field = 'n', each = 3, points = 0.333, max = 2 } }\n"
    "score 'topic' { why = 'Topic', on = 'page', points = 1, dimension = 'interest' }\n"
    "score 'boss' { why = 'Boss', on = 'page', when = { ['lead.title'] = word 'vp' }, points = 1,\n"
    "  dimension = 'short' }\n"
    "fit 'title' { why = 'Title', field = 'title', words = { { any = { 'vp' }, points = 20 } },\n"
    "  other = 1 }\n"
    "fit 'source' { why = 'Source', field = 'lead_touch.source', values = { { eq('t1'), points = 5 "
    "},\n"
    "  { eq('t2'), points = 7.5 } }, other = 2 }\n"
    "fit 'count' { why = 'Count', dimension = 'habits', count = count('page', { within = '4d' }),\n"
    "  bands = { { below = 3, points = 1 }, { points = 2.5 } } }\n"
    "fit 'days' { why = 'Days', dimension = 'habits', count = days('page', { within = '9d' }),\n"
    "  bands = { { below = 3, points = 0.1 }, { points = 0.2 } } }\n"
    "fit 'kinds' { why = 'Kinds', dimension = 'habits', count = distinct('page', 'path',\n"
    "  { within = '9d' }), bands = { { below = 4, points = 10 }, { points = 20 } } }\n"
    "fit 'visits' { why = 'Visits', dimension = 'habits', count = visits { within = '9d' },\n"
    "  bands = { { below = 3, points = 0 }, { points = 100 } } }\n"
    "stages { 'visitor', 'lead', 'mql', 'sal'; side = { 'recycled' } }\n"
    "stage 'lead' { enter = known() }\n"
    "stage 'mql' { from = { 'visitor', 'lead', 'recycled' }, enter = any { at_least {\n"
    "  engagement = 15 }, did('B', { times = 2 }) }, leave = below { engagement = 5 },\n"
    "  leave_to = 'recycled' }\n"
    "stage 'sal' { from = 'mql', enter = did('A', { times = 2 }), leave = did 'B',\n"
    "  leave_to = 'recycled' }\n";

#define EVENTS 60

static struct rp_event random_event(struct rig *rig, struct rig_random *random, unsigned number)
{
    static const char *const tracks[] = {"A", "B", "C"};
    /* Coarse times, so that some are equal. */
    int64_t at = (int64_t)rig_random(random, 240) * 2 * RP_HOUR;
    int64_t late = rig_random(random, 3) ? 0 : (int64_t)rig_random(random, 100) * RP_HOUR;
    uint32_t what = rig_random(random, 10);
    const char *type = what < 6 ? "page" : what < 9 ? "track" : "identify";
    struct rp_buf rest = {0};
    struct rp_event event;
    char id[16];

    snprintf(id, sizeof(id), "m%u", rig_random(random, 1000) * 100 + number);
    if (what < 6)
        rp_buf_printf(&rest, ",\"properties\":{\"path\":\"/p%u\",\"n\":%u%s}",
                      rig_random(random, 20), rig_random(random, 12),
                      rig_random(random, 2) ? ",\"topic\":\"t\\u00e9\"" : ",\"topic\":\"u\"");
    else if (what < 9)
        rp_buf_printf(&rest, ",\"event\":\"%s\",\"properties\":{\"n\":%u}",
                      tracks[rig_random(random, 3)], rig_random(random, 12));
    else
        rp_buf_printf(&rest, ",\"traits\":{\"title\":%s%s}",
                      rig_random(random, 3) ? "\"VP\"" : "null",
                      rig_random(random, 2) ? ",\"email\":\"a@b.test\"" : "");
    if (rig_random(random, 4) == 0)
        rp_buf_printf(&rest,
                      ",\"context\":{\"campaign\":{\"source\":\"t%u\"},\"userAgent\":\"%s\"}",
                      rig_random(random, 3), rig_random(random, 3) ? "x" : "a bot");
    event = rig_event(rig, type, id, at, at + late, rp_buf_view(&rest));
    rp_buf_fini(&rest);
    return event;
}

static void shuffle(struct rig_random *random, struct rp_event *events, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = rig_random(random, (uint32_t)i);
        struct rp_event swap = events[i - 1];

        events[i - 1] = events[j];
        events[j] = swap;
    }
}

static void same_cells(const struct rp_lead *a, const struct rp_lead *b, uint64_t seed)
{
    if (a->cells_len != b->cells_len || memcmp(a->cells, b->cells, a->cells_len) != 0)
        fail_msg("seed %llu: cells of %u and %u bytes differ", (unsigned long long)seed,
                 a->cells_len, b->cells_len);
}

static void arrival_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct rig_random random = {seed};
        struct rp_event events[EVENTS];
        struct rp_lead sorted, arrived;
        struct rig rig;

        rig_open(&rig, rp_str_from(rules_text));
        for (unsigned i = 0; i < EVENTS; i++)
            events[i] = random_event(&rig, &random, i);
        rp_lead_init(&sorted);
        rig_fold_sorted(&rig, &sorted, events, EVENTS);
        for (int round = 0; round < 3; round++) {
            rp_lead_init(&arrived);
            shuffle(&random, events, EVENTS);
            rig_fold_arriving(&rig, &arrived, events, EVENTS, false);
            same_cells(&sorted, &arrived, seed);
            rp_lead_fini(&arrived);
        }
        rp_lead_fini(&sorted);
        rig_close(&rig);
    }
}

/* Judging between folds reads and moves stages, and leaves the fold's cells as they are. */
static void judging_changes_no_score(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed <= 130; seed++) {
        struct rig_random random = {seed};
        struct rp_event events[EVENTS];
        struct rp_lead judged, quiet;
        struct rig rig;

        rig_open(&rig, rp_str_from(rules_text));
        for (unsigned i = 0; i < EVENTS; i++)
            events[i] = random_event(&rig, &random, i);
        rp_lead_init(&judged);
        rp_lead_init(&quiet);
        rig_fold_arriving(&rig, &judged, events, EVENTS, true);
        rig_fold_arriving(&rig, &quiet, events, EVENTS, false);
        same_cells(&judged, &quiet, seed);
        assert_true(judged.stage < rig.rules->stage_count);
        rp_lead_fini(&judged);
        rp_lead_fini(&quiet);
        rig_close(&rig);
    }
}

/* The rows of every dimension sum to its value; of one with keys, by key. */
static void check_sums(struct rp_arena *arena, struct rp_str text, uint64_t seed)
{
    struct rp_json json;
    enum rp_json_token token;
    struct rp_str key = {0};
    int64_t value = 0, sum = 0, values = 0;
    bool by = false;
    int depth = 0, dims = 0;

    rp_json_init(&json, arena, text);
    while ((token = rp_json_next(&json)) > RP_JSON_END) {
        if (token == RP_JSON_KEY) {
            key = json.string;
            if (depth == 2) {
                sum = values = 0;
                by = false;
            }
            by |= depth == 3 && rp_str_is(key, "values");
        } else if (token == RP_JSON_NUMBER && depth == 4 && by) {
            values += rp_milli_round(json.number);
        } else if (token == RP_JSON_NUMBER && rp_str_is(key, "value")) {
            if (depth == 3)
                value = rp_milli_round(json.number);
            else
                sum += rp_milli_round(json.number);
        }
        depth += token == RP_JSON_OBJECT || token == RP_JSON_ARRAY;
        depth -= token == RP_JSON_OBJECT_END || token == RP_JSON_ARRAY_END;
        if (token == RP_JSON_OBJECT_END && depth == 2) {
            dims++;
            if (sum != (by ? values : value))
                fail_msg("seed %llu: rows sum to %lld of %lld in %.*s", (unsigned long long)seed,
                         (long long)sum, (long long)value, RP_STR_ARG(text));
        }
    }
    assert_int_equal(token, RP_JSON_END);
    assert_int_equal(dims, 7);
}

static void explanations_sum(void **state)
{
    (void)state;
    for (uint64_t seed = 200; seed <= 240; seed++) {
        struct rig_random random = {seed};
        struct rp_event events[EVENTS];
        struct rp_explain *explain;
        struct rp_lead lead;
        struct rig rig;

        rig_open(&rig, rp_str_from(rules_text));
        for (unsigned i = 0; i < EVENTS; i++)
            events[i] = random_event(&rig, &random, i);
        explain = rp_explain_new(rig.rules, 0);
        rig.fold.trace = rp_explain_trace;
        rig.fold.trace_ctx = explain;
        rp_lead_init(&lead);
        rig_fold_sorted(&rig, &lead, events, EVENTS);
        for (int i = 0; i < 8; i++) {
            int64_t at =
                RIG_START_MS + 20 * RP_DAY + (int64_t)rig_random(&random, 1000000) * 3 * RP_SECOND;
            struct rp_buf out = {0};
            struct rp_jw jw = rp_jw(&out);

            rp_jw_object(&jw);
            rp_explain_json(explain, &rig.fold, &lead, at, &jw);
            rp_jw_object_end(&jw);
            check_sums(&rig.arena, rp_buf_view(&out), seed);
            rp_buf_fini(&out);
        }
        rp_explain_free(explain);
        rp_lead_fini(&lead);
        rig_close(&rig);
    }
}

/* score(t + d) follows the closed form, with no job run. */
static void decay_is_closed_form(void **state)
{
    struct rig rig;
    struct rp_event event;
    struct rp_lead lead;
    struct rp_decision decision = {0};

    (void)state;
    rig_open(&rig, RP_STR("dimension 'engagement' { half_life = '30d' }\n"
                          "score 'seen' { why = 'Saw', on = 'page', points = 100 }\n"));
    rp_lead_init(&lead);
    event = rig_event(&rig, "page", "m1", 0, 0, RP_STR(""));
    rp_fold_event(&rig.fold, &lead, &event, &decision);
    for (int days = 0; days < 400; days += 7) {
        int64_t got = rp_lead_score(&rig.fold, &lead, 0, 0, RIG_START_MS + (int64_t)days * RP_DAY);

        assert_int_equal(got, rp_milli_round(100 * rp_exp2(-days / 30.0)));
    }
    rp_lead_fini(&lead);
    rig_close(&rig);
}

/* What is gone for good leaves the lead's cells at the next grant. */
static void expired_grants_leave(void **state)
{
    struct rig rig;
    struct rp_lead lead;
    uint32_t len = 0;

    (void)state;
    rig_open(&rig, RP_STR("dimension 'engagement' { decay = { expire = '10h' } }\n"
                          "score 'seen' { why = 'Saw', on = 'page', points = 1 }\n"));
    rp_lead_init(&lead);
    for (int i = 0; i < 100; i++) {
        struct rp_decision decision = {0};
        struct rp_event event;
        char id[16];

        snprintf(id, sizeof(id), "m%03d", i);
        event = rig_event(&rig, "page", id, i * RP_HOUR, i * RP_HOUR, RP_STR(""));
        rp_fold_event(&rig.fold, &lead, &event, &decision);
    }
    assert_non_null(rp_lead_cell(&lead, rp_cell_key(RP_CELL_SUM, 0, 0), &len));
    assert_int_equal(len, 10 * 16);
    assert_int_equal(rp_lead_score(&rig.fold, &lead, 0, 0, RIG_START_MS + 99 * RP_HOUR), 10000);
    rp_lead_fini(&lead);
    rig_close(&rig);
}

int rp_test_eval(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrival_does_not_matter), cmocka_unit_test(judging_changes_no_score),
        cmocka_unit_test(explanations_sum),        cmocka_unit_test(decay_is_closed_form),
        cmocka_unit_test(expired_grants_leave),
    };

    return cmocka_run_group_tests_name("evaluation", tests, NULL, NULL) + rp_test_eval_index() +
           rp_test_eval_counter() + rp_test_eval_words();
}
