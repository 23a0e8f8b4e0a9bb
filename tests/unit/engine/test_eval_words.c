/* SPDX-License-Identifier: MIT */
/* What people read of a lead: the explanation as JSON and text, reasons, scores, why-not, models.
 */
#include "base/json_write.h"
#include "unit/engine/eval_rig.h"
#include "unit/engine/groups.h"

static const char rules_text[] =
    "dimension 'engagement' { range = {0, 12}, half_life = '1d' }\n"
    "dimension 'interest' { by = 'topic', decay = 'none' }\n"
    "dimension 'fit' { kind = 'state' }\n"
    "total { fit = 1, engagement = 1 }\n"
    "group 'web' { dimension = 'engagement', cap = 15, per = '7d' }\n"
    "score 'seen' { why = 'Saw a page', on = 'page', points = 10, group = 'web' }\n"
    "score 'topic' { why = 'Reads', on = 'page', points = 1, dimension = 'interest' }\n"
    "fit 'vp' { why = 'A VP', field = 'title', words = { { any = { 'vp' }, points = 5 } } }\n";

struct told {
    struct rig rig;
    struct rp_lead lead;
    struct rp_explain *explain;
    struct rp_buf out;
};

/* A second model: a page is worth 2.5 points, topics do not count. */
static void add_model(struct rig *rig)
{
    struct rp_rules *rules = rig->rules;
    struct rp_model *models = RP_ARENA_ARRAY(&rules->arena, struct rp_model, 2);
    uint32_t seen = rp_rules_score(rules, RP_STR("seen"));
    struct rp_award *award = RP_ARENA_NEW(&rules->arena, struct rp_award);

    models[0] = models[1] = rules->models[0];
    models[1].name = RP_STR("challenger");
    models[1].awards = RP_ARENA_ARRAY(&rules->arena, struct rp_award *, rules->score_count);
    models[1].without = RP_ARENA_ARRAY(&rules->arena, bool, rules->score_count);
    for (uint32_t i = 0; i < rules->score_count; i++)
        models[1].awards[i] = rules->scores[i].awards;
    *award = rules->scores[seen].awards[0];
    award->points = 2.5;
    models[1].awards[seen] = award;
    models[1].without[rp_rules_score(rules, RP_STR("topic"))] = true;
    rules->models = models;
    rules->model_count = 2;
}

static void told_open(struct told *told)
{
    struct rp_decision decision = {0};
    struct rp_event events[3];

    *told = (struct told){0};
    rig_open(&told->rig, rp_str_from(rules_text));
    add_model(&told->rig);
    rp_lead_init(&told->lead);
    told->explain = rp_explain_new(told->rig.rules, 0);
    told->rig.fold.trace = rp_explain_trace;
    told->rig.fold.trace_ctx = told->explain;
    events[0] =
        rig_event(&told->rig, "identify", "m1", 0, 0, RP_STR(",\"traits\":{\"title\":\"VP\"}"));
    events[1] =
        rig_event(&told->rig, "page", "m2", 0, 0, RP_STR(",\"properties\":{\"topic\":\"A\"}"));
    events[2] = rig_event(&told->rig, "page", "m3", RP_SECOND, RP_SECOND, RP_STR(""));
    for (size_t i = 0; i < RP_COUNT(events); i++) {
        events[i].id = (int64_t)i + 1;
        rp_fold_event(&told->rig.fold, &told->lead, &events[i], &decision);
    }
}

static void told_close(struct told *told)
{
    rp_explain_free(told->explain);
    rp_lead_fini(&told->lead);
    rp_buf_fini(&told->out);
    rig_close(&told->rig);
}

static void explanation_is_json(void **state)
{
    struct told told;
    struct rp_jw jw;

    (void)state;
    told_open(&told);
    jw = rp_jw(&told.out);
    rp_jw_object(&jw);
    rp_explain_json(told.explain, &told.rig.fold, &told.lead, RIG_START_MS + RP_SECOND, &jw);
    rp_jw_object_end(&jw);
    assert_string_equal(
        told.out.ptr,
        "{\"dimensions\":{\"engagement\":{\"value\":12,\"rows\":["
        "{\"rule\":\"seen\",\"why\":\"Saw a page\",\"file\":\"rules.lua\",\"line\":6,"
        "\"event\":\"page\",\"messageId\":\"m2\",\"at\":\"2026-01-01T00:00:00.000Z\",\"asked\":10,"
        "\"granted\":10,\"cut\":\"\",\"evidence\":\"\",\"value\":10},"
        "{\"rule\":\"seen\",\"why\":\"Saw a page\",\"file\":\"rules.lua\",\"line\":6,"
        "\"event\":\"page\",\"messageId\":\"m3\",\"at\":\"2026-01-01T00:00:01.000Z\",\"asked\":10,"
        "\"granted\":5,\"cut\":\"group\",\"evidence\":\"\",\"value\":5},"
        "{\"rule\":null,\"why\":\"beyond the range of the dimension\",\"file\":\"rules.lua\","
        "\"line\":1,\"event\":null,\"messageId\":null,\"at\":null,\"asked\":-3,\"granted\":-3,"
        "\"cut\":\"range\",\"evidence\":\"\",\"value\":-3}]},"
        "\"interest\":{\"value\":1,\"top\":\"A\",\"values\":{\"A\":1},\"rows\":["
        "{\"rule\":\"topic\",\"why\":\"Reads\",\"file\":\"rules.lua\",\"line\":7,\"event\":"
        "\"page\","
        "\"messageId\":\"m2\",\"at\":\"2026-01-01T00:00:00.000Z\",\"asked\":1,\"granted\":1,"
        "\"cut\":\"\",\"evidence\":\"\",\"key\":\"A\",\"value\":1}]},"
        "\"fit\":{\"value\":5,\"rows\":["
        "{\"rule\":\"vp\",\"why\":\"A VP\",\"file\":\"rules.lua\",\"line\":8,\"event\":null,"
        "\"messageId\":null,\"at\":null,\"asked\":5,\"granted\":5,\"cut\":\"\",\"evidence\":\"VP\","
        "\"value\":5}]}}}");
    told_close(&told);
}

static void explanation_is_text(void **state)
{
    struct told told;

    (void)state;
    told_open(&told);
    rp_explain_text(told.explain, &told.rig.fold, &told.lead, RIG_START_MS + RP_DAY, &told.out);
    assert_string_equal(
        told.out.ptr,
        "engagement  7.5\n"
        "         +5  seen                  Saw a page, 2026-01-01 00:00, gave 10\n"
        "       +2.5  seen                  Saw a page, 2026-01-01 00:00, gave 5 of 10: "
        "group\n"
        "interest  1\n"
        "         +1  topic                 Reads [A], 2026-01-01 00:00\n"
        "fit  5\n"
        "         +5  vp                    A VP (VP)\n"
        "total  12.5\n");
    told_close(&told);
}

static void reasons_are_the_most_valuable(void **state)
{
    struct told told;
    struct rp_str top;

    (void)state;
    told_open(&told);
    top = rp_explain_top(told.explain, &told.rig.fold, &told.lead, RIG_START_MS, 2);
    assert_true(rp_str_is(top, "Saw a page, A VP"));
    top = rp_explain_top(told.explain, &told.rig.fold, &told.lead, RIG_START_MS + 9 * RP_DAY, 9);
    assert_true(rp_str_is(top, "A VP, Reads, Saw a page"));
    top = rp_explain_top(told.explain, &told.rig.fold, &told.lead, RIG_START_MS, 0);
    assert_int_equal(top.len, 0);
    told_close(&told);
}

static void scores_are_json(void **state)
{
    struct told told;
    struct rp_jw jw;

    (void)state;
    told_open(&told);
    jw = rp_jw(&told.out);
    rp_jw_object(&jw);
    rp_lead_scores_json(&told.rig.fold, &told.lead, 0, RIG_START_MS + RP_SECOND, &jw);
    rp_jw_object_end(&jw);
    assert_string_equal(told.out.ptr,
                        "{\"total\":17,\"grade\":null,\"scores\":{\"engagement\":12,"
                        "\"interest\":{\"top\":\"A\",\"values\":{\"A\":1}},\"fit\":5}}");
    told_close(&told);
}

/* Models see the same events with other points; each has its own memory. */
static void models_score_apart(void **state)
{
    struct told told;
    uint32_t interest;

    (void)state;
    told_open(&told);
    interest = rp_rules_dim(told.rig.rules, RP_STR("interest"));
    assert_int_equal(rp_lead_score(&told.rig.fold, &told.lead, 0, 0, RIG_START_MS + RP_SECOND),
                     12000);
    assert_int_equal(rp_lead_score(&told.rig.fold, &told.lead, 1, 0, RIG_START_MS + RP_SECOND),
                     5000);
    assert_int_equal(rp_lead_score(&told.rig.fold, &told.lead, 0, interest, RIG_START_MS), 1000);
    assert_int_equal(rp_lead_score(&told.rig.fold, &told.lead, 1, interest, RIG_START_MS), 0);
    told_close(&told);
}

static bool why_not(struct told *told, const char *rule, const struct rp_event *event,
                    const char *words)
{
    bool gives;

    rp_buf_reset(&told->out);
    gives = rp_why_not_rule(&told->rig.fold, &told->lead,
                            rp_rules_score(told->rig.rules, rp_str_from(rule)), event, &told->out);
    assert_string_equal(told->out.ptr, words);
    return gives;
}

static void why_not_has_words(void **state)
{
    struct told told;
    struct rp_event page, track;
    uint32_t len;

    (void)state;
    told_open(&told);
    page = rig_event(&told.rig, "page", "m9", RP_DAY, RP_DAY, RP_STR(""));
    track = rig_event(&told.rig, "track", "m9", RP_DAY, RP_DAY, RP_STR(",\"event\":\"Left\""));
    len = told.lead.cells_len;
    assert_false(why_not(&told, "seen", &track, "the event is \"Left\"; the rule is on \"page\""));
    assert_false(why_not(&told, "seen", &page, "cut to 0 by group: asked 10"));
    page = rig_event(&told.rig, "page", "m9", 8 * RP_DAY, 8 * RP_DAY, RP_STR(""));
    assert_true(why_not(&told, "seen", &page, "it gives 10"));
    assert_int_equal(len, told.lead.cells_len);
    told_close(&told);
}

int rp_test_eval_words(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explanation_is_json),
        cmocka_unit_test(explanation_is_text),
        cmocka_unit_test(reasons_are_the_most_valuable),
        cmocka_unit_test(scores_are_json),
        cmocka_unit_test(models_score_apart),
        cmocka_unit_test(why_not_has_words),
    };

    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
