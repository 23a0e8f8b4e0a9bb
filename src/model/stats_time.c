/* SPDX-License-Identifier: MIT */
/* Time to convert, with leads that are still open counted for as long as they have been seen:
 * Kaplan-Meier with Greenwood's error, and the log-rank test of two arms. Averages over converted
 * leads alone would make fast arms look slow. */
#include "base/mem.h"
#include "model/stats.h"

#include <math.h>
#include <stdlib.h>

struct seen {
    double time;
    uint8_t event, group;
};

static int by_time(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;

    return a->time < b->time ? -1 : a->time > b->time;
}

static struct seen *sorted(const double *time, const uint8_t *event, const uint8_t *group, size_t n)
{
    struct seen *all = rp_calloc(n, sizeof(*all));

    for (size_t i = 0; i < n; i++)
        all[i] = (struct seen){time[i], event[i], group ? group[i] : 0};
    if (n > 0)
        qsort(all, n, sizeof(*all), by_time);
    return all;
}

/* The survival curve, walked from one distinct time to the next. */
struct walk {
    const struct seen *all;
    size_t n, at;
    double time, survival, sum; /* sum: Greenwood's */
};

static bool next_time(struct walk *walk)
{
    double events = 0;
    const double risk = (double)(walk->n - walk->at);

    if (walk->at == walk->n)
        return false;
    walk->time = walk->all[walk->at].time;
    for (; walk->at < walk->n && walk->all[walk->at].time == walk->time; walk->at++)
        events += walk->all[walk->at].event;
    if (events > 0) {
        walk->survival *= 1 - events / risk;
        walk->sum += events / (risk * (risk - events)); /* when nobody is left: no error known */
    }
    return true;
}

void rp_stats_kaplan_meier(const double *time, const uint8_t *event, size_t n, const double *at,
                           size_t k, double *ret_survival, double *ret_se)
{
    struct seen *all = sorted(time, event, NULL, n);
    struct walk walk = {.all = all, .n = n, .survival = 1};

    for (size_t i = 0; i < k; i++) {
        while (walk.at < n && all[walk.at].time <= at[i])
            next_time(&walk);
        if (ret_survival)
            ret_survival[i] = walk.survival;
        if (ret_se)
            ret_se[i] = walk.survival * sqrt(walk.sum);
    }
    free(all);
}

double rp_stats_km_quantile(const double *time, const uint8_t *event, size_t n, double share)
{
    struct seen *all = sorted(time, event, NULL, n);
    struct walk walk = {.all = all, .n = n, .survival = 1};
    double found = (double)NAN;

    while (isnan(found) && next_time(&walk))
        if (walk.survival <= share * (1 + 1e-12))
            found = walk.time;
    free(all);
    return found;
}

struct rp_logrank rp_stats_logrank(const double *time, const uint8_t *event, const uint8_t *group,
                                   size_t n)
{
    struct seen *all = sorted(time, event, group, n);
    struct rp_logrank r = {0};
    double risk[2] = {0}, variance = 0;

    for (size_t i = 0; i < n; i++)
        risk[all[i].group != 0]++;
    for (size_t i = 0; i < n;) {
        const double now = all[i].time, both = risk[0] + risk[1];
        double gone[2] = {0}, events = 0;
        for (; i < n && all[i].time == now; i++) {
            const int g = all[i].group != 0;
            gone[g]++;
            r.observed[g] += all[i].event;
            events += all[i].event;
        }
        r.expected[0] += events * risk[0] / both;
        r.expected[1] += events * risk[1] / both;
        if (both > 1)
            variance += events * (risk[0] / both) * (risk[1] / both) * (both - events) / (both - 1);
        risk[0] -= gone[0];
        risk[1] -= gone[1];
    }
    free(all);
    const double off = r.observed[0] - r.expected[0];
    r.chi2 = variance > 0 ? off * off / variance : (double)NAN;
    r.p = variance > 0 ? rp_stats_chi2_sf(1, r.chi2) : (double)NAN;
    return r;
}
