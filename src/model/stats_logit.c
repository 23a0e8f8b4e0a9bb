/* SPDX-License-Identifier: MIT */
/* Logistic regression by Newton's method on the Cholesky factor of the Hessian: at most forty
 * columns, so that a step is one pass over the rows. The objective does not rise with any step that
 * is taken (halving), which makes a warm start safe. */
#include "base/check.h"
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS   (RP_LOGIT_MAX + 1)
#define STEPS_MAX 60
#define PRODUCT   30    /* 2^30 at most */
#define SLACK     1e-13 /* of the objective: near the optimum its last digits are noise */
#define ETA_SURE  35.0  /* beyond it a row cannot say more */

struct system {
    double gradient[COLUMNS];
    double hessian[COLUMNS][COLUMNS]; /* lower triangle; then its factor */
};

static double eta_of(const struct rp_logit *data, const double *coef, size_t row)
{
    const double *x = data->x + row * data->k;
    double eta = coef[0] + (data->offset ? data->offset[row] : 0);

    for (size_t j = 0; j < data->k; j++)
        eta += coef[j + 1] * x[j];
    return eta;
}

static double penalty(const struct rp_logit *data, const double *coef)
{
    double sum = data->penalise_bias ? coef[0] * coef[0] : 0;

    for (size_t j = 1; j <= data->k; j++)
        sum += coef[j] * coef[j];
    return 0.5 * data->lambda * sum;
}

/* The log loss, and each row's probability. ln(1 + e^-|eta|) is summed as the logarithm of products
 * of thirty: one logarithm for thirty rows, and no digit less. */
static double loss(const struct rp_logit *data, const double *coef, double *p)
{
    double sum = 0, rest = 0, product = 1; /* Kahan: a million rows, differences of 1e-12 decide */

    for (size_t i = 0; i < data->n; i++) {
        const double eta = eta_of(data, coef, i), small = exp(-fabs(eta));
        double term = (data->y[i] != 0) == (eta < 0) ? fabs(eta) : 0;
        p[i] = (eta < 0 ? small : 1) / (1 + small);
        if (data->weight)
            term = data->weight[i] * (term + log1p(small));
        else
            product *= 1 + small;
        if (i % PRODUCT == PRODUCT - 1) {
            term += log(product);
            product = 1;
        }
        term -= rest;
        const double next = sum + term;
        rest = (next - sum) - term;
        sum = next;
    }
    return sum + log(product);
}

static void assemble(const struct rp_logit *data, const double *coef, const double *p,
                     struct system *s)
{
    const size_t k = data->k;

    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < data->n; i++) {
        const double *x = data->x + i * k;
        const double times = data->weight ? data->weight[i] : 1;
        const double w = times * p[i] * (1 - p[i]);
        const double off = times * (p[i] - (data->y[i] ? 1.0 : 0.0));
        s->gradient[0] += off;
        s->hessian[0][0] += w;
        for (size_t a = 0; a < k; a++) {
            const double wx = w * x[a];
            double *line = s->hessian[a + 1];
            s->gradient[a + 1] += off * x[a];
            line[0] += wx;
            for (size_t b = 0; b <= a; b++)
                line[b + 1] += wx * x[b];
        }
    }
    for (size_t j = data->penalise_bias ? 0 : 1; j <= k; j++) {
        s->gradient[j] += data->lambda * coef[j];
        s->hessian[j][j] += data->lambda;
    }
}

static bool factorise(struct system *s, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const double diagonal = s->hessian[i][i];
        for (size_t j = 0; j <= i; j++) {
            double sum = s->hessian[i][j];
            for (size_t m = 0; m < j; m++)
                sum -= s->hessian[i][m] * s->hessian[j][m];
            if (i != j)
                s->hessian[i][j] = sum / s->hessian[j][j];
            else if (sum > diagonal * 1e-13 && sum > 0)
                s->hessian[i][i] = sqrt(sum);
            else
                return false;
        }
    }
    return true;
}

static void solve(const struct system *s, size_t size, double *v)
{
    for (size_t i = 0; i < size; i++) {
        for (size_t m = 0; m < i; m++)
            v[i] -= s->hessian[i][m] * v[m];
        v[i] /= s->hessian[i][i];
    }
    for (size_t i = size; i-- > 0;) {
        for (size_t m = i + 1; m < size; m++)
            v[i] -= s->hessian[m][i] * v[m];
        v[i] /= s->hessian[i][i];
    }
}

/* Every row is told apart for sure: the coefficients would grow without end. */
static bool separated(const struct rp_logit *data, const double *coef)
{
    if (data->lambda > 0)
        return false;
    for (size_t i = 0; i < data->n; i++)
        if (fabs(eta_of(data, coef, i)) > ETA_SURE)
            return true;
    return false;
}

/* One step of at most the full Newton step; false: nothing gets better any more. */
static bool descend(const struct rp_logit *data, const double *step, double *p,
                    struct rp_logit_fit *fit)
{
    for (int halved = 0; halved < 30; halved++) {
        const double length = ldexp(1, -halved);
        double coef[COLUMNS];
        for (size_t j = 0; j <= data->k; j++)
            coef[j] = fit->coef[j] - length * step[j];
        const double nll = loss(data, coef, p), objective = nll + penalty(data, coef);
        if (objective <= fit->objective + SLACK * (1 + fabs(fit->objective))) {
            memcpy(fit->coef, coef, (data->k + 1) * sizeof(*coef));
            fit->nll = nll;
            fit->objective = objective;
            return true;
        }
    }
    return false;
}

static double null_loss(double ones, double n)
{
    const double p = ones / n;

    return -(ones * log(p) + (n - ones) * log1p(-p));
}

/* Steps until they are small; false: no optimum. s is of the last step. */
static bool iterate(const struct rp_logit *data, double *p, struct system *s,
                    struct rp_logit_fit *fit)
{
    const double enough = data->tolerance > 0 ? data->tolerance : 1e-11;
    const size_t size = data->k + 1;
    double step[COLUMNS];
    bool done = false;

    fit->nll = loss(data, fit->coef, p);
    fit->objective = fit->nll + penalty(data, fit->coef);
    for (fit->steps = 0; !done && fit->steps < STEPS_MAX; fit->steps++) {
        double largest = 0;
        assemble(data, fit->coef, p, s);
        if (!factorise(s, size))
            return false;
        memcpy(step, s->gradient, size * sizeof(*step));
        solve(s, size, step);
        for (size_t j = 0; j < size; j++)
            largest = fmax(largest, fabs(step[j]));
        done = !descend(data, step, p, fit) || largest < enough;
        if (separated(data, fit->coef))
            return false;
    }
    return done;
}

bool rp_stats_logit_fit(const struct rp_logit *data, bool warm, struct rp_logit_fit *ret_fit)
{
    struct rp_logit_fit *fit = ret_fit;
    struct system s;
    double ones = 0, all = 0, column[COLUMNS];

    RP_ASSERT(data->k <= RP_LOGIT_MAX);
    for (size_t i = 0; i < data->n; i++) {
        const double times = data->weight ? data->weight[i] : 1;
        all += times;
        ones += data->y[i] ? times : 0;
    }
    if (!warm) {
        memset(fit, 0, sizeof(*fit));
        if (!data->offset && ones > 0 && ones < all)
            fit->coef[0] = log(ones / (all - ones));
    }
    if (!(ones > 0 && ones < all))
        return false;
    fit->null_nll = null_loss(ones, all);
    double *p = rp_calloc(data->n, sizeof(*p));
    const bool done = iterate(data, p, &s, fit);
    free(p);
    for (size_t j = 0; done && j <= data->k; j++) { /* the diagonal of the inverse */
        memset(column, 0, sizeof(column));
        column[j] = 1;
        solve(&s, data->k + 1, column);
        fit->se[j] = sqrt(column[j]);
    }
    return done;
}
