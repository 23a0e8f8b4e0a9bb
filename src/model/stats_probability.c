/* SPDX-License-Identifier: MIT */
/* Are probabilities true? Brier score with Murphy's parts, log loss, reliability bins, calibration
 * by logistic recalibration, Spiegelhalter's test; two models' losses compared lead by lead; and
 * Platt's way from points to a probability. */
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>

#define LOG_CLIP   1e-15
#define LOGIT_CLIP 1e-6

static double clipped(double p, double clip)
{
    return fmin(1 - clip, fmax(clip, p));
}

static double log_loss(uint8_t y, double p)
{
    const double q = clipped(p, LOG_CLIP);

    return y ? -log(q) : -log1p(-q);
}

struct said {
    double p, weight;
    uint8_t y;
};

static double weight_of(const double *weight, size_t i)
{
    return weight ? weight[i] : 1;
}

static double total(const double *weight, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += weight_of(weight, i);
    return sum;
}

static int by_p(const void *left, const void *right)
{
    const struct said *a = left, *b = right;

    return a->p < b->p ? -1 : a->p > b->p;
}

static void murphy(const uint8_t *y, const double *p, const double *weight, size_t n,
                   struct rp_probability *r)
{
    const double whole = total(weight, n);
    struct said *all = rp_calloc(n, sizeof(*all));

    for (size_t i = 0; i < n; i++)
        all[i] = (struct said){p[i], weight_of(weight, i), y[i]};
    qsort(all, n, sizeof(*all), by_p);
    for (size_t i = 0, end; i < n; i = end) {
        double ones = 0, m = 0;
        for (end = i; end < n && all[end].p == all[i].p; end++) {
            m += all[end].weight;
            ones += all[end].y ? all[end].weight : 0;
        }
        const double rate = ones / m;
        r->reliability += m * (all[i].p - rate) * (all[i].p - rate);
        r->resolution += m * (rate - r->base_rate) * (rate - r->base_rate);
    }
    free(all);
    r->reliability /= whole;
    r->resolution /= whole;
    r->uncertainty = r->base_rate * (1 - r->base_rate);
}

static void reliability_bins(const uint8_t *y, const double *p, const double *weight, size_t n,
                             struct rp_probability *r)
{
    const double whole = total(weight, n);
    double ones[RP_STATS_BINS] = {0};

    for (size_t i = 0; i < n; i++) {
        int bin = (int)floor(p[i] * RP_STATS_BINS);
        bin = bin < 0 ? 0 : bin >= RP_STATS_BINS ? RP_STATS_BINS - 1 : bin;
        r->bins[bin].n += weight_of(weight, i);
        r->bins[bin].mean_p += weight_of(weight, i) * p[i];
        ones[bin] += y[i] ? weight_of(weight, i) : 0;
    }
    for (int b = 0; b < RP_STATS_BINS; b++) {
        struct rp_reliability *bin = &r->bins[b];
        bin->mean_p = bin->n > 0 ? bin->mean_p / bin->n : (double)NAN;
        bin->rate = bin->n > 0 ? ones[b] / bin->n : (double)NAN;
        if (bin->n > 0) {
            const double gap = fabs(bin->rate - bin->mean_p);
            r->ece += bin->n / whole * gap;
            r->mce = fmax(r->mce, gap);
        }
    }
}

static void calibration(const uint8_t *y, const double *p, const double *weight, size_t n,
                        struct rp_probability *r)
{
    double *logit = rp_calloc(n, sizeof(*logit));
    struct rp_logit_fit fit;

    r->slope = r->intercept = r->in_the_large = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const double q = clipped(p[i], LOGIT_CLIP);
        logit[i] = log(q / (1 - q));
    }
    if (rp_stats_logit_fit(&(struct rp_logit){.x = logit, .y = y, .weight = weight, .n = n, .k = 1},
                           false, &fit)) {
        r->intercept = fit.coef[0];
        r->slope = fit.coef[1];
    }
    if (rp_stats_logit_fit(
            &(struct rp_logit){.x = logit, .y = y, .offset = logit, .weight = weight, .n = n},
            false, &fit))
        r->in_the_large = fit.coef[0];
    free(logit);
}

struct rp_probability rp_stats_probability_weighted(const uint8_t *y, const double *p,
                                                    const double *weight, size_t n)
{
    const double whole = total(weight, n);
    struct rp_probability r = {0};
    double ones = 0, off = 0, spread = 0;

    for (size_t i = 0; i < n; i++) {
        const double one = y[i] ? 1 : 0, w = weight_of(weight, i);
        ones += w * one;
        r.mean_p += w * p[i];
        r.brier += w * (p[i] - one) * (p[i] - one);
        r.log_loss += w * log_loss(y[i], p[i]);
        off += (one - p[i]) * (1 - 2 * p[i]);
        spread += p[i] * (1 - p[i]) * (1 - 2 * p[i]) * (1 - 2 * p[i]);
    }
    r.mean_p /= whole;
    r.brier /= whole;
    r.log_loss /= whole;
    r.base_rate = ones / whole;
    r.observed_over_expected = r.base_rate / r.mean_p;
    const double base = r.base_rate, anti = 1 - base;
    r.log_loss_base = base > 0 && anti > 0 ? -(base * log(base) + anti * log(anti)) : 0;
    r.brier_skill = base > 0 && anti > 0 ? 1 - r.brier / (base * anti) : (double)NAN;
    r.spiegelhalter_z = weight ? (double)NAN : off / sqrt(spread);
    r.spiegelhalter_p = rp_stats_norm_p(r.spiegelhalter_z);
    if (n > 0)
        murphy(y, p, weight, n, &r);
    reliability_bins(y, p, weight, n, &r);
    calibration(y, p, weight, n, &r);
    return r;
}

struct rp_probability rp_stats_probability(const uint8_t *y, const double *p, size_t n)
{
    return rp_stats_probability_weighted(y, p, NULL, n);
}

/* Of a mean in which values stand for several. */
static struct rp_test mean_test(const double *values, const double *weight, size_t n, double alpha)
{
    const double whole = total(weight, n);
    double mean = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        mean += weight[i] * values[i];
    mean /= whole;
    for (size_t i = 0; i < n; i++)
        squares += weight[i] * weight[i] * (values[i] - mean) * (values[i] - mean);
    return rp_stats_ztest(mean, sqrt(squares * (double)n / ((double)n - 1)) / whole, alpha);
}

struct rp_paired_loss rp_stats_paired_loss(const uint8_t *y, const double *p_1, const double *p_2,
                                           size_t n, double alpha)
{
    return rp_stats_paired_loss_weighted(y, p_1, p_2, NULL, n, alpha);
}

struct rp_paired_loss rp_stats_paired_loss_weighted(const uint8_t *y, const double *p_1,
                                                    const double *p_2, const double *weight,
                                                    size_t n, double alpha)
{
    double *brier = rp_calloc(n, sizeof(*brier)), *log = rp_calloc(n, sizeof(*log));
    struct rp_paired_loss r;

    for (size_t i = 0; i < n; i++) {
        const double one = y[i] ? 1 : 0, a = p_1[i] - one, b = p_2[i] - one;
        brier[i] = a * a - b * b;
        log[i] = log_loss(y[i], p_1[i]) - log_loss(y[i], p_2[i]);
    }
    const struct rp_sample s = rp_stats_sample_values(brier, n);
    const struct rp_sample l = rp_stats_sample_values(log, n);
    r.brier = weight ? mean_test(brier, weight, n, alpha)
                     : rp_stats_ztest(s.mean, sqrt(s.var / s.n), alpha);
    r.log_loss = weight ? mean_test(log, weight, n, alpha)
                        : rp_stats_ztest(l.mean, sqrt(l.var / l.n), alpha);
    free(brier);
    free(log);
    return r;
}

bool rp_stats_platt(const uint8_t *y, const double *score, size_t n, struct rp_platt *ret_platt)
{
    return rp_stats_platt_weighted(y, score, NULL, n, ret_platt);
}

bool rp_stats_platt_weighted(const uint8_t *y, const double *score, const double *weight, size_t n,
                             struct rp_platt *ret_platt)
{
    const struct rp_sample s = rp_stats_sample_values(score, n);
    const double sd = sqrt(s.var);
    double *x = rp_calloc(n, sizeof(*x));
    struct rp_logit_fit fit;

    for (size_t i = 0; i < n; i++) /* in standard units Newton's steps are well scaled */
        x[i] = sd > 0 ? (score[i] - s.mean) / sd : 0;
    const bool fitted =
        sd > 0 &&
        rp_stats_logit_fit(&(struct rp_logit){.x = x, .y = y, .weight = weight, .n = n, .k = 1},
                           false, &fit);
    free(x);
    if (!fitted)
        return false;
    ret_platt->b = fit.coef[1] / sd;
    ret_platt->a = fit.coef[0] - ret_platt->b * s.mean;
    return true;
}

double rp_stats_platt_p(struct rp_platt platt, double score)
{
    return 1 / (1 + exp(-(platt.a + platt.b * score)));
}
