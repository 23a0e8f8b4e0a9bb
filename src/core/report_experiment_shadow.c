/* SPDX-License-Identifier: MIT */
/* The numbers of a shadow, and of a split's scores: all arms on the same leads. Ranking quality is
 * asked of the leads that the control let in, at that moment, since of others few outcomes are
 * known; precision and recall are asked of each model's own first moment.
 *
 * With `explore` a known share of the leads that another arm alone let in was handed on as well.
 * Then ranking is asked of the leads that any arm let in, at the first such moment: those that the
 * control let in count once, those that were handed on by chance for as many as had that chance
 * (the inverse of it), those that were not are left out. */
#include "base/mem.h"
#include "core/report_experiment.h"

#include <math.h>
#include <stdlib.h>

#define ALPHA 0.05

enum { CALIBRATE_MIN = 200 };

struct sample { /* settled leads with scores, by moment */
    uint8_t *y;
    double *weight; /* NULL: each counts once */
    double *score[RP_ASSIGN_ARMS_MAX];
    size_t count;
};

static bool asked(const struct rp_x_report *r, const struct rp_x_entry *entry)
{
    return entry->scored && !entry->before && rp_x_settled(r, entry->judged_ms) &&
           rp_x_stands_for(r, entry, entry->judged_ms) > 0;
}

static int by_moment(const void *a, const void *b)
{
    const struct rp_x_entry *x = *(const struct rp_x_entry *const *)a;
    const struct rp_x_entry *y = *(const struct rp_x_entry *const *)b;

    return x->judged_ms != y->judged_ms
               ? (x->judged_ms > y->judged_ms) - (x->judged_ms < y->judged_ms)
               : (x->lead > y->lead) - (x->lead < y->lead);
}

static void sample_fini(const struct rp_x_report *r, struct sample *s)
{
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        free(s->score[a]);
    }
    free(s->weight);
    free(s->y);
}

static struct sample make_sample(const struct rp_x_report *r)
{
    const struct rp_x_entry **sorted =
        rp_calloc(r->data.entry_count + 1, sizeof(struct rp_x_entry *));
    struct sample s = {.y = rp_calloc(r->data.entry_count + 1, 1)};

    for (size_t i = 0; i < r->data.entry_count; i++) {
        if (asked(r, &r->data.entries[i])) {
            sorted[s.count++] = &r->data.entries[i];
        }
    }
    if (s.count > 1) {
        qsort((void *)sorted, s.count, sizeof(struct rp_x_entry *), by_moment);
    }
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        s.score[a] = rp_calloc(s.count + 1, sizeof(double));
        for (size_t i = 0; i < s.count; i++) {
            s.score[a][i] = sorted[i]->scores[a];
        }
    }
    for (size_t i = 0; i < s.count; i++) {
        s.y[i] = rp_x_within(r, sorted[i]->judged_ms, sorted[i]->judged_reached_ms);
    }
    s.weight = r->def.explore > 0 ? rp_calloc(s.count + 1, sizeof(double)) : NULL;
    for (size_t i = 0; s.weight && i < s.count; i++) {
        s.weight[i] = rp_x_stands_for(r, sorted[i], sorted[i]->judged_ms);
    }
    free((void *)sorted);
    return s;
}

/* Points are no probabilities: each model gets a line fitted on the first half of the time and is
 * judged on the second. */
static void calibrate(const struct sample *s, uint32_t a, struct rp_x_scores *scores)
{
    size_t half = s->count / 2;
    size_t rest = s->count - half;
    const double *weight = s->weight ? s->weight + half : NULL;
    struct rp_platt control;
    struct rp_platt challenger;
    double *p[2];

    scores->calibrated = s->count >= CALIBRATE_MIN &&
                         rp_stats_platt_weighted(s->y, s->score[0], s->weight, half, &control) &&
                         rp_stats_platt_weighted(s->y, s->score[a], s->weight, half, &challenger);
    if (!scores->calibrated) {
        return;
    }
    p[0] = rp_calloc(rest, sizeof(double));
    p[1] = rp_calloc(rest, sizeof(double));
    for (size_t i = 0; i < rest; i++) {
        p[0][i] = rp_stats_platt_p(control, s->score[0][half + i]);
        p[1][i] = rp_stats_platt_p(challenger, s->score[a][half + i]);
    }
    scores->loss = rp_stats_paired_loss_weighted(s->y + half, p[0], p[1], weight, rest, ALPHA);
    scores->control = rp_stats_probability_weighted(s->y + half, p[0], weight, rest);
    scores->challenger = rp_stats_probability_weighted(s->y + half, p[1], weight, rest);
    free(p[1]);
    free(p[0]);
}

static void rank(struct rp_x_report *r, const struct sample *s, uint32_t a)
{
    struct rp_x_scores *scores = &r->scores[a];
    double alpha = ALPHA / (r->def.arm_count - 1);
    struct rp_effect effect;

    scores->auc =
        rp_stats_delong_weighted(s->y, s->score[0], s->score[a], s->weight, s->count, ALPHA);
    effect = (struct rp_effect){
        .estimate = scores->auc.auc_2 - scores->auc.auc_1,
        .se = sqrt(fmax(scores->auc.var_1 + scores->auc.var_2 - 2 * scores->auc.cov, 0)),
        .n = r->worth,
        .df = r->worth,
    };
    scores->sequence =
        effect.se > 0 ? rp_stats_sequence(effect, r->def.min_units > 0 ? r->def.min_units : 1000,
                                          alpha, RP_TWO_SIDED)
                            .ci
                      : (struct rp_interval){effect.estimate, effect.estimate};
    calibrate(s, a, scores);
}

/* Without `explore` all units that reached the goal could be found; with it, whoever some arm lets
 * in and who then reaches it: of others it stays unknown what they would have come to. */
static void count_findable(struct rp_x_report *r)
{
    r->findable = r->def.explore > 0 ? 0 : r->reached;
    for (size_t i = 0; i < r->data.entry_count && r->def.explore > 0; i++) {
        const struct rp_x_entry *entry = &r->data.entries[i];
        double leads = asked(r, entry) ? rp_x_stands_for(r, entry, entry->judged_ms) : 0;

        if (leads == 0 || !rp_x_within(r, entry->judged_ms, entry->judged_reached_ms)) {
            continue;
        }
        r->findable += leads;
        for (uint32_t a = 0; a < r->def.arm_count; a++) {
            r->thresholds[a].found += entry->at_ms[a] != RP_NEVER ? leads : 0;
        }
    }
}

/* What each model's own thresholds let in, and whether it was right. */
static void thresholds(struct rp_x_report *r)
{
    for (size_t i = 0; i < r->data.entry_count; i++) {
        const struct rp_x_entry *entry = &r->data.entries[i];

        for (uint32_t a = 0; a < r->def.arm_count; a++) {
            struct rp_x_threshold *t = &r->thresholds[a];
            int64_t at = entry->at_ms[a];
            double leads = at == RP_NEVER ? 0 : rp_x_stands_for(r, entry, at);

            if (at == RP_NEVER || (entry->before && a == 0)) {
                continue;
            }
            if (!rp_x_settled(r, at)) {
                t->open += leads;
                continue;
            }
            t->n += leads;
            t->squares += leads * leads;
            t->x += rp_x_within(r, at, entry->reached_ms[a]) ? leads : 0;
        }
    }
    count_findable(r);
    for (uint32_t a = 0; a < r->def.arm_count; a++) {
        struct rp_x_threshold *t = &r->thresholds[a];
        double worth;

        t->precision = t->n > 0 ? t->x / t->n : (double)NAN;
        worth = t->squares > 0 ? t->n * t->n / t->squares : 0; /* n, without weights */
        t->precision_ci = rp_stats_wilson(t->n > 0 ? t->x / t->n * worth : 0, worth, ALPHA);
        t->found = r->def.explore > 0 ? t->found : fmin(t->x, r->reached);
        t->recall = r->findable > 0 ? t->found / r->findable : (double)NAN;
    }
}

/* Leads that only one of the two would have let in. */
static void disagreements(struct rp_x_report *r, uint32_t a)
{
    struct rp_x_scores *scores = &r->scores[a];

    for (size_t i = 0; i < r->data.entry_count; i++) {
        const struct rp_x_entry *entry = &r->data.entries[i];
        bool control = entry->at_ms[0] != RP_NEVER && rp_x_settled(r, entry->at_ms[0]);
        bool other = entry->at_ms[a] != RP_NEVER && rp_x_settled(r, entry->at_ms[a]);
        bool x = (control && rp_x_within(r, entry->at_ms[0], entry->reached_ms[0])) ||
                 (other && rp_x_within(r, entry->at_ms[a], entry->reached_ms[a]));

        if (control && other) {
            scores->both++;
            scores->both_x += x;
        } else if (control && entry->at_ms[a] == RP_NEVER) {
            scores->only_control++;
            scores->only_control_x += x;
        } else if (other && entry->at_ms[0] == RP_NEVER) {
            double leads = rp_x_stands_for(r, entry, entry->at_ms[a]);

            scores->only_challenger += leads;
            scores->only_challenger_x += x ? leads : 0;
        }
    }
}

static void count_sample(struct rp_x_report *r, const struct sample *s)
{
    double whole = 0;
    double squares = 0;

    r->scored = (double)s->count;
    for (size_t i = 0; i < s->count; i++) {
        double weight = s->weight ? s->weight[i] : 1;

        r->scored_x += s->y[i];
        whole += weight;
        squares += weight * weight;
    }
    for (size_t i = 0; i < r->data.entry_count; i++) {
        const struct rp_x_entry *entry = &r->data.entries[i];

        if (asked(r, entry) && entry->explored) {
            r->explored++;
            r->stand_for += rp_x_stands_for(r, entry, entry->judged_ms);
        }
    }
    r->worth = squares > 0 ? whole * whole / squares : 0;
}

void rp_x_shadow(struct rp_x_report *r)
{
    struct sample s = make_sample(r);

    count_sample(r, &s);
    for (uint32_t a = 0; a < r->def.arm_count && s.count >= 10; a++) {
        if (s.weight) {
            rp_stats_gains_weighted(s.y, s.score[a], s.weight, s.count, 10, r->gains[a]);
        } else {
            rp_stats_gains(s.y, s.score[a], s.count, 10, r->gains[a]);
        }
    }
    for (uint32_t a = 1; a < r->def.arm_count; a++) {
        rank(r, &s, a);
        disagreements(r, a);
    }
    thresholds(r);
    sample_fini(r, &s);
}
