/* SPDX-License-Identifier: MIT */
/* Logistic regression by Newton's method on the Cholesky factor of the Hessian: at most forty
 * columns, so that a step is one pass over the rows. The objective falls with every step that is
 * taken (halving), which makes a warm start safe. */
#include "base/check.h"
#include "model/stats.h"

#include <math.h>
#include <string.h>

#define COLUMNS   (RP_LOGIT_MAX + 1)
#define STEPS_MAX 60
#define ETA_SURE  35.0 /* beyond it a row cannot say more */

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

/* ln(1 + e^z) without overflow. */
static double softplus(double z)
{
    return z > 0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

static double penalty(const struct rp_logit *data, const double *coef)
{
    double sum = data->penalise_bias ? coef[0] * coef[0] : 0;

    for (size_t j = 1; j <= data->k; j++)
        sum += coef[j] * coef[j];
    return 0.5 * data->lambda * sum;
}

static double loss(const struct rp_logit *data, const double *coef)
{
    double sum = 0, rest = 0; /* Kahan: a million rows, differences of 1e-12 decide */

    for (size_t i = 0; i < data->n; i++) {
        const double eta = eta_of(data, coef, i);
        const double term = softplus(data->y[i] ? -eta : eta) - rest, next = sum + term;
        rest = (next - sum) - term;
        sum = next;
    }
    return sum;
}

static void assemble(const struct rp_logit *data, const double *coef, struct system *s)
{
    const size_t k = data->k;

    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < data->n; i++) {
        const double *x = data->x + i * k, eta = eta_of(data, coef, i);
        const double p = 1 / (1 + exp(-eta)), w = p * (1 - p);
        const double off = p - (data->y[i] ? 1.0 : 0.0);
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
static bool descend(const struct rp_logit *data, const double *step, struct rp_logit_fit *fit)
{
    for (double length = 1; length > 1e-9; length *= 0.5) {
        double coef[COLUMNS];
        for (size_t j = 0; j <= data->k; j++)
            coef[j] = fit->coef[j] - length * step[j];
        const double nll = loss(data, coef), objective = nll + penalty(data, coef);
        if (objective <= fit->objective) {
            memcpy(fit->coef, coef, (data->k + 1) * sizeof(*coef));
            fit->nll = nll;
            fit->objective = objective;
            return true;
        }
    }
    return false;
}

static double null_loss(const struct rp_logit *data, double ones)
{
    const double n = (double)data->n, p = ones / n;

    return -(ones * log(p) + (n - ones) * log1p(-p));
}

bool rp_stats_logit_fit(const struct rp_logit *data, bool warm, struct rp_logit_fit *ret_fit)
{
    struct rp_logit_fit *fit = ret_fit;
    struct system s;
    const size_t size = data->k + 1;
    double ones = 0, step[COLUMNS];
    bool done = false;

    RP_ASSERT(data->k <= RP_LOGIT_MAX);
    for (size_t i = 0; i < data->n; i++)
        ones += data->y[i] != 0;
    if (!warm) {
        memset(fit, 0, sizeof(*fit));
        if (!data->offset && ones > 0 && ones < (double)data->n)
            fit->coef[0] = log(ones / ((double)data->n - ones));
    }
    if (!(ones > 0 && ones < (double)data->n))
        return false;
    fit->null_nll = null_loss(data, ones);
    fit->nll = loss(data, fit->coef);
    fit->objective = fit->nll + penalty(data, fit->coef);
    for (fit->steps = 0; !done && fit->steps < STEPS_MAX; fit->steps++) {
        double largest = 0;
        assemble(data, fit->coef, &s);
        if (!factorise(&s, size))
            return false;
        memcpy(step, s.gradient, size * sizeof(*step));
        solve(&s, size, step);
        for (size_t j = 0; j < size; j++)
            largest = fmax(largest, fabs(step[j]));
        done = largest < 1e-11 || !descend(data, step, fit);
        if (separated(data, fit->coef))
            return false;
    }
    for (size_t j = 0; j < size; j++) { /* the diagonal of the inverse */
        memset(step, 0, sizeof(step));
        step[j] = 1;
        solve(&s, size, step);
        fit->se[j] = sqrt(step[j]);
    }
    return done;
}
