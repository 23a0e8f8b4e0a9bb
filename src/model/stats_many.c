/* SPDX-License-Identifier: MIT */
/* Many p-values at once, and the drift of a distribution. Holm walks up from the least p, the false
 * discovery rate down from the largest; both keep what has been reached. */
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>

struct ranked {
    double p;
    size_t at;
};

static int by_p(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;

    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

/* p of rank (1 is the least) among m, before the walk. */
static double raised(enum rp_adjust kind, double p, double rank, double m, double harmonic)
{
    switch (kind) {
    case RP_ADJUST_HOLM:
    case RP_ADJUST_HOCHBERG:
        return p * (m - rank + 1);
    case RP_ADJUST_BH:
        return p * m / rank;
    case RP_ADJUST_BY:
        return p * m / rank * harmonic;
    case RP_ADJUST_BONFERRONI:
        return p * m;
    case RP_ADJUST_SIDAK:
        return -expm1(m * log1p(-p));
    default:
        return (double)NAN;
    }
}

void rp_stats_adjust(enum rp_adjust kind, const double *p, size_t n, double *ret_adjusted)
{
    const bool down = kind == RP_ADJUST_BH || kind == RP_ADJUST_BY || kind == RP_ADJUST_HOCHBERG;
    struct ranked *sorted = rp_calloc(n, sizeof(*sorted));
    size_t m = 0;
    double harmonic = 0, reached = down ? 1 : 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i]))
            ret_adjusted[i] = (double)NAN;
        else
            sorted[m++] = (struct ranked){p[i], i};
    }
    if (m > 0)
        qsort(sorted, m, sizeof(*sorted), by_p);
    for (size_t i = 1; i <= m; i++)
        harmonic += 1 / (double)i;
    for (size_t i = 0; i < m; i++) {
        const size_t rank = down ? m - i : i + 1;
        const struct ranked *r = &sorted[rank - 1];
        const double q = raised(kind, r->p, (double)rank, (double)m, harmonic);
        reached = down ? fmin(reached, q) : fmax(reached, q);
        ret_adjusted[r->at] = fmin(1, reached);
    }
    free(sorted);
}

double rp_stats_psi(const double *expected, const double *actual, size_t k, double smoothing)
{
    double sum_e = 0, sum_a = 0, psi = 0;

    for (size_t i = 0; i < k; i++) {
        sum_e += expected[i] + smoothing;
        sum_a += actual[i] + smoothing;
    }
    for (size_t i = 0; i < k; i++) {
        const double e = (expected[i] + smoothing) / sum_e, a = (actual[i] + smoothing) / sum_a;
        if (a != e)
            psi += (a - e) * log(a / e);
    }
    return psi;
}
