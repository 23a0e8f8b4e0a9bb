/* SPDX-License-Identifier: MIT */
/* Means of two arms from n, mean and variance: Welch, relative effects by the delta method, CUPED
 * and quantiles in the form that GrowthBook's engine gives them (its cases are tests). */
#include "model/stats.h"

#include <math.h>

struct rp_sample rp_stats_sample_rate(double x, double n)
{
    const double p = x / n;

    return (struct rp_sample){n, p, p * (1 - p)};
}

struct rp_sample rp_stats_sample_sums(double n, double sum, double sumsq)
{
    const double mean = sum / n;

    return (struct rp_sample){n, mean, n > 1 ? fmax(0, (sumsq - sum * mean) / (n - 1)) : 0};
}

struct rp_sample rp_stats_sample_values(const double *values, size_t n)
{
    double sum = 0, squares = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return (struct rp_sample){(double)n, mean, n > 1 ? squares / ((double)n - 1) : 0};
}

static double welch_df(struct rp_sample a, struct rp_sample b)
{
    const double v_a = a.var / a.n, v_b = b.var / b.n;

    return (v_a + v_b) * (v_a + v_b) / (v_a * v_a / (a.n - 1) + v_b * v_b / (b.n - 1));
}

struct rp_effect rp_stats_effect(struct rp_sample a, struct rp_sample b, bool relative)
{
    struct rp_effect effect = {.n = a.n + b.n, .df = welch_df(a, b)};
    const double square = a.mean * a.mean;

    if (relative) {
        effect.estimate = (b.mean - a.mean) / fabs(a.mean);
        effect.se =
            sqrt(b.var / (b.n * square) + a.var * b.mean * b.mean / (a.n * square * square));
    } else {
        effect.estimate = b.mean - a.mean;
        effect.se = sqrt(b.var / b.n + a.var / a.n);
    }
    return effect;
}

struct rp_test rp_stats_welch(struct rp_effect effect, double alpha, enum rp_side side)
{
    struct rp_test r = {.estimate = effect.estimate, .se = effect.se, .df = effect.df};

    r.t = effect.estimate / effect.se;
    r.ci = (struct rp_interval){(double)-INFINITY, (double)INFINITY};
    if (side == RP_TWO_SIDED) {
        const double half = -rp_stats_t_quantile(r.df, 0.5 * alpha) * r.se;
        r.p = rp_stats_t_p(r.df, r.t);
        r.ci = (struct rp_interval){r.estimate - half, r.estimate + half};
        return r;
    }
    const double half = -rp_stats_t_quantile(r.df, alpha) * r.se;
    if (side == RP_GREATER) {
        r.p = rp_stats_t_sf(r.df, r.t);
        r.ci.lo = r.estimate - half;
    } else {
        r.p = rp_stats_t_sf(r.df, -r.t);
        r.ci.hi = r.estimate + half;
    }
    return r;
}

struct rp_test rp_stats_ztest(double estimate, double se, double alpha)
{
    const double half = rp_stats_z(alpha) * se;
    struct rp_test r = {.estimate = estimate, .se = se, .df = (double)INFINITY};

    r.t = estimate / se;
    r.p = rp_stats_norm_p(r.t);
    r.ci = (struct rp_interval){estimate - half, estimate + half};
    return r;
}

struct moments {
    double mean_x, mean_y, var_x, var_y, cov;
};

/* Sums of squares around the given means, over one arm. */
static void add_squares(const double *x, const double *y, size_t n, struct moments *m)
{
    for (size_t i = 0; i < n; i++) {
        const double dx = x[i] - m->mean_x, dy = y[i] - m->mean_y;
        m->var_x += dx * dx;
        m->var_y += dy * dy;
        m->cov += dx * dy;
    }
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

static struct moments moments_of(const double *x, const double *y, size_t n)
{
    struct moments m = {.mean_x = sum_of(x, n) / (double)n, .mean_y = sum_of(y, n) / (double)n};

    add_squares(x, y, n, &m);
    m.var_x /= (double)n - 1;
    m.var_y /= (double)n - 1;
    m.cov /= (double)n - 1;
    return m;
}

static struct rp_sample adjusted(struct moments m, double theta, size_t n)
{
    return (struct rp_sample){(double)n, m.mean_y - theta * m.mean_x,
                              m.var_y + theta * theta * m.var_x - 2 * theta * m.cov};
}

struct rp_cuped rp_stats_cuped(const double *x_a, const double *y_a, size_t n_a, const double *x_b,
                               const double *y_b, size_t n_b)
{
    const double n = (double)n_a + (double)n_b;
    const struct moments a = moments_of(x_a, y_a, n_a), b = moments_of(x_b, y_b, n_b);
    struct moments both = {.mean_x = (sum_of(x_a, n_a) + sum_of(x_b, n_b)) / n,
                           .mean_y = (sum_of(y_a, n_a) + sum_of(y_b, n_b)) / n};
    struct rp_cuped r;

    add_squares(x_a, y_a, n_a, &both);
    add_squares(x_b, y_b, n_b, &both);
    r.theta = both.var_x > 0 ? both.cov / both.var_x : 0;
    r.a = adjusted(a, r.theta, n_a);
    r.b = adjusted(b, r.theta, n_b);
    r.diff = rp_stats_effect(r.a, r.b, false);
    r.reduction_a = 1 - r.a.var / a.var_y;
    /* The control's mean is a random number of its own here: its covariance with the adjustment
     * stays in (gbstats, frequentist_variance_relative_cuped). */
    const double square = a.mean_y * a.mean_y, t = b.mean_y;
    const double control =
        a.var_y * t * t / square - 2 * r.theta * t * a.cov / a.mean_y + r.theta * r.theta * a.var_x;
    r.relative = r.diff;
    r.relative.estimate = (r.b.mean - r.a.mean) / fabs(a.mean_y);
    r.relative.se = sqrt(r.b.var / (r.b.n * square) + control / (r.a.n * square));
    return r;
}

struct rp_sample rp_stats_sample_quantile(double n, double q, double q_lo, double q_hi)
{
    const double half = (q_hi - q_lo) / (2 * rp_stats_z(0.05));

    return (struct rp_sample){n, q, (n - 1) * half * half};
}

double rp_stats_quantile_sorted(const double *sorted, size_t n, double nu)
{
    if (n == 0)
        return (double)NAN;
    const double place = fmin(1, fmax(0, nu)) * (double)(n - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

struct rp_sample rp_stats_quantile_sample(const double *sorted, size_t n, double nu)
{
    const double half = rp_stats_z(0.05) * sqrt(nu * (1 - nu) / (double)n);

    return rp_stats_sample_quantile((double)n, rp_stats_quantile_sorted(sorted, n, nu),
                                    rp_stats_quantile_sorted(sorted, n, nu - half),
                                    rp_stats_quantile_sorted(sorted, n, nu + half));
}
