/* SPDX-License-Identifier: MIT */
/* What the tables of reference values do not hold: ends, undefined cases, tails, ties, and the laws
 * that tie the functions together. */
#include "model/stats.h"
#include "unit/model/groups.h"

#include <math.h>

#define assert_near(got, want, within)                                                             \
    do {                                                                                           \
        const double got_ = (got), want_ = (want);                                                 \
        if (!(fabs(got_ - want_) <= (within)))                                                     \
            fail_msg("%s is %.17g, expected %.17g", #got, got_, want_);                            \
    } while (0)

static void tails_are_not_lost(void **state)
{
    (void)state;
    assert_true(rp_stats_norm_sf(20) > 0 && rp_stats_norm_sf(20) < 1e-88);
    assert_true(rp_stats_t_p(50, 40) > 0 && rp_stats_t_p(50, 40) < 1e-38);
    assert_true(rp_stats_chi2_sf(1, 700) > 0);
    assert_true(rp_stats_beta_sf(2, 400, 0.5) > 0);
    assert_near(rp_stats_norm_cdf(-1.5) + rp_stats_norm_sf(-1.5), 1, 1e-15);
    assert_near(rp_stats_gamma_p(3, 2) + rp_stats_gamma_q(3, 2), 1, 1e-15);
    assert_near(rp_stats_beta_cdf(3, 5, 0.4), rp_stats_beta_sf(5, 3, 0.6), 1e-14);
    assert_near(rp_stats_t_p((double)INFINITY, 1.5), rp_stats_norm_p(1.5), 1e-15);
    assert_near(rp_stats_t_p(1e7, 1.5), rp_stats_norm_p(1.5), 1e-7);
}

static void quantiles_invert(void **state)
{
    static const double shapes[][2] = {{0.02, 0.3}, {0.5, 0.5}, {1, 1},     {3, 200},
                                       {900, 40},   {7, 7},     {1e6, 2e6}, {1, 5000}};
    static const double p[] = {1e-12, 1e-4, 0.025, 0.4, 0.5, 0.8, 0.999};

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t j = 0; j < sizeof(p) / sizeof(p[0]); j++) {
            const double x = rp_stats_beta_quantile(shapes[i][0], shapes[i][1], p[j]);
            if (x > 1e-300 && x < 1 - 1e-9)
                assert_near(rp_stats_beta_cdf(shapes[i][0], shapes[i][1], x) / p[j], 1, 1e-8);
        }
    }
    for (size_t j = 0; j < sizeof(p) / sizeof(p[0]); j++) {
        assert_near(rp_stats_norm_cdf(rp_stats_norm_quantile(p[j])) / p[j], 1, 1e-12);
        const double t = rp_stats_t_quantile(4, p[j]);
        assert_near(rp_stats_t_sf(4, -t) / p[j], 1, 1e-9);
    }
    assert_true(isinf(rp_stats_norm_quantile(0)) && isinf(rp_stats_norm_quantile(1)));
    assert_true(isnan(rp_stats_norm_quantile(1.5)) && isnan(rp_stats_beta_quantile(0, 1, 0.5)));
}

static void ends_of_rates_are_kept(void **state)
{
    (void)state;
    assert_near(rp_stats_wilson(0, 40, 0.05).lo, 0, 0);
    assert_near(rp_stats_wilson(40, 40, 0.05).hi, 1, 0);
    assert_near(rp_stats_wilson(0, 0, 0.05).hi, 1, 0); /* nothing seen: nothing known */
    assert_near(rp_stats_clopper_pearson(0, 9, 0.05).lo, 0, 0);
    assert_near(rp_stats_clopper_pearson(9, 9, 0.05).hi, 1, 0);
    assert_near(rp_stats_fisher(0, 10, 0, 12), 1, 1e-12);
    assert_near(rp_stats_mcnemar(0, 0).p_exact, 1, 0);
    assert_near(rp_stats_mcnemar(6, 6).p_exact, 1, 0);
    assert_near(rp_stats_poisson_ratio(10, 1, 10, 1, 0.05).p, 1, 1e-12);
    assert_true(isinf(rp_stats_poisson_ratio(0, 1, 10, 1, 0.05).ci.hi));
    assert_true(rp_stats_poisson_ratio(0, 1, 10, 1, 0.05).p < 0.01);
    assert_true(rp_stats_poisson_ratio(10, 1, 0, 1, 0.05).p < 0.01);
}

static void bayes_is_symmetric(void **state)
{
    const struct rp_beta_ab r = rp_stats_beta_ab(1, 1, 30, 400, 45, 410, 0.05);
    const struct rp_beta_ab back = rp_stats_beta_ab(1, 1, 45, 410, 30, 400, 0.05);
    const double x[] = {30, 45}, n[] = {400, 410};
    double best[2];

    (void)state;
    assert_near(r.chance + back.chance, 1, 1e-9);
    assert_near(r.loss_a, back.loss_b, 1e-9);
    rp_stats_beta_best(1, 1, x, n, 2, best);
    assert_near(best[1], r.chance, 1e-9);
    assert_near(rp_stats_beta_ab(1, 1, 0, 0, 0, 0, 0.05).chance, 0.5, 1e-9);
    assert_true(rp_stats_beta_ab(1, 1, 0, 100000, 900, 100000, 0.05).chance > 0.999999);
}

static void sequences_widen_and_never_promise_early(void **state)
{
    const struct rp_sample a = rp_stats_sample_rate(100, 1000), b = rp_stats_sample_rate(130, 1000);
    const struct rp_effect effect = rp_stats_effect(a, b, false);
    const struct rp_sequential r = rp_stats_sequence(effect, 2000, 0.05, RP_TWO_SIDED);
    const struct rp_test fixed = rp_stats_welch(effect, 0.05, RP_TWO_SIDED);

    (void)state;
    assert_true(r.ci.lo < fixed.ci.lo && r.ci.hi > fixed.ci.hi && r.p > fixed.p);
    assert_true(rp_stats_sequence(effect, 2000, 0.05, RP_GREATER).p < r.p);
    assert_near(rp_stats_sequence(effect, 2000, 0.05, RP_LESSER).p, 1, 0);
    struct rp_effect nothing = {.estimate = 0, .se = 0, .n = 20};
    assert_near(rp_stats_sequence(nothing, 2000, 0.05, RP_TWO_SIDED).p, 1, 0);
    struct rp_effect sure = {.estimate = 1, .se = 1e-4, .n = 1e6}; /* e-value overflows */
    assert_near(rp_stats_sequence(sure, 5000, 0.05, RP_TWO_SIDED).p, 0, 1e-300);
    /* the bound touches 0 just where the p-value is alpha */
    struct rp_effect at = {.se = 0.01, .n = 3000};
    at.estimate = rp_stats_sequence(at, 3000, 0.05, RP_TWO_SIDED).halfwidth;
    assert_near(rp_stats_sequence(at, 3000, 0.05, RP_TWO_SIDED).p, 0.05, 1e-12);
    at.estimate = rp_stats_sequence(at, 3000, 0.05, RP_GREATER).halfwidth;
    assert_near(rp_stats_sequence(at, 3000, 0.05, RP_GREATER).p, 0.05, 1e-12);
}

static void sample_ratio_keeps_quiet_about_few(void **state)
{
    const double few[] = {15, 0}, more[] = {16, 0}, weights[] = {0.5, 0.5};
    const double three[] = {500, 510, 0}, off[] = {0.5, 0.5, 0};

    (void)state;
    assert_true(rp_stats_srm(few, weights, 2).p < 0.001);
    assert_false(rp_stats_srm(few, weights, 2).alarm); /* below 8 an arm */
    assert_true(rp_stats_srm(more, weights, 2).alarm);
    assert_int_equal(rp_stats_srm(three, off, 3).df, 1); /* an arm without weight is none */
    assert_near(rp_stats_srm(three, off, 1).p, 1, 0);
}

static void plans_answer_each_other(void **state)
{
    const double n = rp_stats_n_rates(0.1, 0.12, 0.05, 0.8, 1);

    (void)state;
    assert_near(rp_stats_mde_rates(0.1, n, n, 0.05, 0.8), 0.02, 1e-9);
    assert_near(rp_stats_power_rates(0.1, 0.12, n, n, 0.05), 0.8, 0.002);
    assert_true(isnan(rp_stats_mde_rates(0.5, 4, 4, 0.05, 0.8)));
    assert_true(isnan(rp_stats_mde_mean(0.1, 0.09, 20, 2, 0.05, 0.8, 0)));
    assert_near(rp_stats_days_left(1000, 400, 20, 45), 75, 1e-12);
    assert_near(rp_stats_days_left(1000, 1000, 0, 45), 0, 0);
    assert_true(isinf(rp_stats_days_left(1000, 10, 0, 45)));
}

static void adjusting_passes_over_what_is_not_there(void **state)
{
    const double p[] = {0.01, (double)NAN, 0.04};
    double holm[3], none[1];

    (void)state;
    rp_stats_adjust(RP_ADJUST_HOLM, p, 3, holm);
    assert_near(holm[0], 0.02, 1e-15);
    assert_true(isnan(holm[1]));
    assert_near(holm[2], 0.04, 1e-15);
    rp_stats_adjust(RP_ADJUST_BH, p, 0, none);
}

static void ranks_with_one_class_are_undefined(void **state)
{
    const uint8_t y[] = {1, 1, 1}, both[] = {0, 1, 0, 1};
    const double s[] = {1, 2, 3}, same[] = {5, 5, 5, 5}, up[] = {1, 2, 3, 4};

    (void)state;
    assert_true(isnan(rp_stats_auc(y, s, 3)) && isnan(rp_stats_ks(y, s, 3)));
    assert_near(rp_stats_auc(both, same, 4), 0.5, 0);
    assert_near(rp_stats_auc(both, up, 4), 0.75, 1e-15);
    assert_near(rp_stats_delong(both, up, up, 4, 0.05).p, 1, 0); /* equal models: no difference */
    assert_true(isnan(rp_stats_confusion(both, up, 4, 9).precision)); /* nobody selected */
    struct rp_platt platt;
    assert_false(rp_stats_platt(y, s, 3, &platt));
    assert_false(rp_stats_platt(both, same, 4, &platt));
}

static void platt_keeps_the_base_rate(void **state)
{
    uint8_t y[400];
    double score[400], sum = 0;
    struct rp_platt platt;

    (void)state;
    for (size_t i = 0; i < 400; i++) {
        score[i] = (double)(i % 20) * 7;
        y[i] = (i * 7919 % 400) < 20 + 12 * (i % 20);
        sum += y[i];
    }
    assert_true(rp_stats_platt(y, score, 400, &platt));
    for (size_t i = 0; i < 400; i++)
        sum -= rp_stats_platt_p(platt, score[i]);
    assert_near(sum, 0, 1e-8);
    assert_true(platt.b > 0);
}

static void separable_data_have_no_optimum(void **state)
{
    const double x[] = {-2, -1, 1, 2}, twice[] = {1, 1, 2, 2, 3, 3, 5, 5};
    const uint8_t y[] = {0, 0, 1, 1}, mixed[] = {0, 1, 0, 1};
    struct rp_logit_fit fit;

    (void)state;
    assert_false(
        rp_stats_logit_fit(&(struct rp_logit){.x = x, .y = y, .n = 4, .k = 1}, false, &fit));
    assert_true(rp_stats_logit_fit(&(struct rp_logit){.x = x, .y = y, .n = 4, .k = 1, .lambda = 1},
                                   false, &fit));
    assert_true(fit.coef[1] > 0);
    /* two columns that say the same */
    assert_false(rp_stats_logit_fit(&(struct rp_logit){.x = twice, .y = mixed, .n = 4, .k = 2},
                                    false, &fit));
}

static void survival_ends(void **state)
{
    const double time[] = {1, 2, 3}, at[] = {0.5, 1, 9};
    const uint8_t all[] = {1, 1, 1}, none[] = {0, 0, 0};
    double survival[3], se[3];

    (void)state;
    rp_stats_kaplan_meier(time, all, 3, at, 3, survival, se);
    assert_near(survival[0], 1, 0);
    assert_near(survival[1], 2.0 / 3, 1e-15);
    assert_near(survival[2], 0, 0);
    assert_near(rp_stats_km_quantile(time, all, 3, 0.5), 2, 0);
    assert_true(isnan(rp_stats_km_quantile(time, none, 3, 0.5)));
    assert_true(isnan(rp_stats_logrank(time, none, all, 3).p));
}

/* Leads that stand for several: the numbers of a sample in which each stands so many times. */
static void weights_repeat_leads(void **state)
{
    enum { LEADS = 60 };
    uint8_t y[LEADS], y_all[3 * LEADS];
    double s[LEADS], t[LEADS], w[LEADS], even[LEADS], s_all[3 * LEADS], t_all[3 * LEADS];
    double p[LEADS], q[LEADS], p_all[3 * LEADS], q_all[3 * LEADS];
    size_t all = 0;
    struct rp_platt platt, platt_all;
    struct rp_gain gains[6], gains_all[6];

    (void)state;
    for (size_t i = 0; i < LEADS; i++) {
        y[i] = i * 7 % 5 < 2U + (i > 30);
        s[i] = (double)(i * 13 % 23) + (double)y[i] * 4;
        t[i] = (double)(i * 5 % 17) + (double)y[i] * 2;
        p[i] = 0.05 + s[i] / 40;
        q[i] = 0.1 + t[i] / 30;
        w[i] = (double)(1 + i % 3);
        even[i] = 1;
        for (size_t c = 0; c < 1 + i % 3; c++, all++) {
            y_all[all] = y[i];
            s_all[all] = s[i];
            t_all[all] = t[i];
            p_all[all] = p[i];
            q_all[all] = q[i];
        }
    }
    const struct rp_delong got = rp_stats_delong_weighted(y, s, t, w, LEADS, 0.05);
    const struct rp_delong want = rp_stats_delong(y_all, s_all, t_all, all, 0.05);
    assert_near(got.auc_1, want.auc_1, 1e-12);
    assert_near(got.auc_2, want.auc_2, 1e-12);
    assert_true(got.var_1 > want.var_1 * 1.5); /* yet they are no more leads than they are */
    const struct rp_delong alike = rp_stats_delong_weighted(y, s, t, even, LEADS, 0.05);
    const struct rp_delong plain = rp_stats_delong(y, s, t, LEADS, 0.05);
    assert_near(alike.var_1, plain.var_1, 1e-15);
    assert_near(alike.cov, plain.cov, 1e-15);
    assert_near(alike.z, plain.z, 1e-9);
    assert_true(rp_stats_platt_weighted(y, s, w, LEADS, &platt));
    assert_true(rp_stats_platt(y_all, s_all, all, &platt_all));
    assert_near(platt.a, platt_all.a, 1e-8);
    assert_near(platt.b, platt_all.b, 1e-8);
    const struct rp_probability true_of = rp_stats_probability_weighted(y, p, w, LEADS);
    const struct rp_probability true_all = rp_stats_probability(y_all, p_all, all);
    assert_near(true_of.brier, true_all.brier, 1e-12);
    assert_near(true_of.log_loss, true_all.log_loss, 1e-12);
    assert_near(true_of.ece, true_all.ece, 1e-12);
    assert_near(true_of.slope, true_all.slope, 1e-8);
    assert_near(true_of.in_the_large, true_all.in_the_large, 1e-8);
    assert_near(true_of.reliability, true_all.reliability, 1e-12);
    const struct rp_paired_loss loss = rp_stats_paired_loss_weighted(y, p, q, w, LEADS, 0.05);
    const struct rp_paired_loss loss_all = rp_stats_paired_loss(y_all, p_all, q_all, all, 0.05);
    assert_near(loss.brier.estimate, loss_all.brier.estimate, 1e-12);
    assert_near(loss.log_loss.estimate, loss_all.log_loss.estimate, 1e-12);
    assert_true(loss.brier.se > loss_all.brier.se);
    assert_near(rp_stats_paired_loss_weighted(y, p, q, even, LEADS, 0.05).brier.se,
                rp_stats_paired_loss(y, p, q, LEADS, 0.05).brier.se, 1e-15);
    rp_stats_gains_weighted(y, s, w, LEADS, 6, gains); /* 120 in all: 20 a bin */
    rp_stats_gains(y_all, s_all, all, 6, gains_all);
    for (size_t d = 0; d < 6; d++) {
        assert_near(gains[d].n, 20, 1e-12);
        assert_near(gains[d].pos, gains_all[d].pos, 1e-12);
        assert_near(gains[d].cum_lift, gains_all[d].cum_lift, 1e-12);
        assert_near(gains[d].min_score, gains_all[d].min_score, 0);
        assert_near(gains[d].max_score, gains_all[d].max_score, 0);
    }
}

int test_stats(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_are_not_lost),
        cmocka_unit_test(quantiles_invert),
        cmocka_unit_test(ends_of_rates_are_kept),
        cmocka_unit_test(bayes_is_symmetric),
        cmocka_unit_test(sequences_widen_and_never_promise_early),
        cmocka_unit_test(sample_ratio_keeps_quiet_about_few),
        cmocka_unit_test(plans_answer_each_other),
        cmocka_unit_test(adjusting_passes_over_what_is_not_there),
        cmocka_unit_test(ranks_with_one_class_are_undefined),
        cmocka_unit_test(platt_keeps_the_base_rate),
        cmocka_unit_test(separable_data_have_no_optimum),
        cmocka_unit_test(weights_repeat_leads),
        cmocka_unit_test(survival_ends),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
