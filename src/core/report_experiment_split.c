/* SPDX-License-Identifier: MIT */
/* The numbers of a split: rates, differences, what may be looked at every day, time to convert,
 * revenue, guards, how long it still takes. Formulas stand in model/stats.h. */
#include "base/mem.h"
#include "core/report_experiment.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA      0.05
#define POWER      0.8
#define WINSORISED 0.995
#define GUARD_SURE 0.001 /* a guard that speaks before the test may be decided */

/* ---- One arm ----------------------------------------------------------------------------------
 */

static void count_units(struct rp_x_report *r)
{
    for (size_t i = 0; i < r->data.unit_count; i++) {
        const struct rp_x_unit *unit = &r->data.units[i];
        struct rp_x_rates *arm = &r->arms[unit->arm];
        bool reached = rp_x_within(r, unit->at_ms, unit->reached_ms);

        if (!rp_x_settled(r, unit->at_ms)) {
            arm->open++;
            arm->x_open += reached;
            continue;
        }
        arm->n++;
        arm->x += reached;
        arm->promoted += rp_x_within(r, unit->at_ms, unit->promoted_ms);
        for (uint32_t g = 0; g < r->def.guard_count; g++) {
            arm->guard[g] += unit->noted >> g & 1;
        }
    }
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        r->arms[a].dealt = (double)r->data.dealt[a];
        r->arms[a].ci = rp_stats_wilson(r->arms[a].x, r->arms[a].n, ALPHA);
        r->reached += r->arms[a].x;
    }
}

struct times {
    double *time;
    uint8_t *event, *group;
    size_t count;
};

/* Units that are open, or left their window without success, are censored. */
static void add_times(const struct rp_x_report *r, uint32_t arm, uint8_t group, struct times *t)
{
    for (size_t i = 0; i < r->data.unit_count; i++) {
        const struct rp_x_unit *unit = &r->data.units[i];
        bool reached = rp_x_within(r, unit->at_ms, unit->reached_ms);
        int64_t seen = r->now_ms - unit->at_ms;

        if ((uint32_t)unit->arm != arm) {
            continue;
        }
        seen = seen < r->def.within_ms ? seen : r->def.within_ms;
        t->time[t->count] = (double)(reached ? unit->reached_ms - unit->at_ms : seen);
        t->event[t->count] = reached;
        t->group[t->count++] = group;
    }
}

static void time_to_convert(struct rp_x_report *r)
{
    size_t room = r->data.unit_count + 1;
    struct times t = {rp_calloc(room, sizeof(double)), rp_calloc(room, 1), rp_calloc(room, 1), 0};

    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        size_t own;

        t.count = 0;
        if (a > 0) {
            add_times(r, 0, 0, &t);
        }
        own = t.count;
        add_times(r, a, 1, &t);
        r->arms[a].median_ms =
            t.count > own ? rp_stats_km_quantile(t.time + own, t.event + own, t.count - own, 0.5)
                          : (double)NAN;
        r->against[a].p_logrank = a > 0 && own > 0 && t.count > own
                                      ? rp_stats_logrank(t.time, t.event, t.group, t.count).p
                                      : (double)NAN;
    }
    free(t.group);
    free(t.event);
    free(t.time);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Revenue a dealt unit, zeros included; the largest 0.5 % of all are cut to the value there. */
static void revenue(struct rp_x_report *r)
{
    double *values = rp_calloc(r->data.unit_count + 1, sizeof(*values));
    size_t count = 0;

    for (size_t i = 0; i < r->data.unit_count; i++) {
        if (rp_x_settled(r, r->data.units[i].at_ms)) {
            values[count++] = r->data.units[i].revenue;
        }
    }
    qsort(values, count, sizeof(*values), by_value);
    r->revenue_most = count ? rp_stats_quantile_sorted(values, count, WINSORISED) : 0;
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        count = 0;
        for (size_t i = 0; i < r->data.unit_count; i++) {
            const struct rp_x_unit *unit = &r->data.units[i];

            if ((uint32_t)unit->arm == a && rp_x_settled(r, unit->at_ms)) {
                values[count++] = fmin(unit->revenue, r->revenue_most);
                r->arms[a].revenue_total += unit->revenue;
            }
        }
        r->arms[a].revenue = rp_stats_sample_values(values, count);
        if (a > 0) {
            r->against[a].revenue =
                rp_stats_welch(rp_stats_effect(r->arms[0].revenue, r->arms[a].revenue, false),
                               ALPHA, RP_TWO_SIDED);
        }
    }
    free(values);
}

/* ---- Two arms ---------------------------------------------------------------------------------
 */

static double challengers(const struct rp_x_report *r)
{
    return r->def.arm_count - 1;
}

double rp_x_planned(const struct rp_x_report *r)
{
    double units = r->def.min_units > 0 ? r->def.min_units : 1000;

    return 2 * units;
}

/* What somebody who looked every evening has seen: the intersection of the intervals. A unit counts
 * from the evening on which its window has passed. */
static void look_daily(struct rp_x_report *r)
{
    double n[RP_ASSIGN_ARMS_MAX] = {0};
    double x[RP_ASSIGN_ARMS_MAX] = {0};
    double alpha = ALPHA / challengers(r);
    size_t at = 0;

    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        r->against[a].sequence = (struct rp_interval){-1, 1};
        r->against[a].p_sequence = 1;
    }
    for (int64_t day = r->period.started_ms; day <= r->now_ms + RP_DAY; day += RP_DAY) {
        int64_t evening = day < r->now_ms ? day : r->now_ms;

        for (; at < r->data.unit_count && r->data.units[at].at_ms <= evening - r->def.within_ms;
             at++) {
            const struct rp_x_unit *unit = &r->data.units[at];

            n[unit->arm]++;
            x[unit->arm] += rp_x_within(r, unit->at_ms, unit->reached_ms);
        }
        for (uint32_t a = 1; a < r->def.arm_count; a++) {
            struct rp_x_against *against = &r->against[a];
            struct rp_sequential seen;
            struct rp_effect effect;

            if (x[0] < 1 || x[a] < 1 || n[0] - x[0] < 1 || n[a] - x[a] < 1) {
                continue;
            }
            effect = rp_stats_effect(rp_stats_sample_rate(x[0], n[0]),
                                     rp_stats_sample_rate(x[a], n[a]), false);
            seen = rp_stats_sequence(effect, rp_x_planned(r), alpha, RP_TWO_SIDED);
            if (seen.ci.lo < against->sequence.hi && seen.ci.hi > against->sequence.lo) {
                against->sequence.lo = fmax(against->sequence.lo, seen.ci.lo);
                against->sequence.hi = fmin(against->sequence.hi, seen.ci.hi);
            }
            against->p_sequence = fmin(against->p_sequence, seen.p);
        }
    }
}

static void guards(struct rp_x_report *r, uint32_t a)
{
    for (uint32_t g = 0; g < r->def.guard_count; g++) {
        const struct rp_x_rates *control = &r->arms[0];
        const struct rp_x_rates *arm = &r->arms[a];
        struct rp_x_guard *guard = &r->against[a].guard[g];
        struct rp_two_rates rates =
            rp_stats_two_rates(control->guard[g], control->n, arm->guard[g], arm->n, ALPHA);

        guard->ratio = rates.p_b / rates.p_a;
        guard->p = rp_stats_norm_sf(rates.z_pooled);
        guard->worse = guard->ratio > r->def.guards[g].worse_than && guard->p < ALPHA;
        guard->sure = guard->worse && guard->p < GUARD_SURE;
    }
}

static void compare(struct rp_x_report *r, uint32_t a)
{
    const struct rp_x_rates *control = &r->arms[0];
    const struct rp_x_rates *arm = &r->arms[a];
    struct rp_x_against *against = &r->against[a];
    struct rp_two_rates rates = rp_stats_two_rates(control->x, control->n, arm->x, arm->n, ALPHA);
    struct rp_relative relative = rp_stats_relative(control->x, control->n, arm->x, arm->n, ALPHA);

    against->diff = rates.diff;
    against->p_fixed = control->n * rates.p_a < 5 || arm->n * rates.p_b < 5
                           ? rp_stats_fisher(control->x, control->n, arm->x, arm->n)
                           : rates.p_pooled;
    against->newcombe = rp_stats_newcombe(control->x, control->n, arm->x, arm->n, ALPHA);
    against->uplift = relative.uplift.value;
    against->uplift_ci = relative.uplift.ci;
    against->beta = rp_stats_beta_ab(1, 1, control->x, control->n, arm->x, arm->n, ALPHA);
    against->mde = control->x > 0
                       ? rp_stats_mde_rates(rates.p_a, control->n, arm->n, ALPHA, POWER) / rates.p_a
                       : (double)NAN;
    guards(r, a);
}

/* Goals times challengers are so many questions at once. */
static void adjust(struct rp_x_report *r)
{
    double p[2 * RP_ASSIGN_ARMS_MAX];
    size_t count = 0;

    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        p[count++] = r->against[a].p_fixed;
        p[count++] = r->against[a].revenue.p;
    }
    rp_stats_adjust(RP_ADJUST_HOLM, p, count, p);
    count = 0;
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        r->against[a].p_holm = p[count++];
        r->against[a].revenue_holm = p[count++];
    }
}

static void chances(struct rp_x_report *r)
{
    double n[RP_ASSIGN_ARMS_MAX];
    double x[RP_ASSIGN_ARMS_MAX];
    double best[RP_ASSIGN_ARMS_MAX];

    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        n[a] = r->arms[a].n;
        x[a] = r->arms[a].x;
    }
    rp_stats_beta_best(1, 1, x, n, r->def.arm_count, best);
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        r->arms[a].best = best[a];
    }
}

/* Units an arm that would show a rise worth having, and the days until they are settled. */
static void time_left(struct rp_x_report *r)
{
    double base = r->arms[0].n > 0 ? r->arms[0].x / r->arms[0].n : 0;
    double wanted = base > 0 ? base * (1 + RP_X_WORTH) : 0;
    double fewest = (double)INFINITY;
    double window = (double)r->def.within_ms / (double)RP_DAY;
    double dealt = 0;

    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        fewest = fmin(fewest, r->arms[a].n + r->arms[a].open);
        dealt += r->arms[a].dealt;
    }
    r->per_day = r->days > 0 ? dealt / r->days / r->def.arm_count : 0;
    r->needed =
        wanted > 0 && wanted < 1 ? rp_stats_n_rates(base, wanted, ALPHA, POWER, 1) : (double)NAN;
    r->needed = fmax(isnan(r->needed) ? 0 : r->needed, r->def.min_units);
    r->days_left =
        r->needed > 0 ? rp_stats_days_left(r->needed, fewest, r->per_day, window) : (double)NAN;
}

void rp_x_split(struct rp_x_report *r)
{
    double observed[RP_ASSIGN_ARMS_MAX];
    double weights[RP_ASSIGN_ARMS_MAX];

    count_units(r);
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        observed[a] = r->arms[a].dealt;
        weights[a] = r->def.arms[a].weight;
    }
    r->srm = rp_stats_srm(observed, weights, r->def.arm_count);
    time_to_convert(r);
    revenue(r);
    look_daily(r);
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        compare(r, a);
    }
    adjust(r);
    chances(r);
    time_left(r);
}
