/* SPDX-License-Identifier: MIT */
/* What a threshold does: the four counts and what is made of them, the best threshold for a price
 * or a capacity, and the gains table. A lead is positive when its score is at or above it. */
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>

struct scored {
    double score;
    uint32_t at;
    uint8_t y;
};

/* Best first, ties in the order given. */
static int descending(const void *left, const void *right)
{
    const struct scored *a = left, *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static struct scored *sorted(const uint8_t *y, const double *score, size_t n)
{
    struct scored *all = rp_calloc(n, sizeof(*all));

    for (size_t i = 0; i < n; i++)
        all[i] = (struct scored){score[i], (uint32_t)i, y[i]};
    if (n > 0)
        qsort(all, n, sizeof(*all), descending);
    return all;
}

static double share_of(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

struct rp_confusion rp_stats_confusion_of(double tp, double fp, double fn, double tn)
{
    const double n = tp + fp + fn + tn, pos = tp + fn, neg = fp + tn;
    struct rp_confusion r = {.tp = tp, .fp = fp, .fn = fn, .tn = tn};

    r.precision = share_of(tp, tp + fp);
    r.recall = share_of(tp, pos);
    r.specificity = share_of(tn, neg);
    r.fpr = share_of(fp, neg);
    r.accuracy = share_of(tp + tn, n);
    r.f1 = share_of(2 * tp, 2 * tp + fp + fn);
    r.balanced = 0.5 * (r.recall + r.specificity);
    const double margins = (tp + fp) * pos * neg * (tn + fn);
    r.mcc = margins > 0 ? (tp * tn - fp * fn) / sqrt(margins) : (double)NAN;
    r.lift = r.precision / share_of(pos, n);
    r.share = share_of(tp + fp, n);
    return r;
}

struct rp_confusion rp_stats_confusion(const uint8_t *y, const double *score, size_t n,
                                       double threshold)
{
    double counts[2][2] = {{0}};

    for (size_t i = 0; i < n; i++)
        counts[y[i] != 0][score[i] >= threshold]++;
    return rp_stats_confusion_of(counts[1][1], counts[0][1], counts[1][0], counts[0][0]);
}

static void better(struct rp_best_threshold *best, double threshold, double value)
{
    if (value > best->value)
        *best = (struct rp_best_threshold){threshold, value};
}

struct rp_thresholds rp_stats_thresholds(const uint8_t *y, const double *score, size_t n,
                                         const struct rp_threshold_prices *prices)
{
    const struct rp_best_threshold nobody = {(double)INFINITY, 0};
    struct scored *all = sorted(y, score, n);
    struct rp_thresholds r = {nobody, nobody, nobody, nobody, (double)NAN, 0, 0};
    double ones = 0, tp = 0;

    for (size_t i = 0; i < n; i++)
        ones += y[i] != 0;
    r.cost.value = -prices->cost_fn * ones; /* of nobody; negated while it is searched */
    if (prices->capacity > 0 && n > 0)
        r.capacity = all[(prices->capacity < n ? prices->capacity : n) - 1].score;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && all[end].score == all[i].score; end++)
            tp += all[end].y != 0;
        const double at = all[i].score, taken = (double)end, fp = taken - tp, fn = ones - tp;
        better(&r.youden, at, tp / ones - fp / ((double)n - ones));
        better(&r.f1, at, 2 * tp / (2 * tp + fp + fn));
        better(&r.profit, at, prices->value * tp - prices->cost * taken);
        better(&r.cost, at, -(prices->cost_fn * fn + prices->cost_fp * fp));
        if (at >= r.capacity)
            r.at_or_above = taken;
        if (at > r.capacity)
            r.above = taken;
    }
    r.cost.value = -r.cost.value;
    free(all);
    return r;
}

void rp_stats_gains(const uint8_t *y, const double *score, size_t n, size_t bins,
                    struct rp_gain *ret_rows)
{
    struct scored *all = sorted(y, score, n);
    double ones = 0, cum = 0;

    for (size_t i = 0; i < n; i++)
        ones += y[i] != 0;
    const double base = ones / (double)n;
    for (size_t d = 0; d < bins; d++) {
        const size_t from = d * n / bins, to = (d + 1) * n / bins;
        struct rp_gain *row = &ret_rows[d];
        *row = (struct rp_gain){
            .n = (double)(to - from), .min_score = (double)NAN, .max_score = (double)NAN};
        for (size_t i = from; i < to; i++)
            row->pos += all[i].y != 0;
        cum += row->pos;
        row->rate = share_of(row->pos, row->n);
        row->lift = row->rate / base;
        row->cum_pos = cum;
        row->cum_gain = share_of(cum, ones);
        row->cum_lift = share_of(cum, (double)to) / base;
        if (to > from) {
            row->max_score = all[from].score;
            row->min_score = all[to - 1].score;
        }
    }
    free(all);
}

/* Adds the part of a lead to the bin. */
static void take_part(struct rp_gain *row, double score, bool one, double part)
{
    row->max_score = row->n > 0 ? row->max_score : score;
    row->min_score = score;
    row->n += part;
    row->pos += one ? part : 0;
}

void rp_stats_gains_weighted(const uint8_t *y, const double *score, const double *weight, size_t n,
                             size_t bins, struct rp_gain *ret_rows)
{
    struct scored *all = sorted(y, score, n);
    double whole = 0, ones = 0, from = 0, cum = 0, seen = 0;

    for (size_t i = 0; i < n; i++) {
        whole += weight[i];
        ones += y[i] ? weight[i] : 0;
    }
    for (size_t d = 0; d < bins; d++)
        ret_rows[d] = (struct rp_gain){.min_score = (double)NAN, .max_score = (double)NAN};
    for (size_t i = 0, d = 0; i < n; i++) {
        double left = weight[all[i].at];
        while (d + 1 < bins && from + left > whole * (double)(d + 1) / (double)bins) {
            const double room = fmax(0, whole * (double)(d + 1) / (double)bins - from);
            if (room > 0)
                take_part(&ret_rows[d], all[i].score, all[i].y != 0, room);
            from += room;
            left -= room;
            d++;
        }
        take_part(&ret_rows[d], all[i].score, all[i].y != 0, left);
        from += left;
    }
    for (size_t d = 0; d < bins; d++) {
        struct rp_gain *row = &ret_rows[d];
        seen += row->n;
        cum += row->pos;
        row->rate = share_of(row->pos, row->n);
        row->lift = row->rate / (ones / whole);
        row->cum_pos = cum;
        row->cum_gain = share_of(cum, ones);
        row->cum_lift = share_of(cum, seen) / (ones / whole);
    }
    free(all);
}
