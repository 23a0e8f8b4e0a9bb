/* SPDX-License-Identifier: MIT */
/* How many leads a test needs, what it can find with those it has, and how long that takes. Rates
 * after Fleiss (what R's power.prop.test gives), means as GrowthBook plans them (relative effect,
 * both arms with the control's variance, optionally widened for looking every day). */
#include "model/stats.h"

#include <math.h>

double rp_stats_n_rates(double p_a, double p_b, double alpha, double power, double ratio)
{
    const double d = p_b - p_a, mean = (p_a + ratio * p_b) / (1 + ratio);
    const double root =
        rp_stats_z(alpha) * sqrt(mean * (1 - mean) * (1 + 1 / ratio)) +
        rp_stats_norm_quantile(power) * sqrt(p_a * (1 - p_a) + p_b * (1 - p_b) / ratio);

    return root * root / (d * d);
}

double rp_stats_n_unpooled(double p_a, double p_b, double alpha, double power, double ratio)
{
    const double d = p_b - p_a, z = rp_stats_z(alpha) + rp_stats_norm_quantile(power);

    return z * z * (p_a * (1 - p_a) + p_b * (1 - p_b) / ratio) / (d * d);
}

double rp_stats_cohen_h(double p_a, double p_b)
{
    return 2 * asin(sqrt(p_b)) - 2 * asin(sqrt(p_a));
}

/* Both tails of a normal test whose true effect is `shift` standard errors. */
static double power_of(double shift, double z)
{
    return rp_stats_norm_sf(z - shift) + rp_stats_norm_cdf(-z - shift);
}

double rp_stats_n_cohen(double p_a, double p_b, double alpha, double power, double ratio)
{
    const double h = rp_stats_cohen_h(p_a, p_b), z = rp_stats_z(alpha);
    double lo = 0, hi = z + rp_stats_norm_quantile(power); /* the far tail gives the rest */

    for (int i = 0; i < 200 && hi - lo > 1e-15 * hi; i++) {
        const double shift = 0.5 * (lo + hi);
        if (power_of(shift, z) < power)
            lo = shift;
        else
            hi = shift;
    }
    return hi * hi * (1 + 1 / ratio) / (h * h);
}

double rp_stats_power_rates(double p_a, double p_b, double n_a, double n_b, double alpha)
{
    const double se = sqrt(p_a * (1 - p_a) / n_a + p_b * (1 - p_b) / n_b);

    return power_of((p_b - p_a) / se, rp_stats_z(alpha));
}

double rp_stats_mde_rates(double p_a, double n_a, double n_b, double alpha, double power)
{
    double lo = p_a, hi = 1;

    if (!(n_a > 0 && n_b > 0 && p_a >= 0 && p_a < 1) ||
        rp_stats_n_rates(p_a, hi, alpha, power, n_b / n_a) > n_a)
        return (double)NAN;
    for (int i = 0; i < 200 && hi - lo > 1e-15; i++) {
        const double p = 0.5 * (lo + hi);
        if (rp_stats_n_rates(p_a, p, alpha, power, n_b / n_a) > n_a)
            lo = p;
        else
            hi = p;
    }
    return hi - p_a;
}

/* How much wider, in variance, the confidence sequence is than one look at n leads in all. */
static double sequence_price(double n, double alpha, double n_star)
{
    const struct rp_effect unit = {.se = 1, .n = n, .df = n};
    const double wide = rp_stats_sequence(unit, n_star, alpha, RP_TWO_SIDED).halfwidth;
    const double z = rp_stats_z(alpha);

    return wide * wide / (z * z);
}

double rp_stats_power_mean(double mean, double var, double effect, double n, double variations,
                           double alpha, double n_star)
{
    const double arm = n / variations, b = mean * (1 + effect);
    const struct rp_effect e =
        rp_stats_effect((struct rp_sample){arm, mean, var}, (struct rp_sample){arm, b, var}, true);
    const double price = n_star > 0 ? sequence_price(2 * arm, alpha, n_star) : 1;

    return power_of(effect / (e.se * sqrt(price)), rp_stats_z(alpha));
}

double rp_stats_mde_mean(double mean, double var, double n, double variations, double alpha,
                         double power, double n_star)
{
    const double arm = n / variations;
    const double z = rp_stats_z(alpha) + rp_stats_norm_quantile(power);
    const double price = n_star > 0 ? sequence_price(2 * arm, alpha, n_star) : 1;
    const double s = z * z * var * price / arm;
    /* (1 - s / m^2) x^2 - 2 m x + (m^2 - s) = 0, the larger root */
    const double a = 1 - s / (mean * mean), c = mean * mean - s;
    const double inside = mean * mean - a * c;
    if (!(a > 0) || inside < 0)
        return (double)NAN;
    const double x = (mean + sqrt(inside)) / a;
    return (x - mean) / mean;
}

double rp_stats_days_left(double needed, double have, double per_day, double window_days)
{
    if (have >= needed)
        return 0;
    if (!(per_day > 0))
        return (double)INFINITY;
    return (needed - have) / per_day + window_days;
}
