/* SPDX-License-Identifier: MIT */
/* What may be looked at every day. Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Ann. Stat. 2024
 * (arXiv 2103.06476): two-sided eq. 9, one-sided eq. 134, e-value eq. 155, rho eq. 161; the same as
 * a mixture SPRT (Johari, Koomen, Pekelis, Walsh) with tau^2 = rho^2 se^2 N. Exponents overflow, so
 * p-values are made of logarithms. */
#include "model/stats.h"

#include <math.h>

#define SRM_ALARM     0.001
#define SRM_LEADS_MIN 8 /* an arm */

static struct rp_sequential one_sided(struct rp_effect effect, double n_star, double alpha,
                                      enum rp_side side)
{
    const double wide = 2 * alpha, n = effect.n;
    struct rp_sequential r = {.rho = sqrt((-2 * log(wide) + log(1 - 2 * log(wide))) / n_star)};
    const double t = n * r.rho * r.rho + 1, nr = n * r.rho;
    const double variance = effect.se * effect.se * n;

    r.halfwidth = sqrt(variance * 2 * t / (nr * nr) * log1p(sqrt(t) / wide));
    r.ci = (struct rp_interval){(double)-INFINITY, (double)INFINITY};
    if (side == RP_GREATER)
        r.ci.lo = effect.estimate - r.halfwidth;
    else
        r.ci.hi = effect.estimate + r.halfwidth;
    /* The alpha at which the bound touches 0, with rho as it is: sqrt(t) / (2 (e^E - 1)). */
    const double toward = side == RP_GREATER ? effect.estimate : -effect.estimate;
    const double e = toward * toward * nr * nr / (2 * variance * t);
    r.p = 1;
    if (toward > 0)
        r.p = e > 500 ? exp(0.5 * log(t) - M_LN2 - e) : fmin(1, sqrt(t) / (2 * expm1(e)));
    return r;
}

struct rp_sequential rp_stats_sequence(struct rp_effect effect, double n_star, double alpha,
                                       enum rp_side side)
{
    if (side != RP_TWO_SIDED)
        return one_sided(effect, n_star, alpha, side);
    const double n = effect.n;
    struct rp_sequential r = {.rho = sqrt((-2 * log(alpha) + log(1 - 2 * log(alpha))) / n_star)};
    const double t = n * r.rho * r.rho + 1, nr = n * r.rho;
    const double z = effect.estimate / effect.se;

    r.halfwidth = effect.se * sqrt(n * 2 * t / (nr * nr) * (0.5 * log(t) - log(alpha)));
    r.ci = (struct rp_interval){effect.estimate - r.halfwidth, effect.estimate + r.halfwidth};
    const double ln_e = r.rho * r.rho * n * z * z / (2 * t) - 0.5 * log(t);
    r.p = ln_e > 0 ? exp(-ln_e) : 1;
    if (!(effect.se > 0)) /* nothing varies yet: nothing is known */
        r.p = 1;
    return r;
}

struct rp_msprt rp_stats_msprt(double diff, double var, double tau, double alpha)
{
    const double tt = tau * tau, sum = var + tt, ln_share = log(var / sum);
    const double ln_lambda = 0.5 * ln_share + tt * diff * diff / (2 * var * sum);

    return (struct rp_msprt){
        .lambda = exp(ln_lambda),
        .p = ln_lambda > 0 ? exp(-ln_lambda) : 1,
        .halfwidth = sqrt(var * sum / tt * (-2 * log(alpha) - ln_share)),
    };
}

struct rp_srm rp_stats_srm(const double *observed, const double *weights, size_t k)
{
    double all = 0, shares = 0;
    struct rp_srm r = {.df = -1};

    for (size_t i = 0; i < k; i++) {
        if (weights[i] > 0) {
            all += observed[i];
            shares += weights[i];
            r.df++;
        }
    }
    for (size_t i = 0; i < k; i++) {
        if (weights[i] > 0) {
            const double expected = all * weights[i] / shares, off = observed[i] - expected;
            r.chi2 += expected > 0 ? off * off / expected : 0;
        }
    }
    r.p = r.df > 0 ? rp_stats_chi2_sf(r.df, r.chi2) : 1;
    r.alarm = r.p < SRM_ALARM && all >= SRM_LEADS_MIN * (r.df + 1.0);
    return r;
}
