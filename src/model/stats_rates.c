/* SPDX-License-Identifier: MIT */
/* Two rates: tests, intervals, ratios. All closed forms of counts (exact ones by the
 * hypergeometric, binomial and beta distributions). Newcombe: Stat Med 1998;17:857-872 and 873-890,
 * method 10. */
#include "model/stats.h"

#include <math.h>

/* A sum of probabilities takes all that are not more likely than the one seen; what differs by
 * rounding alone is equal (as R does). */
#define SAME (1 + 1e-7)

static struct rp_interval around(double middle, double half)
{
    return (struct rp_interval){middle - half, middle + half};
}

struct rp_two_rates rp_stats_two_rates(double x_a, double n_a, double x_b, double n_b, double alpha)
{
    struct rp_two_rates r = {.p_a = x_a / n_a, .p_b = x_b / n_b};
    const double n = n_a + n_b, both = (x_a + x_b) / n;

    r.diff = r.p_b - r.p_a;
    r.se_pooled = sqrt(both * (1 - both) * (1 / n_a + 1 / n_b));
    r.z_pooled = r.diff / r.se_pooled;
    r.p_pooled = rp_stats_norm_p(r.z_pooled);
    r.se = sqrt(r.p_a * (1 - r.p_a) / n_a + r.p_b * (1 - r.p_b) / n_b);
    r.z = r.diff / r.se;
    r.p = rp_stats_norm_p(r.z);
    r.wald = around(r.diff, rp_stats_z(alpha) * r.se);
    /* n (|ad - bc| - n/2)^2 / margins; the correction never makes the deviation larger */
    const double cross = fabs(x_a * (n_b - x_b) - x_b * (n_a - x_a));
    const double corrected = fmax(0, cross - 0.5 * n);
    r.chi2_yates = n * corrected * corrected / (n_a * n_b * (x_a + x_b) * (n - x_a - x_b));
    r.p_yates = rp_stats_chi2_sf(1, r.chi2_yates);
    return r;
}

static double ln_choose(double n, double k)
{
    return rp_stats_lgamma(n + 1) - rp_stats_lgamma(k + 1) - rp_stats_lgamma(n - k + 1);
}

double rp_stats_fisher(double x_a, double n_a, double x_b, double n_b)
{
    const double hits = x_a + x_b;
    const double lo = fmax(0, hits - n_b), hi = fmin(hits, n_a);
    const double whole = ln_choose(n_a + n_b, hits);
    const double seen = ln_choose(n_a, x_a) + ln_choose(n_b, x_b) - whole;
    double sum = 0;

    for (long i = 0; lo + (double)i <= hi; i++) {
        const double k = lo + (double)i;
        const double p = ln_choose(n_a, k) + ln_choose(n_b, hits - k) - whole;
        if (p <= seen + log(SAME))
            sum += exp(p);
    }
    return fmin(1, sum);
}

struct rp_interval rp_stats_wilson(double x, double n, double alpha)
{
    const double z = rp_stats_z(alpha), zz = z * z;

    if (!(n > 0))
        return (struct rp_interval){0, 1};
    struct rp_interval ci =
        around((x + 0.5 * zz) / (n + zz), z / (n + zz) * sqrt(x * (n - x) / n + 0.25 * zz));
    if (x <= 0)
        ci.lo = 0;
    if (x >= n)
        ci.hi = 1;
    return ci;
}

struct rp_interval rp_stats_clopper_pearson(double x, double n, double alpha)
{
    return (struct rp_interval){
        x <= 0 ? 0 : rp_stats_beta_quantile(x, n - x + 1, 0.5 * alpha),
        x >= n ? 1 : rp_stats_beta_quantile(x + 1, n - x, 1 - 0.5 * alpha),
    };
}

struct rp_interval rp_stats_agresti_coull(double x, double n, double alpha)
{
    const double z = rp_stats_z(alpha), zz = z * z, p = (x + 0.5 * zz) / (n + zz);

    const struct rp_interval ci = around(p, z * sqrt(p * (1 - p) / (n + zz)));
    return (struct rp_interval){fmax(0, ci.lo), fmin(1, ci.hi)};
}

struct rp_interval rp_stats_jeffreys(double x, double n, double alpha)
{
    return (struct rp_interval){
        rp_stats_beta_quantile(x + 0.5, n - x + 0.5, 0.5 * alpha),
        rp_stats_beta_quantile(x + 0.5, n - x + 0.5, 1 - 0.5 * alpha),
    };
}

struct rp_interval rp_stats_newcombe(double x_a, double n_a, double x_b, double n_b, double alpha)
{
    const struct rp_interval a = rp_stats_wilson(x_a, n_a, alpha);
    const struct rp_interval b = rp_stats_wilson(x_b, n_b, alpha);
    const double p_a = x_a / n_a, p_b = x_b / n_b, d = p_b - p_a;

    return (struct rp_interval){d - hypot(p_b - b.lo, a.hi - p_a),
                                d + hypot(b.hi - p_b, p_a - a.lo)};
}

struct rp_interval rp_stats_agresti_caffo(double x_a, double n_a, double x_b, double n_b,
                                          double alpha)
{
    return rp_stats_two_rates(x_a + 1, n_a + 2, x_b + 1, n_b + 2, alpha).wald;
}

static struct rp_ratio ratio_of(double ln_value, double se, double z)
{
    return (struct rp_ratio){exp(ln_value), se, {exp(ln_value - z * se), exp(ln_value + z * se)}};
}

struct rp_relative rp_stats_relative(double x_a, double n_a, double x_b, double n_b, double alpha)
{
    const double z = rp_stats_z(alpha), p_a = x_a / n_a, p_b = x_b / n_b;
    const double v_a = p_a * (1 - p_a) / n_a, v_b = p_b * (1 - p_b) / n_b;
    const double square = p_a * p_a;
    struct rp_relative r;

    r.uplift.value = (p_b - p_a) / p_a;
    r.uplift.se = sqrt(v_b / square + v_a * p_b * p_b / (square * square));
    r.uplift.ci = around(r.uplift.value, z * r.uplift.se);
    r.risk = ratio_of(log(p_b / p_a), sqrt(1 / x_b - 1 / n_b + 1 / x_a - 1 / n_a), z);
    r.odds = ratio_of(log(x_b * (n_a - x_a) / (x_a * (n_b - x_b))),
                      sqrt(1 / x_a + 1 / (n_a - x_a) + 1 / x_b + 1 / (n_b - x_b)), z);
    r.risk.value = p_b / p_a;
    const double a = x_a + 0.5, b = x_b + 0.5, c = n_a - x_a + 0.5, d = n_b - x_b + 0.5;
    r.lor.value = log(b * c / (a * d));
    r.lor.se = sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    r.lor.ci = around(r.lor.value, z * r.lor.se);
    return r;
}

struct rp_mcnemar rp_stats_mcnemar(double only_1, double only_2)
{
    const double n = only_1 + only_2, less = fmin(only_1, only_2);
    const double off = fabs(only_1 - only_2) - 1;
    struct rp_mcnemar r = {.p_exact = 1, .p = 1};

    if (!(n > 0))
        return r;
    /* P(X <= less) of n tosses = I_{1/2}(n - less, less + 1) */
    if (less < n)
        r.p_exact = fmin(1, 2 * rp_stats_beta_cdf(n - less, less + 1, 0.5));
    r.chi2 = off * off / n;
    r.p = rp_stats_chi2_sf(1, r.chi2);
    return r;
}

/* Two-sided binomial test by least likelihood: the tail of x, and of the other side all that is not
 * more likely than x. Probabilities fall away from the mode, so that side is found by bisection. */
static double binomial_p(double x, double n, double p)
{
    const double odds = log(p), anti = log1p(-p);
    const double seen = ln_choose(n, x) + x * odds + (n - x) * anti + log(SAME);
    const double mean = n * p;

    if (x == mean)
        return 1;
    /* left of the mean: the least k from ceil(mean) on that is in (n + 1: none); right of it: the
     * largest up to floor(mean) (-1: none) */
    double lo = x < mean ? ceil(mean) - 1 : -1, hi = x < mean ? n + 1 : floor(mean) + 1;
    while (hi - lo > 1) {
        const double k = floor(0.5 * (lo + hi));
        const bool in = ln_choose(n, k) + k * odds + (n - k) * anti <= seen;
        if (in == (x < mean))
            hi = k;
        else
            lo = k;
    }
    /* P(X <= k) = I_{1-p}(n - k, k + 1), P(X >= k) = I_p(k, n - k + 1) */
    const double below = x < mean ? x : lo, above = x < mean ? hi : x;
    const double left = below < 0 ? 0 : rp_stats_beta_cdf(n - below, below + 1, 1 - p);
    const double right = above > n ? 0 : rp_stats_beta_cdf(above, n - above + 1, p);
    return fmin(1, left + right);
}

struct rp_rate_ratio rp_stats_poisson_ratio(double before, double time_before, double after,
                                            double time_after, double alpha)
{
    const double n = before + after, share = time_after / (time_before + time_after);
    const double scale = time_before / time_after;
    struct rp_rate_ratio r = {.ratio = after / time_after / (before / time_before)};

    if (!(n > 0))
        return (struct rp_rate_ratio){(double)NAN, 1, {0, (double)INFINITY}};
    r.p = binomial_p(after, n, share);
    const struct rp_interval ci = rp_stats_clopper_pearson(after, n, alpha);
    r.ci.lo = ci.lo / (1 - ci.lo) * scale;
    r.ci.hi = ci.hi >= 1 ? (double)INFINITY : ci.hi / (1 - ci.hi) * scale;
    return r;
}

struct rp_trend rp_stats_trend(const double *x, const double *n, size_t k)
{
    double hits = 0, all = 0, cross = 0, sum_s = 0, sum_ss = 0;
    struct rp_trend r = {.het_df = (int)k - 1};

    for (size_t i = 0; i < k; i++) {
        const double s = (double)i + 1;
        hits += x[i];
        all += n[i];
        sum_s += n[i] * s;
        sum_ss += n[i] * s * s;
    }
    const double p = hits / all, v = p * (1 - p);
    for (size_t i = 0; i < k; i++) {
        const double off = x[i] - n[i] * p;
        cross += ((double)i + 1) * off;
        if (n[i] > 0)
            r.het_chi2 += off * off / (n[i] * v);
    }
    r.chi2 = cross * cross / (v * (sum_ss - sum_s * sum_s / all));
    r.p = rp_stats_chi2_sf(1, r.chi2);
    r.het_p = rp_stats_chi2_sf(r.het_df, r.het_chi2);
    return r;
}

struct rp_lift rp_stats_lift(double converted_with, double leads_with, double converted,
                             double leads, double alpha)
{
    const double x0 = converted - converted_with, n0 = leads - leads_with;
    const struct rp_ratio lor = rp_stats_relative(x0, n0, converted_with, leads_with, alpha).lor;
    struct rp_lift r = {.with_rate = converted_with / leads_with, .without_rate = x0 / n0};

    r.lift = r.with_rate / (converted / leads);
    r.lor = lor.value;
    r.se = lor.se;
    r.ci = lor.ci;
    r.z = lor.value / lor.se;
    r.p = rp_stats_norm_p(r.z);
    return r;
}
