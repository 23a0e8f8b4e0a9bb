/* SPDX-License-Identifier: MIT */
/* The statistics of reports, experiments and learning: pure functions of numbers, over libm alone.
 * Tails are computed as tails (a p-value of 1e-80 is one, never 0). What is undefined is NAN: print
 * it as "-" or null. Counts are doubles, so that weighted ones go through the same doors. `alpha`
 * is 0.05 for a 95 % interval. Functions that sort or fit allocate scratch and free it; the rest
 * allocates nothing. Any thread.
 *
 * Arms: A is the control, B the other one; differences are B - A. Outcomes `y` are 0 or 1. Formulas
 * and sources stand at the definitions; values are proven by
 * tests/unit/model/test_stats_reference.c.
 */
#ifndef RP_MODEL_STATS_H
#define RP_MODEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_interval {
    double lo, hi;
};

enum rp_side {
    RP_TWO_SIDED = 0,
    RP_GREATER, /* is B better? the interval has no upper end */
    RP_LESSER,  /* is B worse? no lower end */
};

/* ---- distributions (stats_dist.c) ---- */

double rp_stats_norm_pdf(double z);
double rp_stats_norm_cdf(double z);
double rp_stats_norm_sf(double z);
double rp_stats_norm_quantile(double p);                /* p 0: -inf, 1: +inf */
double rp_stats_norm_p(double z);                       /* P(|Z| > |z|) */
double rp_stats_z(double alpha);                        /* 1.959964 for 0.05: two-sided */
double rp_stats_lgamma(double x);                       /* ln Γ, without the global sign */
double rp_stats_gamma_p(double a, double x);            /* regularised, lower */
double rp_stats_gamma_q(double a, double x);            /* upper */
double rp_stats_beta_cdf(double a, double b, double x); /* I_x(a, b) */
double rp_stats_beta_sf(double a, double b, double x);
double rp_stats_beta_pdf(double a, double b, double x);
double rp_stats_beta_quantile(double a, double b, double p);
double rp_stats_t_sf(double df, double t); /* P(T > t) */
double rp_stats_t_p(double df, double t);  /* P(|T| > |t|) */
double rp_stats_t_quantile(double df, double p);
double rp_stats_chi2_sf(double df, double x);

/* ---- rates of two arms (stats_rates.c): x of n leads ---- */

struct rp_two_rates {
    double p_a, p_b, diff;
    double se_pooled, z_pooled, p_pooled; /* under "no difference" */
    double se, z, p;                      /* unpooled */
    struct rp_interval wald;
    double chi2_yates, p_yates;
};

struct rp_two_rates rp_stats_two_rates(double x_a, double n_a, double x_b, double n_b,
                                       double alpha);
/* Two-sided exact test; for expected counts below 5. Time grows with the smaller margin. */
double rp_stats_fisher(double x_a, double n_a, double x_b, double n_b);

struct rp_interval rp_stats_wilson(double x, double n, double alpha); /* the one to show */
struct rp_interval rp_stats_clopper_pearson(double x, double n, double alpha);
struct rp_interval rp_stats_agresti_coull(double x, double n, double alpha);
struct rp_interval rp_stats_jeffreys(double x, double n, double alpha);
/* Of the difference p_b - p_a: the one to show when a test has ended. */
struct rp_interval rp_stats_newcombe(double x_a, double n_a, double x_b, double n_b, double alpha);
struct rp_interval rp_stats_agresti_caffo(double x_a, double n_a, double x_b, double n_b,
                                          double alpha);

struct rp_ratio {
    double value, se; /* se of the logarithm, but for the uplift: of the value */
    struct rp_interval ci;
};

struct rp_relative {
    struct rp_ratio uplift; /* (p_b - p_a) / p_a, delta method */
    struct rp_ratio risk;   /* p_b / p_a, Katz */
    struct rp_ratio odds;   /* Woolf */
    struct rp_ratio lor;    /* log odds ratio with ½ in each cell (Haldane): always defined */
};

struct rp_relative rp_stats_relative(double x_a, double n_a, double x_b, double n_b, double alpha);

struct rp_mcnemar {
    double p_exact, chi2, p; /* chi2 with continuity correction */
};
/* Same leads, two models: how often only the first, only the second was right. */
struct rp_mcnemar rp_stats_mcnemar(double only_1, double only_2);

/* Did the rate of events change? Exact conditional test; counts over times of observation. */
struct rp_rate_ratio {
    double ratio, p;
    struct rp_interval ci;
};
struct rp_rate_ratio rp_stats_poisson_ratio(double before, double time_before, double after,
                                            double time_after, double alpha);

struct rp_trend {
    double chi2, p;         /* Cochran-Armitage: a trend over ordered groups 1 … k */
    double het_chi2, het_p; /* are they different at all? */
    int het_df;
};
struct rp_trend rp_stats_trend(const double *x, const double *n, size_t k);

/* Lift of one interaction: leads with it against leads without. */
struct rp_lift {
    double with_rate, without_rate, lift; /* lift: rate with it / base rate */
    double lor, se, z, p;
    struct rp_interval ci; /* of lor */
};
struct rp_lift rp_stats_lift(double converted_with, double leads_with, double converted,
                             double leads, double alpha);

/* ---- means of two arms, revenue, CUPED, quantiles (stats_means.c) ---- */

struct rp_sample {
    double n, mean, var; /* var of one observation */
};
struct rp_sample rp_stats_sample_rate(double x, double n);                 /* var p(1-p) */
struct rp_sample rp_stats_sample_sums(double n, double sum, double sumsq); /* divisor n - 1 */
struct rp_sample rp_stats_sample_values(const double *values, size_t n);

struct rp_effect {
    double estimate, se, n, df; /* n of both arms; df as Welch and Satterthwaite */
};
/* mean_b - mean_a; relative: divided by |mean_a|, delta method (as GrowthBook). */
struct rp_effect rp_stats_effect(struct rp_sample a, struct rp_sample b, bool relative);

struct rp_test {
    double estimate, se, t, df, p;
    struct rp_interval ci; /* an end that is not there is infinite */
};
struct rp_test rp_stats_welch(struct rp_effect effect, double alpha, enum rp_side side);
/* The same with the normal distribution. */
struct rp_test rp_stats_ztest(double estimate, double se, double alpha);

struct rp_cuped {
    double theta;
    struct rp_sample a, b;     /* of Y - theta X */
    struct rp_effect diff;     /* absolute */
    struct rp_effect relative; /* over the unadjusted mean of the control */
    double reduction_a;        /* share of the variance that went away */
};
/* y: the outcome, x: what was known of the same unit before. theta is of both arms together. */
struct rp_cuped rp_stats_cuped(const double *x_a, const double *y_a, size_t n_a, const double *x_b,
                               const double *y_b, size_t n_b);

/* Variance, of one observation, of the nu-quantile whose order-statistic bounds are q_lo, q_hi. */
struct rp_sample rp_stats_sample_quantile(double n, double q, double q_lo, double q_hi);
/* Type 7 (linear) of sorted values. */
double rp_stats_quantile_sorted(const double *sorted, size_t n, double nu);
/* The nu-quantile of sorted values with its variance: feed it to rp_stats_effect. */
struct rp_sample rp_stats_quantile_sample(const double *sorted, size_t n, double nu);

/* ---- Bayes (stats_bayes.c) ---- */

struct rp_beta_ab {
    double chance;           /* P(B > A): chance to win */
    double loss_b, loss_a;   /* expected loss, in rate, of choosing B, of staying with A */
    double mean_a, mean_b;   /* of the posteriors */
    struct rp_interval a, b; /* equal-tailed */
};
/* Prior Beta(prior_a, prior_b), both arms; 1, 1 unless history says more. */
struct rp_beta_ab rp_stats_beta_ab(double prior_a, double prior_b, double x_a, double n_a,
                                   double x_b, double n_b, double alpha);
/* P(arm is the best), k arms (2 … RP_STATS_ARMS_MAX), prior as above; sums to 1. */
#define RP_STATS_ARMS_MAX 16
void rp_stats_beta_best(double prior_a, double prior_b, const double *x, const double *n, size_t k,
                        double *ret_best);
/* Thompson weights with a floor for each arm: shown, never applied. */
void rp_stats_thompson(const double *best, size_t k, double floor, double *ret_weights);

struct rp_gauss {
    double mean, sd, chance;
    double risk_control, risk_treatment; /* expected loss of keeping A, of choosing B */
    struct rp_interval ci;
};
/* GrowthBook's engine: the effect is normal; prior_var 0 means no prior. */
struct rp_gauss rp_stats_gauss(double estimate, double se, double prior_mean, double prior_var,
                               double alpha);

/* ---- looked at every day (stats_sequence.c) ---- */

/* An asymptotic confidence sequence (arXiv 2103.06476): right at all looks together. effect.n is
 * both arms' leads; n_star the leads at which the decision is planned (it only tunes). Keep the
 * running intersection of the intervals and the running minimum of p. */
struct rp_sequential {
    double rho, halfwidth, p; /* p: always valid */
    struct rp_interval ci;
};
struct rp_sequential rp_stats_sequence(struct rp_effect effect, double n_star, double alpha,
                                       enum rp_side side);

struct rp_msprt {
    double lambda, p, halfwidth;
};
struct rp_msprt rp_stats_msprt(double diff, double var, double tau, double alpha);

/* Sample ratio mismatch: do the arms have the leads that their shares promise? */
struct rp_srm {
    double chi2, p;
    int df;     /* arms with a positive weight - 1 */
    bool alarm; /* p < 0.001 and at least 8 leads an arm */
};
struct rp_srm rp_stats_srm(const double *observed, const double *weights, size_t k);

/* ---- plans (stats_power.c) ---- */

double rp_stats_n_rates(double p_a, double p_b, double alpha, double power,
                        double ratio); /* leads of the control, not rounded (Fleiss) */
double rp_stats_n_unpooled(double p_a, double p_b, double alpha, double power, double ratio);
double rp_stats_n_cohen(double p_a, double p_b, double alpha, double power, double ratio);
double rp_stats_cohen_h(double p_a, double p_b); /* of a rise from p_a to p_b */
/* Power of the unpooled test with these leads, both tails. */
double rp_stats_power_rates(double p_a, double p_b, double n_a, double n_b, double alpha);
/* The rise that n_a and n_b leads can find with this power (Fleiss), absolute; NAN: none can. */
double rp_stats_mde_rates(double p_a, double n_a, double n_b, double alpha, double power);
/* GrowthBook's: relative effect on a mean, n units over `variations` arms; n_star 0: one look. */
double rp_stats_power_mean(double mean, double var, double effect, double n, double variations,
                           double alpha, double n_star);
double rp_stats_mde_mean(double mean, double var, double n, double variations, double alpha,
                         double power, double n_star);
/* Days until `needed` leads are there and the outcome window of the last has passed; 0: now;
 * INFINITY when none come. */
double rp_stats_days_left(double needed, double have, double per_day, double window_days);

/* ---- many questions at once (stats_many.c) ---- */

enum rp_adjust {
    RP_ADJUST_HOLM, /* goals of an experiment */
    RP_ADJUST_BH,   /* tables of lifts: q-values */
    RP_ADJUST_BONFERRONI,
    RP_ADJUST_HOCHBERG,
    RP_ADJUST_BY,
    RP_ADJUST_SIDAK,
};
/* In the order of p; ret may be p itself. NAN in p stays NAN and is not counted. */
void rp_stats_adjust(enum rp_adjust kind, const double *p, size_t n, double *ret_adjusted);
/* Drift of counts in k bins; smoothing 0.5, or 0. Below 0.1 stable, above 0.25 act. */
double rp_stats_psi(const double *expected, const double *actual, size_t k, double smoothing);

/* ---- time to convert (stats_time.c) ---- */

/* Kaplan-Meier at the k times `at` (ascending): share not yet converted, Greenwood's se (either may
 * be NULL). event 0: not converted up to `time`, still open. */
void rp_stats_kaplan_meier(const double *time, const uint8_t *event, size_t n, const double *at,
                           size_t k, double *ret_survival, double *ret_se);
/* First time at which at most this share is left (0.5: the median); NAN: not reached. */
double rp_stats_km_quantile(const double *time, const uint8_t *event, size_t n, double share);

struct rp_logrank {
    double chi2, p, observed[2], expected[2];
};
struct rp_logrank rp_stats_logrank(const double *time, const uint8_t *event, const uint8_t *group,
                                   size_t n);

/* ---- how well scores rank (stats_rank.c) ---- */

double rp_stats_auc(const uint8_t *y, const double *score, size_t n); /* ties count half */

struct rp_auc {
    double auc, var;
    struct rp_interval ci; /* clipped to 0 … 1; on the logit scale above 0.95 */
};
struct rp_auc rp_stats_auc_ci(const uint8_t *y, const double *score, size_t n, double alpha);

struct rp_delong {
    double auc_1, auc_2, var_1, var_2, cov;
    double z, p; /* of auc_1 - auc_2 */
    struct rp_interval ci_1, ci_2, diff;
};
struct rp_delong rp_stats_delong(const uint8_t *y, const double *score_1, const double *score_2,
                                 size_t n, double alpha);
/* The same of leads that stand for several (by the inverse of their chance to be in the sample). */
struct rp_delong rp_stats_delong_weighted(const uint8_t *y, const double *score_1,
                                          const double *score_2, const double *weight, size_t n,
                                          double alpha);
double rp_stats_average_precision(const uint8_t *y, const double *score, size_t n);
double rp_stats_ks(const uint8_t *y, const double *score, size_t n);

/* ---- at a threshold (stats_threshold.c): positive is score >= threshold ---- */

struct rp_confusion {
    double tp, fp, fn, tn;
    double precision, recall, specificity, fpr, accuracy, f1, balanced, mcc, lift, share;
};
struct rp_confusion rp_stats_confusion(const uint8_t *y, const double *score, size_t n,
                                       double threshold);
/* The same from counts (for weighted leads). */
struct rp_confusion rp_stats_confusion_of(double tp, double fp, double fn, double tn);

struct rp_best_threshold {
    double threshold, value; /* threshold INFINITY: nobody */
};
struct rp_thresholds {
    struct rp_best_threshold youden, f1;
    struct rp_best_threshold profit; /* value * tp - cost * (tp + fp) */
    struct rp_best_threshold cost;   /* cost_fn * fn + cost_fp * fp, the least */
    double capacity;                 /* score of the k-th best lead; NAN when k is 0 */
    double at_or_above, above;       /* leads at it or above, and strictly above */
};
struct rp_threshold_prices {
    double value, cost;      /* of a conversion, of a contact */
    double cost_fn, cost_fp; /* of a missed one, of a wasted contact */
    size_t capacity;         /* contacts that can be made */
};
struct rp_thresholds rp_stats_thresholds(const uint8_t *y, const double *score, size_t n,
                                         const struct rp_threshold_prices *prices);

struct rp_gain {
    double n, pos, rate, lift, cum_pos, cum_gain, cum_lift, min_score, max_score;
};
/* Best scores first, ties in the order given; `bins` rows (10: deciles) into ret_rows. */
void rp_stats_gains(const uint8_t *y, const double *score, size_t n, size_t bins,
                    struct rp_gain *ret_rows);
/* The same of leads that stand for several: bins of equal weight, a lead between two belongs to
 * both in its parts. */
void rp_stats_gains_weighted(const uint8_t *y, const double *score, const double *weight, size_t n,
                             size_t bins, struct rp_gain *ret_rows);

/* ---- how true probabilities are (stats_probability.c) ---- */

#define RP_STATS_BINS 10
struct rp_reliability {
    double n, mean_p, rate; /* NAN when n is 0 */
};
struct rp_probability {
    double brier, brier_skill, log_loss, log_loss_base;
    double reliability, resolution, uncertainty; /* Murphy: over distinct values */
    double ece, mce;
    struct rp_reliability bins[RP_STATS_BINS]; /* equal widths */
    double mean_p, base_rate, observed_over_expected;
    double spiegelhalter_z, spiegelhalter_p;
    double slope, intercept, in_the_large; /* of logit p; NAN when it cannot be fitted */
};
struct rp_probability rp_stats_probability(const uint8_t *y, const double *p, size_t n);
/* The same of leads that stand for several: weight NULL: each for itself. Spiegelhalter's test is
 * none then. */
struct rp_probability rp_stats_probability_weighted(const uint8_t *y, const double *p,
                                                    const double *weight, size_t n);

/* Two models' losses on the same leads: positive means that the first is worse. */
struct rp_paired_loss {
    struct rp_test brier, log_loss;
};
struct rp_paired_loss rp_stats_paired_loss(const uint8_t *y, const double *p_1, const double *p_2,
                                           size_t n, double alpha);
struct rp_paired_loss rp_stats_paired_loss_weighted(const uint8_t *y, const double *p_1,
                                                    const double *p_2, const double *weight,
                                                    size_t n, double alpha);

/* Platt: P(y) = 1 / (1 + exp(-(a + b score))). false when it cannot be fitted (one class only). */
struct rp_platt {
    double a, b;
};
bool rp_stats_platt(const uint8_t *y, const double *score, size_t n, struct rp_platt *ret_platt);
bool rp_stats_platt_weighted(const uint8_t *y, const double *score, const double *weight, size_t n,
                             struct rp_platt *ret_platt);
double rp_stats_platt_p(struct rp_platt platt, double score);

/* ---- logistic regression (stats_logit.c) ---- */

#define RP_LOGIT_MAX 40 /* columns, the intercept not counted */
struct rp_logit {
    const double *x; /* n rows of k values */
    const uint8_t *y;
    const double *offset; /* NULL: none */
    const double *weight; /* of rows; NULL: each counts once */
    size_t n, k;
    double lambda;      /* 0: maximum likelihood; else + lambda / 2 * sum w^2 */
    bool penalise_bias; /* the intercept as well (as liblinear) */
    double tolerance;   /* of a coefficient; 0: 1e-11 */
};
struct rp_logit_fit {
    double coef[RP_LOGIT_MAX + 1], se[RP_LOGIT_MAX + 1]; /* intercept first */
    double nll, objective, null_nll;
    int steps;
};
/* Newton's method with step halving. coef of ret_fit is the start when `warm`. false: no optimum
 * (separable without lambda, columns that say the same, one class only). */
bool rp_stats_logit_fit(const struct rp_logit *data, bool warm, struct rp_logit_fit *ret_fit);

/* ---- scorecards (stats_card.c) ---- */

/* Weight of evidence: + converts. converted, other: counts of k bins; smoothing ½ a cell. Parts may
 * be NULL. Returns the information value. */
double rp_stats_woe(const double *converted, const double *other, size_t k, double smoothing,
                    double *ret_woe, double *ret_parts);
/* Points: score = offset + factor ln(odds), so that `pdo` points double the odds. */
struct rp_scaling {
    double factor, offset;
};
struct rp_scaling rp_stats_scaling(double points_at_odds, double odds, double pdo);
/* Odoo's predictive lead scoring, to compare with: won and lost frequencies of the lead's values,
 * already smoothed, and the totals of each value's field. Percent, unrounded. */
double rp_stats_naive_bayes(const double *won, const double *lost, const double *won_total,
                            const double *lost_total, size_t k, double team_won, double team_lost,
                            double *ret_won, double *ret_lost);

#endif
