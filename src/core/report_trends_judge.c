/* SPDX-License-Identifier: MIT */
/* What goes along with the outcome, and what only seems to. Busy leads do more of everything, so
 * beside the raw lift stands that of a logistic regression with the lead's whole activity, the
 * other things, and its group, when one is asked for, in it. When the lift of a thing changed is
 * looked for over all beginnings of months; for having looked so often p is multiplied. Everything
 * that is shown is corrected together (Benjamini and Hochberg). */
#include "base/mem.h"
#include "core/report_table.h"
#include "core/report_trends.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALPHA      0.05
#define FEW        30 /* leads with a thing, and without: below it nothing is said */
#define SPLITS_MAX 120
#define GROUPS_IN  8  /* dummies of the regression */
#define COMMON_IN  24 /* things that stand in one regression together */

/* ---- Lift now -------------------------------------------------------------------------------- */

static void judge_lift(struct rp_trends *t, struct rp_trend_thing *thing)
{
    for (size_t i = 0; i < thing->lead_count; i++) {
        thing->right_with += t->leads[thing->leads[i]].right;
    }
    thing->with = (double)thing->lead_count;
    thing->lift =
        rp_stats_lift(thing->right_with, thing->with, t->right, (double)t->lead_count, ALPHA);
}

static bool enough(const struct rp_trends *t, const struct rp_trend_thing *thing)
{
    return thing->with >= FEW && (double)t->lead_count - thing->with >= FEW;
}

/* The groups with the most leads, the largest left out: it is what the others are compared with. */
static size_t pick_groups(const struct rp_trends *t, const struct rp_by *by, uint32_t *groups)
{
    size_t count = rp_by_count(by), picked = 0;
    double *leads = rp_calloc(count + 1, sizeof(*leads));

    for (size_t i = 0; i < t->lead_count; i++) {
        leads[t->leads[i].group]++;
    }
    for (size_t n = 0; t->by_group && n <= GROUPS_IN; n++) {
        size_t best = 0;

        for (size_t g = 1; g < count; g++) {
            best = leads[g] > leads[best] ? g : best;
        }
        if (leads[best] < FEW) {
            break;
        }
        if (n > 0) {
            groups[picked++] = (uint32_t)best;
        }
        leads[best] = 0;
    }
    free(leads);
    return picked;
}

/* The matrix of a regression: activity, groups, then things, a row a lead. */
struct design {
    struct rp_trends *trends;
    uint32_t groups[GROUPS_IN + 1];
    size_t group_count, k;
    double *x;
    uint8_t *y;
};

static void design_fill(struct design *d, const size_t *things, size_t count)
{
    const struct rp_trends *t = d->trends;
    size_t fixed = 1 + d->group_count;

    d->k = fixed + count;
    memset(d->x, 0, t->lead_count * d->k * sizeof(*d->x));
    for (size_t i = 0; i < t->lead_count; i++) {
        d->y[i] = t->leads[i].right;
        d->x[i * d->k] = log1p(t->leads[i].activity);
        for (size_t g = 0; g < d->group_count; g++) {
            d->x[i * d->k + 1 + g] = t->leads[i].group == d->groups[g];
        }
    }
    for (size_t n = 0; n < count; n++) {
        const struct rp_trend_thing *thing = &t->things[things[n]];

        for (size_t i = 0; i < thing->lead_count; i++) {
            d->x[thing->leads[i] * d->k + fixed + n] = 1;
        }
    }
}

static void design_fit(struct design *d, const size_t *things, size_t count)
{
    struct rp_logit data = {.x = d->x, .y = d->y, .n = d->trends->lead_count, .lambda = 1};
    size_t fixed = 1 + d->group_count;
    struct rp_logit_fit fit = {0};
    bool good;

    design_fill(d, things, count);
    data.k = d->k;
    good = rp_stats_logit_fit(&data, false, &fit);
    for (size_t n = 0; n < count; n++) {
        struct rp_trend_thing *thing = &d->trends->things[things[n]];
        size_t at = 1 + fixed + n;

        thing->adjusted = good && fit.se[at] > 0;
        thing->coef = fit.coef[at];
        thing->coef_se = fit.se[at];
        thing->coef_p =
            thing->adjusted ? rp_stats_norm_p(thing->coef / thing->coef_se) : (double)NAN;
    }
}

/* The most frequent things stand in one regression together, so that none has another's effect;
 * rarer ones each in one of its own. */
static void adjust_all(struct rp_trends *t, const struct rp_by *by)
{
    struct design d = {.trends = t};
    size_t common[COMMON_IN];
    size_t count = 0;
    bool *taken = rp_calloc(t->thing_count + 1, sizeof(*taken));

    d.group_count = pick_groups(t, by, d.groups);
    d.x = rp_calloc(t->lead_count * (1 + GROUPS_IN + COMMON_IN) + 1, sizeof(*d.x));
    d.y = rp_malloc(t->lead_count + 1);
    while (count < COMMON_IN) {
        size_t best = SIZE_MAX;

        for (size_t i = 0; i < t->thing_count; i++) {
            if (!taken[i] && enough(t, &t->things[i]) &&
                (best == SIZE_MAX || t->things[i].with > t->things[best].with)) {
                best = i;
            }
        }
        if (best == SIZE_MAX) {
            break;
        }
        taken[best] = true;
        common[count++] = best;
    }
    if (count > 0) {
        design_fit(&d, common, count);
    }
    for (size_t i = 0; i < t->thing_count; i++) {
        if (!taken[i] && enough(t, &t->things[i])) {
            design_fit(&d, &i, 1);
        }
    }
    free(taken);
    free(d.x);
    free(d.y);
}

/* ---- Change of lift -------------------------------------------------------------------------- */

/* Counts on both sides of a moment: [0] leads, [1] right, of all and of those with the thing. */
struct halves {
    double all[2][2], with[2][2];
};

static struct rp_lift lift_of(const struct halves *h, int side)
{
    return rp_stats_lift(h->with[side][1], h->with[side][0], h->all[side][1], h->all[side][0],
                         ALPHA);
}

static bool enough_of(const struct halves *h)
{
    for (int side = 0; side < 2; side++) {
        if (h->with[side][0] < FEW || h->all[side][0] - h->with[side][0] < FEW) {
            return false;
        }
    }
    return true;
}

static void halve(const struct rp_trends *t, const struct rp_trend_thing *thing, int64_t at_ms,
                  struct halves *h)
{
    *h = (struct halves){0};
    for (size_t i = 0; i < t->lead_count; i++) {
        int side = t->leads[i].at_ms >= at_ms;

        h->all[side][0]++;
        h->all[side][1] += t->leads[i].right;
    }
    for (size_t i = 0; i < thing->lead_count; i++) {
        const struct rp_trend_lead *lead = &t->leads[thing->leads[i]];
        int side = lead->at_ms >= at_ms;

        h->with[side][0]++;
        h->with[side][1] += lead->right;
    }
}

/* First moments of months within the decisions; how many. */
static size_t list_months(const struct rp_trends *t, int64_t *months)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    size_t count = 0;
    int year, month;

    for (size_t i = 0; i < t->lead_count; i++) {
        first = t->leads[i].at_ms < first ? t->leads[i].at_ms : first;
        last = t->leads[i].at_ms > last ? t->leads[i].at_ms : last;
    }
    for (year = 1970, month = 1; count < SPLITS_MAX && year < 2400; month++) {
        struct rp_buf text = {0};
        int64_t at_ms = 0;

        if (month == 13) {
            month = 1;
            year++;
        }
        rp_buf_printf(&text, "%04d-%02d-01", year, month);
        if (!rp_time_parse(rp_buf_view(&text), &at_ms)) {
            at_ms = INT64_MAX;
        }
        rp_buf_fini(&text);
        if (at_ms > last) {
            break;
        }
        if (at_ms > first) {
            months[count++] = at_ms;
        }
    }
    return count;
}

static void judge_change(const struct rp_trends *t, struct rp_trend_thing *thing,
                         const int64_t *months, size_t count)
{
    size_t tried = 0;

    thing->change_p = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        struct halves h;
        struct rp_lift before, after;
        double z;

        halve(t, thing, months[i], &h);
        if (!enough_of(&h)) {
            continue;
        }
        before = lift_of(&h, 0);
        after = lift_of(&h, 1);
        z = (after.lor - before.lor) / sqrt(before.se * before.se + after.se * after.se);
        tried++;
        if (!thing->split || fabs(z) > fabs(thing->change_z)) {
            thing->split = true;
            thing->split_ms = months[i];
            thing->before = before;
            thing->after = after;
            thing->change_z = z;
        }
    }
    if (thing->split) {
        thing->change_p = fmin(1, rp_stats_norm_p(thing->change_z) * (double)tried);
    }
}

/* ---- Volume ---------------------------------------------------------------------------------- */

/* What weeks vary more than chance would widens the test. */
static void judge_volume(struct rp_trend_thing *thing)
{
    const double earlier_weeks = RP_TREND_WEEKS - RP_TREND_RECENT;
    double mean, spread = 0, factor, se;

    for (size_t i = 0; i < RP_TREND_WEEKS; i++) {
        *(i < RP_TREND_RECENT ? &thing->newest : &thing->earlier) += thing->weeks[i];
    }
    thing->volume = rp_stats_poisson_ratio(thing->earlier, earlier_weeks, thing->newest,
                                           RP_TREND_RECENT, ALPHA);
    mean = thing->earlier / earlier_weeks;
    for (size_t i = RP_TREND_RECENT; i < RP_TREND_WEEKS && mean > 0; i++) {
        spread += (thing->weeks[i] - mean) * (thing->weeks[i] - mean) / mean;
    }
    factor = fmax(1, spread / (earlier_weeks - 1));
    se = sqrt(factor * (1 / fmax(1, thing->earlier) + 1 / fmax(1, thing->newest)));
    if (thing->event && thing->earlier + thing->newest > 0) {
        thing->volume_p = factor > 1 && thing->earlier > 0 && thing->newest > 0
                              ? rp_stats_norm_p(log(thing->volume.ratio) / se)
                              : thing->volume.p;
    }
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* Those with the most to say first; what is too rare comes last and is not told. */
static int by_weight(const void *a, const void *b)
{
    const struct rp_trend_thing *x = a;
    const struct rp_trend_thing *y = b;
    double left = isfinite(x->coef_p) ? -x->coef_p : -2;
    double right = isfinite(y->coef_p) ? -y->coef_p : -2;

    if (left != right) {
        return (left < right) - (left > right);
    }
    return x->with != y->with ? (x->with < y->with) - (x->with > y->with)
                              : rp_str_cmp(x->name, y->name);
}

static void correct(struct rp_trends *t, size_t p_at, size_t q_at)
{
    double *p = rp_calloc(t->thing_count + 1, sizeof(*p));

    for (size_t i = 0; i < t->thing_count; i++) {
        memcpy(&p[i], (const char *)&t->things[i] + p_at, sizeof(*p));
        p[i] = enough(t, &t->things[i]) ? p[i] : (double)NAN;
    }
    rp_stats_adjust(RP_ADJUST_BH, p, t->thing_count, p);
    for (size_t i = 0; i < t->thing_count; i++) {
        memcpy((char *)&t->things[i] + q_at, &p[i], sizeof(*p));
    }
    free(p);
}

static void judge_weeks(struct rp_trends *t)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    size_t weeks;
    double *x, *n;
    size_t used = 0;

    for (size_t i = 0; i < t->lead_count; i++) {
        int64_t week = rp_table_week(t->leads[i].at_ms);

        first = week < first ? week : first;
        last = week > last ? week : last;
    }
    t->rate.p = (double)NAN;
    if (t->lead_count == 0) {
        return;
    }
    weeks = (size_t)((last - first) / (7 * RP_DAY)) + 1;
    x = rp_calloc(weeks, sizeof(*x));
    n = rp_calloc(weeks, sizeof(*n));
    for (size_t i = 0; i < t->lead_count; i++) {
        size_t week = (size_t)((rp_table_week(t->leads[i].at_ms) - first) / (7 * RP_DAY));

        n[week]++;
        x[week] += t->leads[i].right;
    }
    for (size_t i = 0; i < weeks; i++) { /* weeks without decisions tell nothing */
        if (n[i] > 0) {
            x[used] = x[i];
            n[used++] = n[i];
        }
    }
    t->weeks = used;
    if (used >= 3) {
        double slope = 0;

        t->rate = rp_stats_trend(x, n, used);
        for (size_t i = 0; i < used; i++) {
            slope += (double)i * (x[i] - n[i] * t->right / (double)t->lead_count);
        }
        t->rising = slope > 0;
    }
    free(x);
    free(n);
}

void rp_trends_judge(struct rp_trends *t, const struct rp_by *by)
{
    int64_t months[SPLITS_MAX];
    size_t month_count = list_months(t, months);

    for (size_t i = 0; i < t->thing_count; i++) {
        struct rp_trend_thing *thing = &t->things[i];

        judge_lift(t, thing);
        thing->coef_p = thing->change_p = thing->volume_p = (double)NAN;
        if (enough(t, thing)) {
            judge_change(t, thing, months, month_count);
            judge_volume(thing);
        }
    }
    adjust_all(t, by);
    correct(t, offsetof(struct rp_trend_thing, lift.p), offsetof(struct rp_trend_thing, raw_q));
    correct(t, offsetof(struct rp_trend_thing, coef_p), offsetof(struct rp_trend_thing, coef_q));
    correct(t, offsetof(struct rp_trend_thing, change_p),
            offsetof(struct rp_trend_thing, change_q));
    correct(t, offsetof(struct rp_trend_thing, volume_p),
            offsetof(struct rp_trend_thing, volume_q));
    if (t->thing_count > 1) {
        qsort(t->things, t->thing_count, sizeof(*t->things), by_weight);
    }
    judge_weeks(t);
}

const char *rp_trends_verdict(const struct rp_trend_thing *thing, const struct rp_trends *t)
{
    if (!enough(t, thing) || !thing->adjusted) {
        return "too few";
    }
    if (thing->coef_q < ALPHA) {
        return thing->coef > 0 ? "lift" : "loss";
    }
    return thing->raw_q < ALPHA ? "activity" : "nothing seen";
}

bool rp_trends_changed(const struct rp_trend_thing *thing)
{
    return thing->split && thing->change_q < ALPHA;
}
