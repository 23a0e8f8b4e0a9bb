/* SPDX-License-Identifier: MIT */
/* Chance to win and expected loss. Beta-binomial by quadrature without random numbers: arms with 20
 * to 500 conversions are not normal. The Gaussian effect is GrowthBook's engine, in closed form.
 *
 * The integral over x runs in u, x = sin^2 u, which takes away what is infinite at the ends when a
 * parameter is below 1; over the mean +- 14 standard deviations, in panels of 20 Gauss-Legendre
 * points. Errors stay below 1e-10. */
#include "base/check.h"
#include "model/stats.h"

#include <math.h>

#define PANELS 16
#define WIDE   14.0
#define NODES  10 /* of the positive half of 20 */

static const double node[NODES] = {0.076526521133497333755, 0.227785851141645078080,
                                   0.373706088715419560673, 0.510867001950827098004,
                                   0.636053680726515025453, 0.746331906460150792614,
                                   0.839116971822218823395, 0.912234428251325905868,
                                   0.963971927277913791268, 0.993128599185094924786};
static const double weight[NODES] = {0.152753387130725850698, 0.149172986472603746788,
                                     0.142096109318382051329, 0.131688638449176626898,
                                     0.118194531961518417312, 0.101930119817240435037,
                                     0.083276741576704748725, 0.062672048334109063570,
                                     0.040601429800386941331, 0.017614007139152118312};

struct beta {
    double a, b;
};

static double mean_of(struct beta d)
{
    return d.a / (d.a + d.b);
}

/* The density in u times the product of the others' cdf at sin^2 u. */
static double integrand(struct beta d, const struct beta *other, size_t k, double u)
{
    const double s = sin(u), c = cos(u), x = s * s;
    double value = rp_stats_beta_pdf(d.a, d.b, x) * 2 * s * c;

    for (size_t i = 0; i < k && value > 0; i++)
        value *= rp_stats_beta_cdf(other[i].a, other[i].b, x);
    return value;
}

/* P(d is above all others). */
static double chance_above(struct beta d, const struct beta *other, size_t k)
{
    const double n = d.a + d.b, mean = mean_of(d);
    const double sd = sqrt(d.a * d.b / (n * n * (n + 1)));
    const double lo = asin(sqrt(fmax(0, mean - WIDE * sd)));
    const double hi = asin(sqrt(fmin(1, mean + WIDE * sd)));
    const double half = (hi - lo) / (2 * PANELS);
    double sum = 0;

    for (int panel = 0; panel < PANELS; panel++) {
        const double middle = lo + (2 * panel + 1) * half;
        for (int i = 0; i < NODES; i++)
            sum += weight[i] * (integrand(d, other, k, middle - half * node[i]) +
                                integrand(d, other, k, middle + half * node[i]));
    }
    return fmin(1, sum * half);
}

struct rp_beta_ab rp_stats_beta_ab(double prior_a, double prior_b, double x_a, double n_a,
                                   double x_b, double n_b, double alpha)
{
    const struct beta a = {prior_a + x_a, prior_b + n_a - x_a};
    const struct beta b = {prior_a + x_b, prior_b + n_b - x_b};
    const struct beta a_more = {a.a + 1, a.b}, b_more = {b.a + 1, b.b};
    struct rp_beta_ab r = {.mean_a = mean_of(a), .mean_b = mean_of(b)};

    r.chance = chance_above(b, &a, 1);
    /* E[(A-B)+] = E[A] P(A' > B) - E[B] P(A > B') */
    r.loss_b =
        fmax(0, r.mean_a * chance_above(a_more, &b, 1) - r.mean_b * chance_above(a, &b_more, 1));
    r.loss_a = fmax(0, r.loss_b + r.mean_b - r.mean_a);
    r.a.lo = rp_stats_beta_quantile(a.a, a.b, 0.5 * alpha);
    r.a.hi = rp_stats_beta_quantile(a.a, a.b, 1 - 0.5 * alpha);
    r.b.lo = rp_stats_beta_quantile(b.a, b.b, 0.5 * alpha);
    r.b.hi = rp_stats_beta_quantile(b.a, b.b, 1 - 0.5 * alpha);
    return r;
}

void rp_stats_beta_best(double prior_a, double prior_b, const double *x, const double *n, size_t k,
                        double *ret_best)
{
    struct beta other[RP_STATS_ARMS_MAX];
    double sum = 0;

    RP_ASSERT(k >= 1 && k <= RP_STATS_ARMS_MAX);
    for (size_t best = 0; best < k; best++) {
        size_t others = 0;
        for (size_t i = 0; i < k; i++)
            if (i != best)
                other[others++] = (struct beta){prior_a + x[i], prior_b + n[i] - x[i]};
        const struct beta d = {prior_a + x[best], prior_b + n[best] - x[best]};
        ret_best[best] = chance_above(d, other, others);
        sum += ret_best[best];
    }
    for (size_t i = 0; i < k; i++)
        ret_best[i] /= sum;
}

void rp_stats_thompson(const double *best, size_t k, double floor, double *ret_weights)
{
    for (size_t i = 0; i < k; i++)
        ret_weights[i] = floor + (1 - (double)k * floor) * best[i];
}

struct rp_gauss rp_stats_gauss(double estimate, double se, double prior_mean, double prior_var,
                               double alpha)
{
    const double prior = prior_var > 0 ? 1 / prior_var : 0, seen = 1 / (se * se);
    const double z = rp_stats_z(alpha);
    struct rp_gauss r;

    r.mean = (estimate * seen + prior_mean * prior) / (seen + prior);
    r.sd = 1 / sqrt(seen + prior);
    const double at = r.mean / r.sd;
    r.chance = rp_stats_norm_cdf(at);
    /* E[D+] = mu Phi(mu/s) + s phi(mu/s): each side from its own tail, so that neither cancels */
    const double bump = r.sd * rp_stats_norm_pdf(at);
    if (fabs(at) > 37) {
        r.risk_control = fmax(r.mean, 0);
        r.risk_treatment = fmax(-r.mean, 0);
    } else {
        r.risk_control = fmax(0, bump + r.mean * r.chance);
        r.risk_treatment = fmax(0, bump - r.mean * rp_stats_norm_sf(at));
    }
    r.ci = (struct rp_interval){r.mean - z * r.sd, r.mean + z * r.sd};
    return r;
}
