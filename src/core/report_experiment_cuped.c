/* SPDX-License-Identifier: MIT */
/* Differences between arms without what was known beforehand (CUPED): the control's score when a
 * unit was dealt explains a part of its outcome, and that part is noise to the comparison. Shown
 * beside the plain figures, never in their place: the word is decided by those.
 *
 * A unit without a score, dealt by an earlier version, counts with the mean of the others: it is
 * left as it is. Where all scores are alike, as among visitors who come for the first time, nothing
 * can be taken out and nothing is shown. */
#include "base/mem.h"
#include "core/report_experiment.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA 0.05

enum { UNITS_MIN = 10 }; /* settled, an arm */

struct sides { /* settled units of the control and of one challenger */
    double *score[2], *reached[2], *revenue[2];
    size_t count[2];
    double known, sum; /* scores that are known */
};

static int side_of(const struct rp_x_unit *unit, uint32_t a)
{
    return unit->arm == 0 ? 0 : (uint32_t)unit->arm == a ? 1 : -1;
}

static void sides_fini(struct sides *s)
{
    for (int i = 0; i < 2; i++) {
        free(s->revenue[i]);
        free(s->reached[i]);
        free(s->score[i]);
    }
}

static struct sides take_sides(const struct rp_x_report *r, uint32_t a)
{
    struct sides s = {0};
    size_t room = r->data.unit_count + 1;

    for (int i = 0; i < 2; i++) {
        s.score[i] = rp_calloc(room, sizeof(double));
        s.reached[i] = rp_calloc(room, sizeof(double));
        s.revenue[i] = rp_calloc(room, sizeof(double));
    }
    for (size_t i = 0; i < r->data.unit_count; i++) {
        const struct rp_x_unit *unit = &r->data.units[i];
        int side = side_of(unit, a);
        size_t at;

        if (side < 0 || !rp_x_settled(r, unit->at_ms)) {
            continue;
        }
        at = s.count[side]++;
        s.score[side][at] = unit->score;
        s.reached[side][at] = rp_x_within(r, unit->at_ms, unit->reached_ms);
        s.revenue[side][at] = fmin(unit->revenue, r->revenue_most);
        if (!isnan(unit->score)) {
            s.known++;
            s.sum += unit->score;
        }
    }
    for (int i = 0; i < 2; i++) {
        for (size_t u = 0; u < s.count[i]; u++) {
            s.score[i][u] = isnan(s.score[i][u]) ? s.sum / s.known : s.score[i][u];
        }
    }
    return s;
}

/* Without `theta` there is nothing to take out, or nothing that varies. */
static struct rp_x_adjusted adjust(const struct rp_x_report *r, const struct sides *s,
                                   double *const outcome[2])
{
    struct rp_cuped cuped =
        rp_stats_cuped(s->score[0], outcome[0], s->count[0], s->score[1], outcome[1], s->count[1]);
    struct rp_effect plain =
        rp_stats_effect(rp_stats_sample_values(outcome[0], s->count[0]),
                        rp_stats_sample_values(outcome[1], s->count[1]), false);
    struct rp_x_adjusted adjusted = {.units = s->known};

    if (cuped.theta == 0 || !(plain.se > 0) || !(cuped.diff.se > 0)) {
        return adjusted;
    }
    adjusted.shown = true;
    adjusted.at_the_end = rp_stats_welch(cuped.diff, ALPHA, RP_TWO_SIDED);
    adjusted.sequence = rp_stats_sequence(cuped.diff, rp_x_planned(r),
                                          ALPHA / (r->def.arm_count - 1), RP_TWO_SIDED);
    adjusted.saved = 1 - (cuped.diff.se * cuped.diff.se) / (plain.se * plain.se);
    return adjusted;
}

void rp_x_cuped(struct rp_x_report *r)
{
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        struct sides s = take_sides(r, a);

        if (s.known > 0 && s.count[0] >= UNITS_MIN && s.count[1] >= UNITS_MIN) {
            r->against[a].adjusted = adjust(r, &s, s.reached);
            r->against[a].adjusted_revenue = adjust(r, &s, s.revenue);
        }
        sides_fini(&s);
    }
}
