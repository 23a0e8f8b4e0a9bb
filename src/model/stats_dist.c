/* SPDX-License-Identifier: MIT */
/* Distributions over libm's erfc, lgamma_r and log1p: normal, gamma, beta, t, chi square, and their
 * inverses. Everything above in stats_*.c stands on these.
 *
 * The factor x^a (1-x)^b / B(a,b) and its kin of the gamma function are computed by Loader's
 * saddle-point form (deviance and Stirling's rest), not by differences of lgamma: those lose seven
 * digits at a million leads. A tail is always the smaller side, computed as such. */
#include "model/stats.h"

#include <float.h>
#include <math.h>

#define LN_SQRT_2PI 0.918938533204672741780329736406
#define SQRT_1_2    0.707106781186547524400844362105
#define FRACTIONS   200000 /* terms at most; about the root of the larger parameter are needed */
#define TINY        1e-300

double rp_stats_norm_pdf(double z)
{
    return exp(-0.5 * z * z - LN_SQRT_2PI);
}

double rp_stats_norm_cdf(double z)
{
    return 0.5 * erfc(-z * SQRT_1_2);
}

double rp_stats_norm_sf(double z)
{
    return 0.5 * erfc(z * SQRT_1_2);
}

double rp_stats_norm_p(double z)
{
    return erfc(fabs(z) * SQRT_1_2);
}

double rp_stats_z(double alpha)
{
    return -rp_stats_norm_quantile(0.5 * alpha);
}

static double polynomial(const double *c, int degree, double x)
{
    double sum = c[degree];

    for (int i = degree - 1; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

/* Wichura's AS241, PPND16: relative error 1e-16 in its own words. */
double rp_stats_norm_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                               1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    const double q = p - 0.5;

    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(a, 7, r) / polynomial(b, 7, r);
    }
    const double tail = q < 0 ? p : 1 - p;
    if (tail <= 0)
        return q < 0 ? (double)-INFINITY : (double)INFINITY;
    double r = sqrt(-log(tail));
    if (r <= 5) {
        r -= 1.6;
        r = polynomial(c, 7, r) / polynomial(d, 7, r);
    } else {
        r -= 5;
        r = polynomial(e, 7, r) / polynomial(f, 7, r);
    }
    return q < 0 ? -r : r;
}

double rp_stats_lgamma(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

/* ln Γ(n + 1) - ((n + ½) ln n - n + ln √2π): what Stirling's formula leaves out. */
static double stirling_rest(double n)
{
    if (n <= 15)
        return rp_stats_lgamma(n + 1) - (n + 0.5) * log(n) + n - LN_SQRT_2PI;
    const double nn = n * n;
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / nn) / nn) / nn) / nn) /
           n;
}

/* x ln(x / m) + m - x, also where x and m are close. */
static double deviance(double x, double m)
{
    if (fabs(x - m) >= 0.1 * (x + m))
        return x * log(x / m) + m - x;
    const double v = (x - m) / (x + m);
    double sum = (x - m) * v, term = 2 * x * v;

    for (int j = 1; j < 1000; j++) {
        term *= v * v;
        const double next = sum + term / (2 * j + 1);
        if (next == sum)
            break;
        sum = next;
    }
    return sum;
}

/* x^a e^-x / Γ(a + 1). */
static double gamma_factor(double a, double x)
{
    if (x == 0)
        return 0;
    if (a < 1e-3) /* no square root of something near 0 */
        return exp(a * log(x) - x - rp_stats_lgamma(a + 1));
    return exp(-stirling_rest(a) - deviance(a, x)) / sqrt(2 * M_PI * a);
}

/* The lower side by its series, the upper one by its continued fraction (Lentz). */
static void gamma_both(double a, double x, double *ret_p, double *ret_q)
{
    const double factor = gamma_factor(a, x);

    if (x < a + 1) {
        double term = 1, sum = 1;
        for (int i = 1; i < FRACTIONS && term > sum * DBL_EPSILON * 0.25; i++) {
            term *= x / (a + i);
            sum += term;
        }
        *ret_p = factor * sum;
        *ret_q = 1 - *ret_p;
        return;
    }
    double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;
    for (int i = 1; i < FRACTIONS; i++) {
        const double an = -i * (i - a);
        b += 2;
        d = an * d + b;
        c = b + an / c;
        d = 1 / (fabs(d) < TINY ? TINY : d);
        c = fabs(c) < TINY ? TINY : c;
        const double delta = d * c;
        h *= delta;
        if (fabs(delta - 1) < DBL_EPSILON)
            break;
    }
    *ret_q = factor * a * h;
    *ret_p = 1 - *ret_q;
}

double rp_stats_gamma_p(double a, double x)
{
    double p, q;

    if (!(a > 0) || isnan(x))
        return (double)NAN;
    if (x <= 0)
        return 0;
    if (isinf(x))
        return 1;
    gamma_both(a, x, &p, &q);
    return p;
}

double rp_stats_gamma_q(double a, double x)
{
    double p, q;

    if (!(a > 0) || isnan(x))
        return (double)NAN;
    if (x <= 0)
        return 1;
    if (isinf(x))
        return 0;
    gamma_both(a, x, &p, &q);
    return q;
}

double rp_stats_chi2_sf(double df, double x)
{
    return rp_stats_gamma_q(0.5 * df, 0.5 * x);
}

/* x^a y^b / B(a, b), y = 1 - x given apart. */
static double beta_factor(double a, double b, double x, double y)
{
    const double n = a + b;

    if (x <= 0 || y <= 0)
        return 0;
    if (a < 1e-3 || b < 1e-3)
        return exp(a * log(x) + b * log(y) + rp_stats_lgamma(n) - rp_stats_lgamma(a) -
                   rp_stats_lgamma(b));
    const double rest = stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
    return exp(rest - deviance(a, n * x) - deviance(b, n * y)) * sqrt(a * b / (2 * M_PI * n));
}

/* The continued fraction of I_x(a, b) by Lentz' method; fast below (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    const double sum = a + b;
    double c = 1, d = 1 - sum * x / (a + 1), h;

    d = 1 / (fabs(d) < TINY ? TINY : d);
    h = d;
    for (int m = 1; m < FRACTIONS; m++) {
        double an = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 + an * d;
        c = 1 + an / c;
        d = 1 / (fabs(d) < TINY ? TINY : d);
        c = fabs(c) < TINY ? TINY : c;
        h *= d * c;
        an = -(a + m) * (sum + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + an * d;
        c = 1 + an / c;
        d = 1 / (fabs(d) < TINY ? TINY : d);
        c = fabs(c) < TINY ? TINY : c;
        const double delta = d * c;
        h *= delta;
        if (fabs(delta - 1) < DBL_EPSILON)
            break;
    }
    return h;
}

static void beta_both(double a, double b, double x, double y, double *ret_lower, double *ret_upper)
{
    const double factor = beta_factor(a, b, x, y);

    if (x < (a + 1) / (a + b + 2)) {
        *ret_lower = factor * beta_fraction(a, b, x) / a;
        *ret_upper = 1 - *ret_lower;
    } else {
        *ret_upper = factor * beta_fraction(b, a, y) / b;
        *ret_lower = 1 - *ret_upper;
    }
}

static bool beta_edge(double a, double b, double x, double *ret_lower)
{
    if (!(a > 0 && b > 0) || isnan(x))
        *ret_lower = (double)NAN;
    else if (x <= 0)
        *ret_lower = 0;
    else if (x >= 1)
        *ret_lower = 1;
    else
        return false;
    return true;
}

double rp_stats_beta_cdf(double a, double b, double x)
{
    double lower, upper;

    if (beta_edge(a, b, x, &lower))
        return lower;
    beta_both(a, b, x, 1 - x, &lower, &upper);
    return lower;
}

double rp_stats_beta_sf(double a, double b, double x)
{
    double lower, upper;

    if (beta_edge(a, b, x, &lower))
        return 1 - lower;
    beta_both(a, b, x, 1 - x, &lower, &upper);
    return upper;
}

double rp_stats_beta_pdf(double a, double b, double x)
{
    if (!(x > 0 && x < 1))
        return 0;
    return beta_factor(a, b, x, 1 - x) / (x * (1 - x));
}

/* ln(x / (1 - x)) of the quantile with `p` below it or `p` above it, whichever is asked. On this
 * scale both ends have their digits; Newton's step is kept inside a shrinking bracket. */
static double beta_logit(double a, double b, double p, bool above)
{
    double lo = -800, hi = 800, u = log(a / b);

    for (int i = 0; i < 400; i++) {
        const double x = u < 0 ? exp(u) / (1 + exp(u)) : 1 / (1 + exp(-u));
        const double y = u < 0 ? 1 / (1 + exp(u)) : exp(-u) / (1 + exp(-u));
        double lower, upper;
        beta_both(a, b, x, y, &lower, &upper);
        const double off = above ? p - upper : lower - p;
        if (off > 0)
            hi = u;
        else
            lo = u;
        double next = u - off / beta_factor(a, b, x, y);
        if (!(next > lo && next < hi))
            next = 0.5 * (lo + hi);
        if (fabs(next - u) <= 1e-15 * (1 + fabs(u)) || off == 0)
            return off == 0 ? u : next;
        u = next;
    }
    return u;
}

double rp_stats_beta_quantile(double a, double b, double p)
{
    if (!(a > 0 && b > 0) || !(p >= 0 && p <= 1))
        return (double)NAN;
    if (p == 0 || p == 1)
        return p;
    const double u = p > 0.5 ? beta_logit(a, b, 1 - p, true) : beta_logit(a, b, p, false);
    return u < 0 ? exp(u) / (1 + exp(u)) : 1 / (1 + exp(-u));
}

double rp_stats_t_p(double df, double t)
{
    double lower, upper;

    if (!(df > 0) || isnan(t))
        return (double)NAN;
    if (isinf(df))
        return rp_stats_norm_p(t);
    if (t == 0)
        return 1;
    if (isinf(t))
        return 0;
    const double square = t * t, sum = df + square;
    beta_both(0.5 * df, 0.5, df / sum, square / sum, &lower, &upper);
    return lower;
}

double rp_stats_t_sf(double df, double t)
{
    const double tail = 0.5 * rp_stats_t_p(df, t);

    return t >= 0 ? tail : 1 - tail;
}

double rp_stats_t_quantile(double df, double p)
{
    if (!(df > 0) || !(p >= 0 && p <= 1))
        return (double)NAN;
    if (isinf(df))
        return rp_stats_norm_quantile(p);
    if (p == 0.5)
        return 0;
    const double tail = p < 0.5 ? p : 1 - p;
    if (tail <= 0)
        return p < 0.5 ? (double)-INFINITY : (double)INFINITY;
    /* x / (1 - x) = df / t^2, with I_x(df/2, 1/2) = 2 tail */
    const double u = beta_logit(0.5 * df, 0.5, 2 * tail, false);
    const double t = sqrt(df * exp(-u));
    return p < 0.5 ? -t : t;
}
