/* SPDX-License-Identifier: MIT */
/* Every value of data/reference-values.json, within the tolerance that its group states. They were
 * computed by other programs (mpmath, scipy, statsmodels, scikit-learn, gbstats, R). */
#include "base/check.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/stats.h"
#include "support/shared_data.h"
#include "unit/model/reference.h"

#include <math.h>
#include <string.h>

static double special(struct ref *c, struct rp_str fn)
{
    static const struct {
        const char *name, *first, *second, *third;
        double (*one)(double);
        double (*two)(double, double);
        double (*three)(double, double, double);
    } table[] = {
        {"erf", "in/x", 0, 0, erf, 0, 0},
        {"erfc", "in/x", 0, 0, erfc, 0, 0},
        {"norm_cdf", "in/x", 0, 0, rp_stats_norm_cdf, 0, 0},
        {"norm_ppf", "in/p", 0, 0, rp_stats_norm_quantile, 0, 0},
        {"lgamma", "in/x", 0, 0, rp_stats_lgamma, 0, 0},
        {"betainc_reg", "in/a", "in/b", "in/x", 0, 0, rp_stats_beta_cdf},
        {"betainc_inv", "in/a", "in/b", "in/p", 0, 0, rp_stats_beta_quantile},
        {"gammainc_p", "in/a", "in/x", 0, 0, rp_stats_gamma_p, 0},
        {"chi2_sf", "in/df", "in/x", 0, 0, rp_stats_chi2_sf, 0},
        {"t_sf", "in/df", "in/t", 0, 0, rp_stats_t_sf, 0},
        {"t_ppf", "in/df", "in/p", 0, 0, rp_stats_t_quantile, 0},
    };

    for (size_t i = 0; i < RP_COUNT(table); i++) {
        if (!rp_str_eq(fn, rp_str_from(table[i].name)))
            continue;
        const double x = ref_number(c, table[i].first);
        if (table[i].one)
            return table[i].one(x);
        const double y = ref_number(c, table[i].second);
        return table[i].two ? table[i].two(x, y)
                            : table[i].three(x, y, ref_number(c, table[i].third));
    }
    fail_msg("unknown function %.*s", RP_STR_ARG(fn));
    return 0;
}

static void special_functions(struct ref *c)
{
    const struct rp_str fn = ref_string(c->arena, ref_find(c->arena, c->text, "in/fn"));

    ref_same(c, "out", special(c, fn));
}

struct arms {
    double x_a, n_a, x_b, n_b, alpha;
};

static struct arms arms_of(struct ref *c)
{
    return (struct arms){
        .x_a = ref_number(c, "in/x_a"),
        .n_a = ref_number(c, "in/n_a"),
        .x_b = ref_number(c, "in/x_b"),
        .n_b = ref_number(c, "in/n_b"),
        .alpha = ref_has(c, "in/alpha") ? ref_number(c, "in/alpha") : 0.05,
    };
}

static void two_proportion(struct ref *c)
{
    const struct arms i = arms_of(c);
    const struct rp_two_rates r = rp_stats_two_rates(i.x_a, i.n_a, i.x_b, i.n_b, i.alpha);

    ref_same(c, "out/p_a", r.p_a);
    ref_same(c, "out/p_b", r.p_b);
    ref_same(c, "out/diff", r.diff);
    ref_same(c, "out/se_pooled", r.se_pooled);
    ref_same(c, "out/z_pooled", r.z_pooled);
    ref_same(c, "out/p_value_pooled", r.p_pooled);
    ref_same(c, "out/se_unpooled", r.se);
    ref_same(c, "out/z_unpooled", r.z);
    ref_same(c, "out/p_value_unpooled", r.p);
    ref_same(c, "out/wald_lo", r.wald.lo);
    ref_same(c, "out/wald_hi", r.wald.hi);
    ref_same(c, "out/chi2_yates", r.chi2_yates);
    ref_same(c, "out/p_value_yates", r.p_yates);
    ref_within(c, "out/fisher_p_two_sided", rp_stats_fisher(i.x_a, i.n_a, i.x_b, i.n_b), 1e-7,
               true);
}

static void interval(struct ref *c, const char *name, struct rp_interval got)
{
    char path[96];

    snprintf(path, sizeof(path), "out/%s_lo", name);
    ref_same(c, path, got.lo);
    snprintf(path, sizeof(path), "out/%s_hi", name);
    ref_same(c, path, got.hi);
}

static void proportion_interval(struct ref *c)
{
    const double x = ref_number(c, "in/x"), n = ref_number(c, "in/n");
    const double alpha = ref_number(c, "in/alpha");

    interval(c, "wilson", rp_stats_wilson(x, n, alpha));
    interval(c, "clopper_pearson", rp_stats_clopper_pearson(x, n, alpha));
    interval(c, "agresti_coull", rp_stats_agresti_coull(x, n, alpha));
    interval(c, "jeffreys", rp_stats_jeffreys(x, n, alpha));
}

static void newcombe_difference(struct ref *c)
{
    const struct arms i = arms_of(c);

    interval(c, "newcombe", rp_stats_newcombe(i.x_a, i.n_a, i.x_b, i.n_b, i.alpha));
    interval(c, "agresti_caffo", rp_stats_agresti_caffo(i.x_a, i.n_a, i.x_b, i.n_b, i.alpha));
}

static void relative_effects(struct ref *c)
{
    const struct arms i = arms_of(c);
    const struct rp_relative r = rp_stats_relative(i.x_a, i.n_a, i.x_b, i.n_b, i.alpha);

    ref_same(c, "out/uplift", r.uplift.value);
    ref_same(c, "out/uplift_se_delta", r.uplift.se);
    ref_same(c, "out/uplift_lo_normal", r.uplift.ci.lo);
    ref_same(c, "out/uplift_hi_normal", r.uplift.ci.hi);
    ref_same(c, "out/risk_ratio", r.risk.value);
    ref_same(c, "out/risk_ratio_log_se", r.risk.se);
    interval(c, "risk_ratio", r.risk.ci);
    ref_same(c, "out/odds_ratio", r.odds.value);
    ref_same(c, "out/odds_ratio_log_se", r.odds.se);
    interval(c, "odds_ratio", r.odds.ci);
    ref_same(c, "out/haldane_log_or", r.lor.value);
    ref_same(c, "out/haldane_log_or_se", r.lor.se);
}

static void welch_t(struct ref *c)
{
    const struct rp_sample a = rp_stats_sample_sums(
        ref_number(c, "in/n_a"), ref_number(c, "in/sum_a"), ref_number(c, "in/sumsq_a"));
    const struct rp_sample b = rp_stats_sample_sums(
        ref_number(c, "in/n_b"), ref_number(c, "in/sum_b"), ref_number(c, "in/sumsq_b"));
    const double alpha = ref_number(c, "in/alpha");
    const struct rp_test r = rp_stats_welch(rp_stats_effect(a, b, false), alpha, RP_TWO_SIDED);
    const struct rp_test rel = rp_stats_welch(rp_stats_effect(a, b, true), alpha, RP_TWO_SIDED);

    ref_same(c, "out/mean_a", a.mean);
    ref_same(c, "out/mean_b", b.mean);
    ref_same(c, "out/var_a", a.var);
    ref_same(c, "out/var_b", b.var);
    ref_same(c, "out/diff", r.estimate);
    ref_same(c, "out/se", r.se);
    ref_same(c, "out/t", r.t);
    ref_same(c, "out/df", r.df);
    ref_same(c, "out/p_value", r.p);
    ref_same(c, "out/lo", r.ci.lo);
    ref_same(c, "out/hi", r.ci.hi);
    ref_same(c, "out/rel", rel.estimate);
    ref_same(c, "out/rel_se", rel.se);
    ref_same(c, "out/rel_p_value", rel.p);
    interval(c, "rel", rel.ci);
}

static void beta_binomial(struct ref *c)
{
    const struct arms i = arms_of(c);
    const struct rp_beta_ab r =
        rp_stats_beta_ab(ref_number(c, "in/prior_alpha"), ref_number(c, "in/prior_beta"), i.x_a,
                         i.n_a, i.x_b, i.n_b, i.alpha);

    ref_same(c, "out/prob_b_beats_a", r.chance);
    ref_same(c, "out/loss_choose_b", r.loss_b);
    ref_same(c, "out/loss_choose_a", r.loss_a);
    ref_same(c, "out/post_mean_a", r.mean_a);
    ref_same(c, "out/post_mean_b", r.mean_b);
    interval(c, "a", r.a);
    interval(c, "b", r.b);
}

static void prob_best_k_arms(struct ref *c)
{
    double x[RP_STATS_ARMS_MAX], n[RP_STATS_ARMS_MAX], best[RP_STATS_ARMS_MAX];
    double weights[RP_STATS_ARMS_MAX];
    char path[96];
    size_t k = 0;

    for (;; k++) {
        snprintf(path, sizeof(path), "in/arms/%zu/x", k);
        if (!ref_has(c, path))
            break;
        x[k] = ref_number(c, path);
        snprintf(path, sizeof(path), "in/arms/%zu/n", k);
        n[k] = ref_number(c, path);
    }
    rp_stats_beta_best(ref_number(c, "in/prior/0"), ref_number(c, "in/prior/1"), x, n, k, best);
    rp_stats_thompson(best, k, ref_number(c, "in/floor"), weights);
    for (size_t i = 0; i < k; i++) {
        snprintf(path, sizeof(path), "out/prob_best/%zu", i);
        ref_same(c, path, best[i]);
        snprintf(path, sizeof(path), "out/thompson_weights_with_floor/%zu", i);
        ref_same(c, path, weights[i]);
    }
}

static bool is_relative(struct ref *c)
{
    return rp_str_eq(ref_string(c->arena, ref_find(c->arena, c->text, "in/difference")),
                     rp_str_from("relative"));
}

static struct rp_effect rate_effect(struct ref *c)
{
    const struct arms i = arms_of(c);

    return rp_stats_effect(rp_stats_sample_rate(i.x_a, i.n_a), rp_stats_sample_rate(i.x_b, i.n_b),
                           is_relative(c));
}

static void gaussian_effect_bayes(struct ref *c)
{
    const struct rp_effect effect = rate_effect(c);
    const struct rp_gauss r = rp_stats_gauss(effect.estimate, effect.se, 0, 0, 0.05);

    assert_true(isnan(ref_number(c, "in/prior")));
    ref_within(c, "out/expected", r.mean, 1e-15, false); /* two of them are rounding of 0 */
    ref_same(c, "out/stddev", r.sd);
    ref_same(c, "out/chance_to_win", r.chance);
    interval(c, "ci", r.ci);
    ref_same(c, "out/risk_keep_control", r.risk_control);
    ref_same(c, "out/risk_choose_treatment", r.risk_treatment);
}

static void asymptotic_confidence_sequence(struct ref *c)
{
    const struct rp_effect effect = rate_effect(c);
    const double alpha = ref_number(c, "in/alpha"), star = ref_number(c, "in/n_star");
    const struct rp_sequential r = rp_stats_sequence(effect, star, alpha, RP_TWO_SIDED);
    const struct rp_sequential up = rp_stats_sequence(effect, star, alpha, RP_GREATER);
    const struct rp_sequential down = rp_stats_sequence(effect, star, alpha, RP_LESSER);

    ref_same(c, "out/rho", r.rho);
    ref_within(c, "out/estimate", effect.estimate, 1e-15, false);
    ref_same(c, "out/se", effect.se);
    ref_same(c, "out/n", effect.n);
    ref_same(c, "out/halfwidth", r.halfwidth);
    ref_same(c, "out/lo", r.ci.lo);
    ref_same(c, "out/hi", r.ci.hi);
    ref_same(c, "out/p_value_always_valid", r.p);
    ref_same(c, "out/fixed_halfwidth_normal", rp_stats_z(alpha) * effect.se);
    ref_same(c, "out/halfwidth_one_sided", up.halfwidth);
    ref_same(c, "out/halfwidth_one_sided", down.halfwidth);
    ref_close(c, "the lower bound", up.ci.lo, effect.estimate - up.halfwidth);
    assert_true(isinf(up.ci.hi) && isinf(down.ci.lo));
}

static void msprt(struct ref *c)
{
    const double var = ref_number(c, "in/variance_of_diff"), tau = ref_number(c, "in/tau");
    const double diff = ref_number(c, "in/diff"), alpha = ref_number(c, "in/alpha");
    const struct rp_msprt r = rp_stats_msprt(diff, var, tau, alpha);

    ref_same(c, "out/lambda", r.lambda);
    ref_same(c, "out/p_value", r.p);
    ref_same(c, "out/halfwidth", r.halfwidth);
    /* The sequence is the same with tau^2 = rho^2 se^2 N. */
    struct rp_effect effect = {.estimate = diff, .se = sqrt(var), .n = 1000};
    const double rho = tau / sqrt(var * effect.n);
    const double star = (-2 * log(alpha) + log(1 - 2 * log(alpha))) / (rho * rho);
    const struct rp_sequential same = rp_stats_sequence(effect, star, alpha, RP_TWO_SIDED);
    ref_close(c, "the sequence's p", same.p, r.p);
    ref_close(c, "the sequence's half width", same.halfwidth, r.halfwidth);
}

static void srm_chi_square(struct ref *c)
{
    size_t k;
    const double *observed = ref_numbers(c, "in/observed", &k);
    const struct rp_srm r = rp_stats_srm(observed, ref_numbers(c, "in/weights", &k), k);

    ref_same(c, "out/chi2", r.chi2);
    ref_same(c, "out/df", r.df);
    ref_same(c, "out/p_value", r.p);
    ref_same(c, "out/srm_flag_p_below_0.001", r.alarm);
}

static void power_two_proportions(struct ref *c)
{
    const double a = ref_number(c, "in/p_a"), b = ref_number(c, "in/p_b");
    const double alpha = ref_number(c, "in/alpha"), power = ref_number(c, "in/power");
    const double ratio = ref_number(c, "in/ratio_nb_over_na");
    const double n = rp_stats_n_rates(a, b, alpha, power, ratio);

    ref_same(c, "out/n_a_fleiss_unrounded", n);
    ref_same(c, "out/n_a_fleiss", ceil(n));
    ref_same(c, "out/n_a_unpooled_unrounded", rp_stats_n_unpooled(a, b, alpha, power, ratio));
    ref_same(c, "out/power_unpooled_at_n",
             rp_stats_power_rates(a, b, ceil(n), ceil(n) * ratio, alpha));
    ref_same(c, "out/cohen_h", rp_stats_cohen_h(a, b));
    ref_same(c, "out/n_a_cohen_h_unrounded", rp_stats_n_cohen(a, b, alpha, power, ratio));
    if (b > a)
        ref_within(c, "in/p_b", a + rp_stats_mde_rates(a, n, n * ratio, alpha, power), 1e-9, true);
}

static void mde_growthbook(struct ref *c)
{
    const double rate = ref_number(c, "in/conversion_rate");

    ref_same(c, "out/relative_mde",
             rp_stats_mde_mean(rate, rate * (1 - rate), ref_number(c, "in/total_users"),
                               ref_number(c, "in/variations"), ref_number(c, "in/alpha"),
                               ref_number(c, "in/power"), ref_number(c, "in/sequential_n_star")));
}

static void p_value_adjustment(struct ref *c)
{
    static const char *const names[] = {
        [RP_ADJUST_HOLM] = "holm",
        [RP_ADJUST_BH] = "bh",
        [RP_ADJUST_BONFERRONI] = "bonferroni",
        [RP_ADJUST_HOCHBERG] = "hochberg",
        [RP_ADJUST_BY] = "by",
        [RP_ADJUST_SIDAK] = "sidak",
    };
    size_t n;
    const double *p = ref_numbers(c, "in/p", &n);
    double *adjusted = RP_ARENA_ARRAY(c->arena, double, n);

    for (size_t kind = 0; kind < RP_COUNT(names); kind++) {
        rp_stats_adjust((enum rp_adjust)kind, p, n, adjusted);
        for (size_t i = 0; i < n; i++) {
            char path[96];
            snprintf(path, sizeof(path), "out/%s/%zu", names[kind], i);
            ref_same(c, path, adjusted[i]);
        }
    }
}

static void auc_delong_paired(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const double *one = ref_numbers(c, "in/score_1", &n), *two = ref_numbers(c, "in/score_2", &n);
    const struct rp_delong r = rp_stats_delong(y, one, two, n, 0.05);
    const struct rp_auc alone = rp_stats_auc_ci(y, one, n, 0.05);
    const double half = rp_stats_z(0.05) * sqrt(alone.var);

    ref_same(c, "out/auc_1", r.auc_1);
    ref_same(c, "out/auc_1", alone.auc);
    ref_same(c, "out/auc_2", rp_stats_auc(y, two, n));
    ref_same(c, "out/var_1", r.var_1);
    ref_same(c, "out/var_1", alone.var);
    ref_same(c, "out/var_2", r.var_2);
    ref_same(c, "out/cov", r.cov);
    ref_same(c, "out/ci_1_lo_clipped", fmax(0, alone.auc - half));
    ref_same(c, "out/ci_1_hi_clipped", fmin(1, alone.auc + half));
    if (alone.auc <= 0.95)
        ref_same(c, "out/ci_1_lo_clipped", r.ci_1.lo);
    assert_true(alone.ci.lo >= 0 && alone.ci.hi <= 1 && alone.ci.lo <= alone.auc);
    ref_same(c, "out/z", r.z);
    ref_same(c, "out/p_value", r.p);
    ref_same(c, "out/gini_1", 2 * r.auc_1 - 1);
    ref_same(c, "out/average_precision_1", rp_stats_average_precision(y, one, n));
    ref_same(c, "out/average_precision_2", rp_stats_average_precision(y, two, n));
    ref_same(c, "out/ks_1", rp_stats_ks(y, one, n));
}

static void probability_scores(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const struct rp_probability r = rp_stats_probability(y, ref_numbers(c, "in/p", &n), n);

    ref_same(c, "out/brier", r.brier);
    ref_same(c, "out/brier_skill_vs_base_rate", r.brier_skill);
    ref_same(c, "out/log_loss", r.log_loss);
    ref_same(c, "out/log_loss_base_rate", r.log_loss_base);
    ref_same(c, "out/murphy_reliability", r.reliability);
    ref_same(c, "out/murphy_resolution", r.resolution);
    ref_same(c, "out/murphy_uncertainty", r.uncertainty);
    ref_same(c, "out/ece_10_equal_width", r.ece);
    ref_same(c, "out/mce_10_equal_width", r.mce);
    for (size_t b = 0; b < RP_STATS_BINS; b++) {
        char path[96];
        snprintf(path, sizeof(path), "out/bins/%zu/n", b);
        ref_same(c, path, r.bins[b].n);
        snprintf(path, sizeof(path), "out/bins/%zu/mean_p", b);
        ref_same(c, path, r.bins[b].mean_p);
        snprintf(path, sizeof(path), "out/bins/%zu/rate", b);
        ref_same(c, path, r.bins[b].rate);
    }
    ref_same(c, "out/mean_predicted", r.mean_p);
    ref_same(c, "out/base_rate", r.base_rate);
    ref_same(c, "out/observed_over_expected", r.observed_over_expected);
    ref_same(c, "out/spiegelhalter_z", r.spiegelhalter_z);
    ref_same(c, "out/spiegelhalter_p", r.spiegelhalter_p);
    if (ref_has(c, "out/calibration_slope")) {
        ref_within(c, "out/calibration_slope", r.slope, 1e-7, false);
        ref_within(c, "out/calibration_intercept_with_slope", r.intercept, 1e-7, false);
        ref_within(c, "out/calibration_in_the_large", r.in_the_large, 1e-7, false);
    }
}

static void threshold_metrics(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const double *score = ref_numbers(c, "in/score", &n);
    const struct rp_confusion r = rp_stats_confusion(y, score, n, ref_number(c, "in/threshold"));

    ref_same(c, "out/tp", r.tp);
    ref_same(c, "out/fp", r.fp);
    ref_same(c, "out/fn", r.fn);
    ref_same(c, "out/tn", r.tn);
    ref_same(c, "out/precision", r.precision);
    ref_same(c, "out/recall", r.recall);
    ref_same(c, "out/specificity", r.specificity);
    ref_same(c, "out/fpr", r.fpr);
    ref_same(c, "out/accuracy", r.accuracy);
    ref_same(c, "out/f1", r.f1);
    ref_same(c, "out/balanced_accuracy", r.balanced);
    ref_same(c, "out/mcc", r.mcc);
    ref_same(c, "out/lift", r.lift);
    ref_same(c, "out/selected_share", r.share);
}

static void threshold_optimisation(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const double *score = ref_numbers(c, "in/score", &n);
    const struct rp_threshold_prices prices = {
        .value = ref_number(c, "in/value_per_conversion"),
        .cost = ref_number(c, "in/cost_per_contact"),
        .cost_fn = ref_number(c, "in/cost_fn"),
        .cost_fp = ref_number(c, "in/cost_fp"),
        .capacity = (size_t)ref_number(c, "in/capacity"),
    };
    const struct rp_thresholds r = rp_stats_thresholds(y, score, n, &prices);

    ref_same(c, "out/youden/threshold", r.youden.threshold);
    ref_within(c, "out/youden/j", r.youden.value, 1e-15, false);
    ref_same(c, "out/f1/threshold", r.f1.threshold);
    ref_same(c, "out/f1/f1", r.f1.value);
    ref_same(c, "out/profit/threshold", r.profit.threshold);
    ref_same(c, "out/profit/profit", r.profit.value);
    ref_same(c, "out/min_cost/threshold", r.cost.threshold);
    ref_same(c, "out/min_cost/cost", r.cost.value);
    ref_same(c, "out/capacity_threshold/threshold", r.capacity);
    ref_same(c, "out/capacity_threshold/selected", r.at_or_above);
    ref_same(c, "out/capacity_threshold/strictly_above", r.above);
}

static void gains_lift_table(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const double *score = ref_numbers(c, "in/score", &n);
    const size_t bins = (size_t)ref_number(c, "in/bins");
    struct rp_gain *rows = RP_ARENA_ARRAY(c->arena, struct rp_gain, bins);

    rp_stats_gains(y, score, n, bins, rows);
    for (size_t d = 0; d < bins; d++) {
        const struct {
            const char *name;
            double got;
        } fields[] = {
            {"bin", (double)d + 1},
            {"n", rows[d].n},
            {"pos", rows[d].pos},
            {"rate", rows[d].rate},
            {"lift", rows[d].lift},
            {"cum_pos", rows[d].cum_pos},
            {"cum_gain", rows[d].cum_gain},
            {"cum_lift", rows[d].cum_lift},
            {"min_score", rows[d].min_score},
            {"max_score", rows[d].max_score},
        };
        for (size_t f = 0; f < RP_COUNT(fields); f++) {
            char path[96];
            snprintf(path, sizeof(path), "out/rows/%zu/%s", d, fields[f].name);
            ref_same(c, path, fields[f].got);
        }
    }
}

static void time_to_convert(struct ref *c)
{
    size_t n, k;
    const double *time = ref_numbers(c, "in/time", &n);
    const uint8_t *event = ref_bits(c, "in/event", &n), *group = ref_bits(c, "in/group", &n);
    const double *at = ref_numbers(c, "out/km_times", &k);
    double *survival = RP_ARENA_ARRAY(c->arena, double, k),
           *se = RP_ARENA_ARRAY(c->arena, double, k);
    double *part_time = RP_ARENA_ARRAY(c->arena, double, n);
    uint8_t *part_event = RP_ARENA_ARRAY(c->arena, uint8_t, n);
    const struct rp_logrank r = rp_stats_logrank(time, event, group, n);

    ref_same(c, "out/logrank_chi2", r.chi2);
    ref_same(c, "out/logrank_p", r.p);
    ref_same(c, "out/observed/0", r.observed[0]);
    ref_same(c, "out/observed/1", r.observed[1]);
    ref_same(c, "out/expected/0", r.expected[0]);
    ref_same(c, "out/expected/1", r.expected[1]);
    ref_same(c, "out/km_median_all", rp_stats_km_quantile(time, event, n, 0.5));
    for (uint8_t g = 0; g < 2; g++) {
        size_t m = 0;
        for (size_t i = 0; i < n; i++) {
            part_time[m] = time[i];
            part_event[m] = event[i];
            m += group[i] == g;
        }
        ref_same(c, g ? "out/km_median_group1" : "out/km_median_group0",
                 rp_stats_km_quantile(part_time, part_event, m, 0.5));
    }
    rp_stats_kaplan_meier(time, event, n, at, k, survival, se);
    for (size_t i = 0; i < k; i++) {
        char path[96];
        snprintf(path, sizeof(path), "out/km_survival/%zu", i);
        ref_same(c, path, survival[i]);
        snprintf(path, sizeof(path), "out/km_greenwood_se/%zu", i);
        ref_same(c, path, se[i]);
    }
}

static void cochran_armitage_trend(struct ref *c)
{
    size_t k;
    const double *x = ref_numbers(c, "in/x", &k), *n = ref_numbers(c, "in/n", &k);
    const struct rp_trend r = rp_stats_trend(x, n, k);

    ref_same(c, "out/cochran_armitage_chi2", r.chi2);
    ref_same(c, "out/p_value", r.p);
    ref_same(c, "out/heterogeneity_chi2", r.het_chi2);
    ref_same(c, "out/heterogeneity_df", r.het_df);
    ref_same(c, "out/heterogeneity_p", r.het_p);
}

static void poisson_rate_ratio(struct ref *c)
{
    const struct rp_rate_ratio r = rp_stats_poisson_ratio(
        ref_number(c, "in/count_before"), ref_number(c, "in/exposure_before"),
        ref_number(c, "in/count_after"), ref_number(c, "in/exposure_after"), 0.05);

    ref_same(c, "out/rate_ratio", r.ratio);
    ref_same(c, "out/p_value_exact", r.p);
    ref_same(c, "out/lo", r.ci.lo);
    ref_same(c, "out/hi", r.ci.hi);
}

static void coefficients(struct ref *c, const char *path, const double *got, size_t k)
{
    size_t n;
    const double *want = ref_numbers(c, path, &n);

    assert_int_equal(n, k);
    for (size_t j = 0; j < k; j++)
        ref_close(c, path, got[j], want[j]);
}

static void ridge(struct ref *c, struct rp_logit data, const char *name)
{
    struct rp_logit_fit fit;
    char path[96];

    assert_true(rp_stats_logit_fit(&data, false, &fit));
    snprintf(path, sizeof(path), "out/%s/coef", name);
    coefficients(c, path, fit.coef, data.k + 1);
    snprintf(path, sizeof(path), "out/%s/nll", name);
    ref_same(c, path, fit.nll);
    snprintf(path, sizeof(path), "out/%s/objective", name);
    ref_same(c, path, fit.objective);
    data.penalise_bias = true;
    assert_true(rp_stats_logit_fit(&data, true, &fit)); /* from the other optimum */
    snprintf(path, sizeof(path), "out/%s/coef_liblinear_style_bias_penalised", name);
    coefficients(c, path, fit.coef, data.k + 1);
}

static void logistic_regression(struct ref *c)
{
    struct rp_logit_fit fit;
    size_t n, k = 0, have;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    double *x = NULL, z[RP_LOGIT_MAX + 1], p[RP_LOGIT_MAX + 1];

    for (size_t i = 0; i < n; i++) {
        char path[96];
        snprintf(path, sizeof(path), "in/X/%zu", i);
        const double *row = ref_numbers(c, path, &have);
        if (!x)
            x = RP_ARENA_ARRAY(c->arena, double, n *(k = have));
        memcpy(x + i * k, row, k * sizeof(*row));
    }
    struct rp_logit data = {.x = x, .y = y, .n = n, .k = k};
    assert_true(rp_stats_logit_fit(&data, false, &fit));
    for (size_t j = 0; j <= k; j++) {
        z[j] = fit.coef[j] / fit.se[j];
        p[j] = rp_stats_norm_p(z[j]);
    }
    coefficients(c, "out/mle/coef", fit.coef, k + 1);
    coefficients(c, "out/mle/se", fit.se, k + 1);
    /* R takes the errors of the step before the last: 40 digits of arithmetic say that its z is
     * off by 1.2e-7 in case 3, and ours by less than 1e-12. */
    struct ref coarse = *c;
    coarse.within = 1.3e-7;
    coefficients(&coarse, "out/mle/wald_z", z, k + 1);
    coefficients(c, "out/mle/wald_p", p, k + 1);
    ref_same(c, "out/mle/deviance", 2 * fit.nll);
    ref_same(c, "out/mle/null_deviance", 2 * fit.null_nll);
    data.lambda = 1;
    ridge(c, data, "l2_lambda_1");
    data.lambda = 10;
    ridge(c, data, "l2_lambda_10");
}

static void cuped(struct ref *c)
{
    size_t n_a, n_b;
    const double *x_a = ref_numbers(c, "in/pre_a", &n_a), *y_a = ref_numbers(c, "in/post_a", &n_a);
    const double *x_b = ref_numbers(c, "in/pre_b", &n_b), *y_b = ref_numbers(c, "in/post_b", &n_b);
    const struct rp_cuped r = rp_stats_cuped(x_a, y_a, n_a, x_b, y_b, n_b);
    const struct rp_test t = rp_stats_welch(r.diff, 0.05, RP_TWO_SIDED);
    const struct rp_test rel = rp_stats_welch(r.relative, 0.05, RP_TWO_SIDED);

    ref_same(c, "out/theta", r.theta);
    ref_same(c, "out/adj_mean_a", r.a.mean);
    ref_same(c, "out/adj_mean_b", r.b.mean);
    ref_same(c, "out/adj_var_a", r.a.var);
    ref_same(c, "out/adj_var_b", r.b.var);
    ref_same(c, "out/diff", t.estimate);
    ref_same(c, "out/se", t.se);
    ref_same(c, "out/t", t.t);
    ref_same(c, "out/p_value", t.p);
    ref_same(c, "out/variance_reduction_a", r.reduction_a);
    ref_same(c, "out/gbstats_relative_uplift", rel.estimate);
    ref_same(c, "out/gbstats_relative_se", rel.se);
    ref_within(c, "out/gbstats_relative_p", rel.p, 1e-7,
               ref_number(c, "out/gbstats_relative_p") > 0);
}

static void quantile_test(struct ref *c)
{
    const double nu = ref_number(c, "in/nu");
    size_t n_a, n_b;
    const double *values_a = ref_numbers(c, "in/values_a", &n_a);
    const double *values_b = ref_numbers(c, "in/values_b", &n_b);
    const struct rp_sample a = rp_stats_quantile_sample(values_a, n_a, nu);
    const struct rp_sample b = rp_stats_quantile_sample(values_b, n_b, nu);
    const struct rp_sample given =
        rp_stats_sample_quantile(ref_number(c, "in/n_a"), ref_number(c, "in/q_a"),
                                 ref_number(c, "in/q_a_lo"), ref_number(c, "in/q_a_hi"));
    const struct rp_test t = rp_stats_welch(rp_stats_effect(a, b, false), 0.05, RP_TWO_SIDED);

    ref_same(c, "in/q_a", a.mean);
    ref_same(c, "in/q_b", b.mean);
    ref_same(c, "out/variance_a", given.var);
    ref_same(c, "out/variance_a", a.var);
    ref_same(c, "out/variance_b", b.var);
    ref_same(c, "out/diff", t.estimate);
    ref_same(c, "out/se", t.se);
    ref_same(c, "out/lo", t.ci.lo);
    ref_same(c, "out/hi", t.ci.hi);
    ref_same(c, "out/p_value", t.p);
}

static void woe_iv(struct ref *c)
{
    double converted[32], other[32], woe[32], parts[32];
    char path[80];
    size_t k = 0;

    for (;; k++) {
        snprintf(path, sizeof(path), "in/bins/%zu/converted", k);
        if (!ref_has(c, path))
            break;
        converted[k] = ref_number(c, path);
        snprintf(path, sizeof(path), "in/bins/%zu/not_converted", k);
        other[k] = ref_number(c, path);
    }
    for (int half = 0; half < 2; half++) {
        struct ref part = *c;
        part.text = ref_find(c->arena, c->text, half ? "out/smoothing_0.5" : "out/smoothing_0");
        if (!part.text.len)
            continue;
        const double iv = rp_stats_woe(converted, other, k, half ? 0.5 : 0, woe, parts);
        for (size_t i = 0; i < k; i++) {
            snprintf(path, sizeof(path), "woe/%zu", i);
            ref_same(&part, path, woe[i]);
            snprintf(path, sizeof(path), "iv_parts/%zu", i);
            ref_same(&part, path, parts[i]);
        }
        ref_same(&part, "iv", iv);
        c->checked = part.checked;
    }
}

static void scorecard_points(struct ref *c)
{
    const struct rp_scaling s = rp_stats_scaling(
        ref_number(c, "in/points_at_odds0"), ref_number(c, "in/odds0"), ref_number(c, "in/pdo"));
    size_t k, bins;
    const double *coefs = ref_numbers(c, "in/coefs", &k);
    const double base = s.offset + s.factor * ref_number(c, "in/intercept");
    double shifted = base;
    char path[96];

    ref_same(c, "out/factor", s.factor);
    ref_same(c, "out/offset", s.offset);
    ref_same(c, "out/base_points", base);
    ref_same(c, "out/odds_per_point", exp(1 / s.factor));
    for (size_t j = 0; j < k; j++) {
        snprintf(path, sizeof(path), "in/woes/%zu", j);
        const double *woe = ref_numbers(c, path, &bins);
        double least = (double)INFINITY;
        for (size_t i = 0; i < bins; i++)
            least = fmin(least, s.factor * coefs[j] * woe[i]);
        shifted += least;
        for (size_t i = 0; i < bins; i++) {
            const double points = s.factor * coefs[j] * woe[i];
            snprintf(path, sizeof(path), "out/points/%zu/%zu", j, i);
            ref_same(c, path, points);
            snprintf(path, sizeof(path), "out/points_shifted/%zu/%zu", j, i);
            ref_same(c, path, points - least);
            snprintf(path, sizeof(path), "out/points_shifted_rounded/%zu/%zu", j, i);
            ref_same(c, path, floor(points - least + 0.5));
        }
    }
    ref_same(c, "out/base_points_shifted", shifted);
    ref_same(c, "out/base_shifted_rounded", floor(shifted + 0.5));
}

/* The frequencies of one field's value among all of the field's, each with 0.1 added. */
static void frequency(struct ref *c, const char *field, struct rp_str value, double add,
                      double *ret_cells)
{
    static const char *const names[][3] = {{"BE", "US", "FR"},
                                           {"correct", "incorrect", 0},
                                           {"new", "qualified", "proposition"},
                                           {"ads", "referral", "event"}};
    char path[96];

    memset(ret_cells, 0, 4 * sizeof(*ret_cells));
    for (size_t f = 0; f < RP_COUNT(names); f++) {
        for (size_t v = 0; v < 3 && names[f][v]; v++) {
            snprintf(path, sizeof(path), "in/frequencies_raw/%s/%s/0", field, names[f][v]);
            if (!ref_has(c, path))
                continue;
            const double won = ref_number(c, path) + add;
            path[strlen(path) - 1] = '1';
            const double lost = ref_number(c, path) + add;
            ret_cells[2] += won;
            ret_cells[3] += lost;
            if (rp_str_eq(value, rp_str_from(names[f][v]))) {
                ret_cells[0] = won;
                ret_cells[1] = lost;
            }
        }
    }
}

static void odoo_naive_bayes(struct ref *c)
{
    static const char *const fields[] = {"country", "email_state", "stage", "source"};
    const double team_won = ref_number(c, "in/team_won"), team_lost = ref_number(c, "in/team_lost");
    double cells[4][4], won[4], lost[4], won_total[4], lost_total[4], s_won, s_lost;
    size_t k = 0;

    for (size_t f = 0; f < RP_COUNT(fields); f++) {
        char path[96];
        snprintf(path, sizeof(path), "in/lead/%s", fields[f]);
        if (!ref_has(c, path))
            continue;
        const struct rp_str value = ref_string(c->arena, ref_find(c->arena, c->text, path));
        frequency(c, fields[f], value, ref_number(c, "in/add"), cells[k]);
        const bool stage = f == 2; /* a lead passes several stages: the team's totals */
        won[k] = cells[k][0];
        lost[k] = cells[k][1];
        won_total[k] = stage ? team_won : cells[k][2];
        lost_total[k] = stage ? team_lost : cells[k][3];
        k++;
    }
    const double percent = rp_stats_naive_bayes(won, lost, won_total, lost_total, k, team_won,
                                                team_lost, &s_won, &s_lost);
    ref_same(c, "out/probability_percent", round(percent * 100) / 100);
    ref_same(c, "out/s_won", s_won);
    ref_same(c, "out/s_lost", s_lost);
}

static void interaction_lift(struct ref *c)
{
    const double converted = ref_number(c, "in/converted"), leads = ref_number(c, "in/leads");
    struct rp_lift rows[32];
    double p[32], q[32];
    char path[96];
    size_t n = 0;

    for (;; n++) {
        snprintf(path, sizeof(path), "in/interactions/%zu/leads_with", n);
        if (!ref_has(c, path))
            break;
        const double with = ref_number(c, path);
        snprintf(path, sizeof(path), "in/interactions/%zu/converted_with", n);
        rows[n] = rp_stats_lift(ref_number(c, path), with, converted, leads, 0.05);
        p[n] = rows[n].p;
    }
    rp_stats_adjust(RP_ADJUST_BH, p, n, q);
    for (size_t i = 0; i < n; i++) {
        const struct {
            const char *name;
            double got;
        } fields[] = {
            {"with_rate", rows[i].with_rate},
            {"without_rate", rows[i].without_rate},
            {"lift", rows[i].lift},
            {"log_odds_ratio", rows[i].lor},
            {"se", rows[i].se},
            {"z", rows[i].z},
            {"p_value", rows[i].p},
            {"lor_lo", rows[i].ci.lo},
            {"lor_hi", rows[i].ci.hi},
            {"q_value_bh", q[i]},
        };
        for (size_t f = 0; f < RP_COUNT(fields); f++) {
            snprintf(path, sizeof(path), "out/rows/%zu/%s", i, fields[f].name);
            ref_same(c, path, fields[f].got);
        }
    }
}

static void one_paired_loss(struct ref *c, const char *name, struct rp_test got)
{
    const struct {
        const char *name;
        double got;
    } fields[] = {
        {"mean_1_minus_2", got.estimate},
        {"se", got.se},
        {"z", got.t},
        {"p_value", got.p},
        {"lo", got.ci.lo},
        {"hi", got.ci.hi},
    };

    for (size_t f = 0; f < RP_COUNT(fields); f++) {
        char path[96];
        snprintf(path, sizeof(path), "out/%s/%s", name, fields[f].name);
        ref_same(c, path, fields[f].got);
    }
}

static void paired_loss_difference(struct ref *c)
{
    size_t n;
    const uint8_t *y = ref_bits(c, "in/y", &n);
    const double *p_1 = ref_numbers(c, "in/p_1", &n), *p_2 = ref_numbers(c, "in/p_2", &n);
    const struct rp_paired_loss r = rp_stats_paired_loss(y, p_1, p_2, n, 0.05);

    one_paired_loss(c, "brier", r.brier);
    one_paired_loss(c, "log_loss", r.log_loss);
}

static void mcnemar(struct ref *c)
{
    const struct rp_mcnemar r = rp_stats_mcnemar(ref_number(c, "in/only_model_1_right"),
                                                 ref_number(c, "in/only_model_2_right"));

    ref_same(c, "out/p_exact", r.p_exact);
    ref_same(c, "out/chi2_cc", r.chi2);
    ref_same(c, "out/p_chi2_cc", r.p);
}

static void population_stability_index(struct ref *c)
{
    size_t k;
    const double *expected = ref_numbers(c, "in/expected_counts", &k);
    const double *actual = ref_numbers(c, "in/actual_counts", &k);

    ref_same(c, "out/psi_raw", rp_stats_psi(expected, actual, k, 0));
    ref_same(c, "out/psi_smoothed_0.5", rp_stats_psi(expected, actual, k, 0.5));
}

#define GROUP(name)                                                                                \
    {                                                                                              \
#name, name                                                                                \
    }

static const struct {
    const char *name;
    void (*check)(struct ref *c);
} groups[] = {
    GROUP(special_functions),
    GROUP(two_proportion),
    GROUP(proportion_interval),
    GROUP(newcombe_difference),
    GROUP(relative_effects),
    GROUP(welch_t),
    GROUP(beta_binomial),
    GROUP(prob_best_k_arms),
    GROUP(gaussian_effect_bayes),
    GROUP(asymptotic_confidence_sequence),
    GROUP(msprt),
    GROUP(srm_chi_square),
    GROUP(power_two_proportions),
    GROUP(mde_growthbook),
    GROUP(p_value_adjustment),
    GROUP(auc_delong_paired),
    GROUP(probability_scores),
    GROUP(threshold_metrics),
    GROUP(threshold_optimisation),
    GROUP(gains_lift_table),
    GROUP(time_to_convert),
    GROUP(cochran_armitage_trend),
    GROUP(poisson_rate_ratio),
    GROUP(logistic_regression),
    GROUP(cuped),
    GROUP(quantile_test),
    GROUP(woe_iv),
    GROUP(scorecard_points),
    GROUP(odoo_naive_bayes),
    GROUP(interaction_lift),
    GROUP(paired_loss_difference),
    GROUP(mcnemar),
    GROUP(population_stability_index),
};

/* "relative 1e-9 (fisher 1e-7)", "absolute 1e-10", "exact" */
static void tolerance(struct ref *c, struct rp_str text)
{
    const struct rp_str says = ref_string(c->arena, text);
    char number[32] = "0";
    const char *space = memchr(says.ptr, ' ', says.len);

    if (space)
        snprintf(number, sizeof(number), "%.*s", (int)strcspn(space + 1, " ("), space + 1);
    c->relative = says.ptr[0] == 'r';
    assert_true(c->relative || says.ptr[0] == 'a' || says.ptr[0] == 'e');
    c->within = strtod(number, NULL);
    assert_true(c->within <= 1e-7);
}

static void every_reference_value_is_met(void **state)
{
    struct rp_arena arena, work;
    size_t len, cases = 0, values = 0;

    (void)state;
    char *text =
        shared_data_read(RIPEN_SOURCE_DIR "/tests/unit/model/data", "reference-values.json", &len);
    assert_non_null(text);
    rp_arena_init(&arena);
    rp_arena_init(&work);
    for (size_t g = 0; g < RP_COUNT(groups); g++) {
        char path[96];
        snprintf(path, sizeof(path), "groups/%s", groups[g].name);
        const struct rp_str group = ref_find(&arena, (struct rp_str){text, len}, path);
        const struct rp_str all = ref_find(&arena, group, "cases");
        struct ref c = {.arena = &work, .group = groups[g].name};
        assert_true(all.len > 0);
        tolerance(&c, ref_find(&arena, group, "tolerance"));
        for (;; cases++) {
            c.text = ref_item(&work, all, (size_t)c.number++);
            if (!c.text.len)
                break;
            groups[g].check(&c);
            rp_arena_reset(&work);
        }
        values += c.checked;
    }
    printf("reference values: %zu groups, %zu cases, %zu values\n", RP_COUNT(groups), cases,
           values);
    assert_int_equal(cases, 304);
    assert_true(values > 2500);
    rp_arena_fini(&work);
    rp_arena_fini(&arena);
    free(text);
}

int test_stats_reference(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_value_is_met),
    };

    return cmocka_run_group_tests_name("stats_reference", tests, NULL, NULL);
}
