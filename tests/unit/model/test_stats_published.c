/* SPDX-License-Identifier: MIT */
/* The published test cases of GrowthBook's engine, read from the shared data sets: its two-sided,
 * one-sided and sequential tests, Gaussian effects, risks, power, detectable effects, corrections.
 */
#include "base/check.h"
#include "model/stats.h"
#include "support/shared_data.h"
#include "unit/model/reference.h"

#include <math.h>
#include <string.h>

static struct rp_sample arm(struct ref *c, const char *name)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/n", name);
    const double n = ref_number(c, path);
    snprintf(path, sizeof(path), "%s/sum", name);
    const double sum = ref_number(c, path);
    snprintf(path, sizeof(path), "%s/sum_squares", name);
    if (!ref_has(c, path))
        return rp_stats_sample_rate(sum, n);
    return rp_stats_sample_sums(n, sum, ref_number(c, path));
}

static struct rp_effect effect(struct ref *c)
{
    const struct rp_str kind =
        ref_string(c->arena, ref_find(c->arena, c->text, "config/difference"));

    return rp_stats_effect(arm(c, "a"), arm(c, "b"), rp_str_eq(kind, rp_str_from("relative")));
}

static void says(struct ref *c, double estimate, double se, struct rp_interval ci)
{
    ref_same(c, "expected/estimate", estimate);
    if (ref_has(c, "expected/se"))
        ref_same(c, "expected/se", se);
    ref_same(c, "expected/ci/0", ci.lo);
    ref_same(c, "expected/ci/1", ci.hi);
}

static void t_side(struct ref *c, enum rp_side side)
{
    const struct rp_test r = rp_stats_welch(effect(c), ref_number(c, "config/alpha"), side);

    says(c, r.estimate, r.se, r.ci);
    ref_same(c, "expected/p", r.p);
}

static void t_two_sided(struct ref *c)
{
    t_side(c, RP_TWO_SIDED);
}

static void t_greater(struct ref *c)
{
    t_side(c, RP_GREATER);
}

static void t_lesser(struct ref *c)
{
    t_side(c, RP_LESSER);
}

static void sequence_side(struct ref *c, enum rp_side side)
{
    const struct rp_effect e = effect(c);
    const struct rp_sequential r =
        rp_stats_sequence(e, ref_number(c, "config/n_star"), ref_number(c, "config/alpha"), side);

    says(c, e.estimate, e.se, r.ci);
    /* one-sided ones are searched below 0.4999, and the search ends within 1e-6 of the bound */
    if (side == RP_TWO_SIDED)
        ref_same(c, "expected/p", r.p);
    else
        ref_within(c, "expected/p", fmin(0.4999, r.p), 2e-4, false);
}

static void sequential_two_sided(struct ref *c)
{
    sequence_side(c, RP_TWO_SIDED);
}

static void sequential_greater(struct ref *c)
{
    sequence_side(c, RP_GREATER);
}

static void sequential_lesser(struct ref *c)
{
    sequence_side(c, RP_LESSER);
}

static void bayes_effect(struct ref *c)
{
    const struct rp_effect e = effect(c);
    const bool prior = ref_has(c, "config/prior/mean");
    const struct rp_gauss r = rp_stats_gauss(
        e.estimate, e.se, prior ? ref_number(c, "config/prior/mean") : 0,
        prior ? ref_number(c, "config/prior/variance") : 0, ref_number(c, "config/alpha"));

    says(c, r.mean, r.sd, r.ci);
    ref_same(c, "expected/chance_to_win", r.chance);
    ref_same(c, "expected/risk/0", r.risk_control);
    ref_same(c, "expected/risk/1", r.risk_treatment);
}

static void risk(struct ref *c)
{
    const struct rp_gauss r =
        rp_stats_gauss(ref_number(c, "config/mu"), ref_number(c, "config/sigma"), 0, 0, 0.05);

    ref_same(c, "expected/risk/0", r.risk_control);
    ref_same(c, "expected/risk/1", r.risk_treatment);
}

static void bayes_quantile(struct ref *c)
{
    const struct rp_sample a =
        rp_stats_sample_quantile(ref_number(c, "config/n_c"), ref_number(c, "config/q_c/0"),
                                 ref_number(c, "config/q_c/1"), ref_number(c, "config/q_c/2"));
    const struct rp_sample b =
        rp_stats_sample_quantile(ref_number(c, "config/n_t"), ref_number(c, "config/q_t/0"),
                                 ref_number(c, "config/q_t/1"), ref_number(c, "config/q_t/2"));
    const struct rp_effect e = rp_stats_effect(a, b, false);
    const struct rp_gauss r = rp_stats_gauss(e.estimate, e.se, 0, 0, 0.05);

    says(c, r.mean, r.sd, r.ci);
}

static void variance(struct ref *c)
{
    const struct rp_sample a = {ref_number(c, "config/nA"), ref_number(c, "config/meanA"),
                                ref_number(c, "config/varA")};
    const struct rp_sample b = {ref_number(c, "config/nB"), ref_number(c, "config/meanB"),
                                ref_number(c, "config/varB")};
    const struct rp_effect e = rp_stats_effect(a, b, ref_number(c, "config/relative") != 0);

    ref_same(c, "expected", e.se * e.se);
}

static void power(struct ref *c)
{
    ref_same(c, "expected",
             rp_stats_power_mean(ref_number(c, "config/mean"), ref_number(c, "config/variance"),
                                 ref_number(c, "config/effect"), ref_number(c, "config/n"),
                                 ref_number(c, "config/variations"), ref_number(c, "config/alpha"),
                                 ref_number(c, "config/n_star")));
}

static void mde(struct ref *c)
{
    ref_same(c, "expected",
             rp_stats_mde_mean(ref_number(c, "config/mean"), ref_number(c, "config/variance"),
                               ref_number(c, "config/n"), ref_number(c, "config/variations"),
                               ref_number(c, "config/alpha"), ref_number(c, "config/power"),
                               ref_number(c, "config/n_star")));
}

static void weeks(struct ref *c, bool of_power)
{
    const double rate = ref_number(c, "config/conversion_rate"), var = rate * (1 - rate);
    const double each = ref_number(c, "config/users_per_week");
    const double k = ref_number(c, "config/variations"), alpha = ref_number(c, "config/alpha");

    for (int week = 0; week < 9; week++) {
        char path[96];
        snprintf(path, sizeof(path), "expected/%d", week);
        const double n = each * (week + 1);
        ref_same(
            c, path,
            of_power
                ? rp_stats_power_mean(rate, var, ref_number(c, "config/effect"), n, k, alpha, 0)
                : rp_stats_mde_mean(rate, var, n, k, alpha, ref_number(c, "config/power"), 0));
    }
}

static void power_weeks(struct ref *c)
{
    weeks(c, true);
}

static void mde_weeks(struct ref *c)
{
    weeks(c, false);
}

static void adjust(struct ref *c, enum rp_adjust kind)
{
    size_t n;
    const double *p = ref_numbers(c, "config/p", &n);
    double got[32];

    assert_true(n <= 32);
    rp_stats_adjust(kind, p, n, got);
    for (size_t i = 0; i < n; i++) {
        char path[96];
        snprintf(path, sizeof(path), "expected/%zu", i);
        ref_same(c, path, got[i]);
    }
}

static void holm(struct ref *c)
{
    adjust(c, RP_ADJUST_HOLM);
}

static void bh(struct ref *c)
{
    adjust(c, RP_ADJUST_BH);
}

static const struct {
    const char *name;
    void (*check)(struct ref *c);
} engines[] = {
    {"t_two_sided", t_two_sided},
    {"t_greater", t_greater},
    {"t_lesser", t_lesser},
    {"sequential_two_sided", sequential_two_sided},
    {"sequential_greater", sequential_greater},
    {"sequential_lesser", sequential_lesser},
    {"bayes_effect", bayes_effect},
    {"risk", risk},
    {"bayes_quantile", bayes_quantile},
    {"variance", variance},
    {"power", power},
    {"mde", mde},
    {"power_weeks", power_weeks},
    {"mde_weeks", mde_weeks},
    {"holm", holm},
    {"bh", bh},
};

static void one_case(struct ref *c)
{
    const struct rp_str engine = ref_string(c->arena, ref_find(c->arena, c->text, "engine"));

    c->within = 0.5 * pow(10, -ref_number(c, "decimals")) * 1.02; /* a rounded figure */
    for (size_t e = 0; e < RP_COUNT(engines); e++) {
        if (rp_str_eq(engine, rp_str_from(engines[e].name))) {
            c->group = engines[e].name;
            engines[e].check(c);
            return;
        }
    }
    fail_msg("unknown engine %.*s", RP_STR_ARG(engine));
}

static void growthbooks_cases_come_out(void **state)
{
    char path[1024];
    struct rp_arena arena, work;
    size_t len;
    int cases = 0;

    (void)state;
    DIR *dir = shared_data_open("statistics/growthbook-gbstats-tests", path, sizeof(path));
    if (!dir)
        skip();
    closedir(dir);
    char *text = shared_data_read(path, "published-cases.json", &len);
    assert_non_null(text);
    rp_arena_init(&arena);
    rp_arena_init(&work);
    const struct rp_str all = ref_find(&arena, (struct rp_str){text, len}, "cases");
    for (;; cases++) {
        struct ref c = {.arena = &work, .number = cases + 1, .group = "published"};
        c.text = ref_item(&work, all, (size_t)cases);
        if (!c.text.len)
            break;
        one_case(&c);
        rp_arena_reset(&work);
    }
    assert_int_equal(cases, 30);
    rp_arena_fini(&work);
    rp_arena_fini(&arena);
    free(text);
}

int test_stats_published(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growthbooks_cases_come_out),
    };

    return cmocka_run_group_tests_name("stats_published", tests, NULL, NULL);
}
