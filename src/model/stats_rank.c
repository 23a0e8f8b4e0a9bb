/* SPDX-License-Identifier: MIT */
/* How well a score puts those who convert above the others: AUC, DeLong's test of two scores on the
 * same leads (midranks, Sun & Xu 2014: one sort a score), average precision, KS. */
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>

struct scored {
    double score, weight;
    uint32_t at;
    uint8_t y;
};

static double weight_of(const double *weight, size_t i)
{
    return weight ? weight[i] : 1;
}

static int ascending(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;

    return a->score < b->score ? -1 : a->score > b->score;
}

static struct scored *sorted(const uint8_t *y, const double *score, const double *weight, size_t n)
{
    struct scored *all = rp_calloc(n, sizeof(*all));

    for (size_t i = 0; i < n; i++)
        all[i] = (struct scored){score[i], weight_of(weight, i), (uint32_t)i, y[i]};
    if (n > 0)
        qsort(all, n, sizeof(*all), ascending);
    return all;
}

static double count_ones(const uint8_t *y, size_t n)
{
    double ones = 0;

    for (size_t i = 0; i < n; i++)
        ones += y[i] != 0;
    return ones;
}

/* Of those that converted (1), or did not, as many as they stand for. */
static double weigh(const uint8_t *y, uint8_t which, const double *weight, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (y[i] != 0) == which ? weight_of(weight, i) : 0;
    return sum;
}

/* The AUC; place[i] (may be NULL): for a lead that converted the share of the others below it, for
 * another one the share of the converted above it; ties half. */
static double placements(const uint8_t *y, const double *score, const double *weight, size_t n,
                         double *place)
{
    const double ones = weigh(y, 1, weight, n), zeros = weigh(y, 0, weight, n);
    struct scored *all = sorted(y, score, weight, n);
    double ones_below = 0, zeros_below = 0, sum = 0;

    for (size_t i = 0, end; i < n; i = end) {
        double same_ones = 0, same_zeros = 0;
        for (end = i; end < n && all[end].score == all[i].score; end++) {
            same_ones += all[end].y ? all[end].weight : 0;
            same_zeros += all[end].y ? 0 : all[end].weight;
        }
        const double below = zeros_below + 0.5 * same_zeros;
        const double above = ones - ones_below - 0.5 * same_ones;
        sum += same_ones * below;
        for (size_t j = i; place && j < end; j++)
            place[all[j].at] = all[j].y ? below / zeros : above / ones;
        ones_below += same_ones;
        zeros_below += same_zeros;
    }
    free(all);
    return ones > 0 && zeros > 0 ? sum / (ones * zeros) : (double)NAN;
}

double rp_stats_auc(const uint8_t *y, const double *score, size_t n)
{
    return placements(y, score, NULL, n, NULL);
}

/* DeLong's covariance of two AUCs from their placements. Leads that stand for several count by the
 * square of their weight: they are no more leads than they are. */
static double covariance(const uint8_t *y, const double *weight, const double *p, double auc_p,
                         const double *q, double auc_q, size_t n)
{
    const double ones = count_ones(y, n), zeros = (double)n - ones;
    const double all_ones = weigh(y, 1, weight, n), all_zeros = weigh(y, 0, weight, n);
    double of_ones = 0, of_zeros = 0;

    for (size_t i = 0; i < n; i++) {
        const double w = weight_of(weight, i);
        const double product = w * w * (p[i] - auc_p) * (q[i] - auc_q);
        if (y[i])
            of_ones += product;
        else
            of_zeros += product;
    }
    if (!weight)
        return of_ones / ((ones - 1) * ones) + of_zeros / ((zeros - 1) * zeros);
    return of_ones / (all_ones * all_ones) * ones / (ones - 1) +
           of_zeros / (all_zeros * all_zeros) * zeros / (zeros - 1);
}

static struct rp_interval auc_interval(double auc, double var, double z)
{
    const double se = sqrt(var);

    if (!(auc > 0.95 && auc < 1))
        return (struct rp_interval){fmax(0, auc - z * se), fmin(1, auc + z * se)};
    const double middle = log(auc / (1 - auc)), half = z * se / (auc * (1 - auc));
    return (struct rp_interval){1 / (1 + exp(half - middle)), 1 / (1 + exp(-half - middle))};
}

struct rp_auc rp_stats_auc_ci(const uint8_t *y, const double *score, size_t n, double alpha)
{
    double *place = rp_calloc(n, sizeof(*place));
    struct rp_auc r = {.auc = placements(y, score, NULL, n, place)};

    r.var = covariance(y, NULL, place, r.auc, place, r.auc, n);
    r.ci = auc_interval(r.auc, r.var, rp_stats_z(alpha));
    free(place);
    return r;
}

struct rp_delong rp_stats_delong(const uint8_t *y, const double *score_1, const double *score_2,
                                 size_t n, double alpha)
{
    return rp_stats_delong_weighted(y, score_1, score_2, NULL, n, alpha);
}

struct rp_delong rp_stats_delong_weighted(const uint8_t *y, const double *score_1,
                                          const double *score_2, const double *weight, size_t n,
                                          double alpha)
{
    const double z = rp_stats_z(alpha);
    double *place_1 = rp_calloc(n, sizeof(*place_1)), *place_2 = rp_calloc(n, sizeof(*place_2));
    struct rp_delong r = {.auc_1 = placements(y, score_1, weight, n, place_1),
                          .auc_2 = placements(y, score_2, weight, n, place_2)};

    r.var_1 = covariance(y, weight, place_1, r.auc_1, place_1, r.auc_1, n);
    r.var_2 = covariance(y, weight, place_2, r.auc_2, place_2, r.auc_2, n);
    r.cov = covariance(y, weight, place_1, r.auc_1, place_2, r.auc_2, n);
    free(place_1);
    free(place_2);
    const double var = fmax(0, r.var_1 + r.var_2 - 2 * r.cov), d = r.auc_1 - r.auc_2;
    r.ci_1 = auc_interval(r.auc_1, r.var_1, z);
    r.ci_2 = auc_interval(r.auc_2, r.var_2, z);
    r.diff = (struct rp_interval){d - z * sqrt(var), d + z * sqrt(var)};
    if (d == 0) { /* also two models that rank alike: no variance either */
        r.p = 1;
        return r;
    }
    r.z = d / sqrt(var);
    r.p = rp_stats_norm_p(r.z);
    return r;
}

/* Walks down from the best score, one distinct score at a time. */
struct descent {
    const struct scored *all;
    size_t left;
    double ones, taken; /* among those at or above the present score */
};

static bool next_score(struct descent *down)
{
    if (down->left == 0)
        return false;
    const double score = down->all[down->left - 1].score;
    for (; down->left > 0 && down->all[down->left - 1].score == score; down->left--) {
        down->ones += down->all[down->left - 1].y != 0;
        down->taken++;
    }
    return true;
}

double rp_stats_average_precision(const uint8_t *y, const double *score, size_t n)
{
    const double ones = count_ones(y, n);
    struct scored *all = sorted(y, score, NULL, n);
    struct descent down = {.all = all, .left = n};
    double sum = 0, before = 0;

    while (next_score(&down)) {
        sum += (down.ones - before) * (down.ones / down.taken);
        before = down.ones;
    }
    free(all);
    return ones > 0 ? sum / ones : (double)NAN;
}

double rp_stats_ks(const uint8_t *y, const double *score, size_t n)
{
    const double ones = count_ones(y, n), zeros = (double)n - ones;
    struct scored *all = sorted(y, score, NULL, n);
    struct descent down = {.all = all, .left = n};
    double most = 0;

    while (next_score(&down))
        most = fmax(most, down.ones / ones - (down.taken - down.ones) / zeros);
    free(all);
    return ones > 0 && zeros > 0 ? most : (double)NAN;
}
