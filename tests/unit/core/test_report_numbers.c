/* SPDX-License-Identifier: MIT */
/* The report on an experiment: each number that it shows is the one that its name says, of the arm
 * that it stands at. */
#include "core/report_experiment.h"
#include "core_test.h"
#include "groups.h"

#include <math.h>

#define DAY INT64_C(86400000)

/* ---- A split -----------------------------------------------------------------------------------
 */

/* The number behind `key`, the first at or behind `from`. */
static double number_at(const char *json, const char *from, const char *key)
{
    const char *at = strstr(json, from);

    at = at ? strstr(at, key) : NULL;
    if (!at) {
        fail_msg("no %s behind %s in %s", key, from, json);
    }
    return strtod(at + strlen(key), NULL);
}

struct made {
    struct rp_arena arena;
    struct rp_x_report r;
};

/* All windows of 10 days have passed. */
static void open_made(struct made *m, bool split, uint32_t arms)
{
    static const char *const names[] = {"champion", "challenger", "third"};

    memset(m, 0, sizeof(*m));
    rp_arena_init(&m->arena);
    m->r.arena = &m->arena;
    m->r.def = (struct rp_x_def){.split = split,
                                 .arm_count = arms,
                                 .share = 1,
                                 .goal = RP_STR("sql"),
                                 .decided = RP_STR("mql"),
                                 .within_ms = 10 * DAY,
                                 .min_units = 300};
    for (uint32_t a = 0; a < arms; a++) {
        struct rp_str name = rp_str_from(names[a]);

        m->r.def.arms[a] = (struct rp_x_arm_def){name, name, 1.0 / arms, false};
    }
    m->r.period = (struct rp_period_row){.number = 1, .started_ms = T0, .ended_ms = RP_NEVER};
    m->r.row.state = RP_EXPERIMENT_RUNNING;
    m->r.days = 40;
    m->r.now_ms = T0 + 40 * DAY;
}

static void close_made(struct made *m)
{
    rp_x_data_fini(&m->r.data);
    rp_arena_fini(&m->arena);
}

/* `reached` of `count` units reach the goal, evenly after 1 … `days_max` days. */
static void add_units(struct made *m, int arm, size_t count, size_t reached, int64_t days_max,
                      double revenue)
{
    struct rp_x_data *data = &m->r.data;

    data->units = realloc(data->units, (data->unit_count + count) * sizeof(*data->units));
    for (size_t i = 0; i < count; i++) {
        bool reaches = i < reached;

        data->units[data->unit_count++] = (struct rp_x_unit){
            .lead = (int64_t)data->unit_count,
            .at_ms = T0,
            .reached_ms = reaches ? T0 + (1 + (int64_t)i % days_max) * DAY : RP_NEVER,
            .promoted_ms = RP_NEVER,
            .revenue = reaches ? revenue : 0,
            .score = (double)NAN,
            .arm = arm};
    }
    data->dealt[arm] += count;
}

/* 480 of 800, 700 of 1,000, 549 of 900. The values were computed by other means: posteriors by
 * sums over 400,000 points, intervals and p-values from their formulas, medians by hand. */
static void every_number_is_of_its_arm(void **state)
{
    static const struct {
        const char *behind, *key;
        double value;
    } wanted[] = {
        {"\"sampleRatio\"", "\"p\":", 0.000015},
        {"\"arms\"", "\"medianDays\":", 7},
        {"\"name\":\"challenger\"", "\"medianDays\":", 3},
        {"\"name\":\"third\"", "\"medianDays\":", 5},
        {"\"name\":\"champion\"", "\"revenuePerUnit\":", 60},
        {"\"name\":\"third\"", "\"revenuePerUnit\":", 73.2},
        {"\"name\":\"champion\"", "\"rateCi\":{\"lo\":", 0.565652},
        {"\"name\":\"third\"", "\"rateCi\":{\"lo\":", 0.577731},
        {"\"name\":\"third\"", "\"chanceBest\":", 0.000018},
        {"\"name\":\"challenger\"", "\"chanceBest\":", 0.999977},
        {"\"arm\":\"challenger\"", "\"differenceCiAtTheEnd\":{\"lo\":", 0.055692},
        {"\"arm\":\"third\"", "\"differenceCiAtTheEnd\":{\"lo\":", -0.036436},
        {"\"arm\":\"challenger\"", "\"chanceToWin\":", 0.999995},
        {"\"arm\":\"third\"", "\"chanceToWin\":", 0.663316},
        {"\"arm\":\"third\"", "\"expectedLoss\":", 0.005288},
        {"\"arm\":\"third\"", "\"expectedLossOfControl\":", 0.015294},
        {"\"arm\":\"challenger\"", "\"p\":", 0.000009},
        {"\"arm\":\"challenger\"", "\"pHolm\":", 0.000018},
        {"\"arm\":\"third\"", "\"pHolm\":", 0.673727},
        {"\"arm\":\"challenger\"", "\"revenueDifference\":", -25},
        {"\"arm\":\"third\"", "\"revenueDifference\":", 13.2},
    };
    struct rp_buf out = {0};
    struct made m;

    (void)state;
    open_made(&m, true, 3);
    add_units(&m, 0, 800, 480, 8, 100);
    add_units(&m, 1, 1000, 700, 4, 50);
    add_units(&m, 2, 900, 549, 6, 120);
    rp_x_split(&m.r);
    rp_x_decide(&m.r);
    rp_x_print(&m.r, RP_FORMAT_JSON, &out);
    for (size_t i = 0; i < RP_COUNT(wanted); i++) {
        double got = number_at(out.ptr, wanted[i].behind, wanted[i].key);

        if (fabs(got - wanted[i].value) > 2e-6) {
            fail_msg("%s %s is %g, not %g", wanted[i].behind, wanted[i].key, got, wanted[i].value);
        }
    }
    rp_buf_fini(&out);
    close_made(&m);
}

/* ---- A shadow ---
 */

/* 100 leads whose challenger's score is their number, so that the best ten converted, and the
 * control's the other way round. */
static void deciles_are_of_their_arm(void **state)
{
    struct rp_buf out = {0};
    struct made m;

    (void)state;
    open_made(&m, false, 2);
    add_units(&m, 0, 100, 10, 1, 0);
    m.r.data.entries = calloc(100, sizeof(*m.r.data.entries));
    m.r.data.entry_count = 100;
    for (size_t i = 0; i < 100; i++) {
        struct rp_x_entry *entry = &m.r.data.entries[i];

        entry->lead = (int64_t)i + 1;
        entry->at_ms[0] = entry->at_ms[1] = entry->judged_ms = T0;
        entry->judged_reached_ms = i >= 90 ? T0 + DAY : RP_NEVER;
        entry->reached_ms[0] = entry->reached_ms[1] = entry->judged_reached_ms;
        entry->scores[0] = (double)(100 - i);
        entry->scores[1] = (double)i;
        entry->scored = true;
    }
    rp_x_split(&m.r);
    rp_x_shadow(&m.r);
    rp_x_decide(&m.r);
    rp_x_print(&m.r, RP_FORMAT_JSON, &out);
    const char *thresholds = strstr(out.ptr, "\"thresholds\"");
    assert_non_null(thresholds);
    const char *control = strstr(thresholds, "\"deciles\":[");
    const char *challenger = strstr(control + 1, "\"deciles\":[");
    static const char none[] =
        "\"deciles\":[{\"leads\":10,\"conversions\":0,\"lift\":0,\"minScore\":91}";
    static const char all[] =
        "\"deciles\":[{\"leads\":10,\"conversions\":10,\"lift\":10,\"minScore\":90}";
    assert_int_equal(strncmp(control, none, sizeof(none) - 1), 0);
    assert_int_equal(strncmp(challenger, all, sizeof(all) - 1), 0);
    rp_buf_fini(&out);
    close_made(&m);
}

int test_report_numbers(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_is_of_its_arm),
        cmocka_unit_test(deciles_are_of_their_arm),
    };

    return cmocka_run_group_tests_name("report_numbers", tests, NULL, NULL);
}
