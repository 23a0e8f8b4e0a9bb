/* SPDX-License-Identifier: MIT */
/* Sums the decayed points of a traced fold by rule and dimension. A dimension without a rule's
 * points is its sum less theirs, cut to its range again; points given by hand stay. */
#include "engine/weigh.h"

#include "base/mem.h"
#include "engine/eval.h"

#include <stdlib.h>

struct rp_weigh {
    const struct rp_rules *rules;
    uint32_t model, rows; /* rows: score rules, then fit rules */
    int64_t now_ms;
    double *points; /* [row * dim_count + dim], thousandths */
    int64_t *raw;   /* [dim]: with all of them, not cut */
};

struct rp_weigh *rp_weigh_new(const struct rp_rules *rules)
{
    struct rp_weigh *w = rp_calloc(1, sizeof(*w));

    w->rules = rules;
    w->rows = rules->score_count + rules->fit_count;
    w->points = rp_calloc((size_t)w->rows * rules->dim_count + 1, sizeof(*w->points));
    w->raw = rp_calloc(rules->dim_count + 1, sizeof(*w->raw));
    return w;
}

void rp_weigh_free(struct rp_weigh *w)
{
    if (!w)
        return;
    free(w->points);
    free(w->raw);
    free(w);
}

void rp_weigh_begin(struct rp_weigh *w, uint32_t model, int64_t now_ms)
{
    w->model = model;
    w->now_ms = now_ms;
    memset(w->points, 0, ((size_t)w->rows * w->rules->dim_count + 1) * sizeof(*w->points));
}

void rp_weigh_trace(void *ctx, const struct rp_trace_row *row)
{
    struct rp_weigh *w = ctx;
    const struct rp_grant *grant = &row->grant;

    if (row->sum == RP_NONE || grant->model != w->model || grant->granted == 0 ||
        grant->rule >= w->rules->score_count)
        return;
    w->points[grant->rule * w->rules->dim_count + grant->dim] +=
        (double)grant->granted *
        rp_decay_share(&w->rules->sums[row->sum].decay, w->now_ms - row->at_ms);
}

/* Binds the lead at a moment, as a fit is read. */
static struct rp_scratch *bound(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                                int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    s->model = model;
    return s;
}

void rp_weigh_end(struct rp_weigh *w, struct rp_fold *fold, const struct rp_lead *lead)
{
    struct rp_scratch *s = bound(fold, lead, w->model, w->now_ms);

    for (uint32_t f = 0; f < w->rules->fit_count; f++) {
        int64_t points;

        if (w->rules->fits[f].enabled && !w->rules->fits[f].shadow &&
            rp_fit_points(s, f, &points, NULL))
            w->points[(w->rules->score_count + f) * w->rules->dim_count + w->rules->fits[f].dim] =
                (double)points;
    }
    for (uint32_t d = 0; d < w->rules->dim_count; d++)
        w->raw[d] = rp_score_raw(s, d);
}

int64_t rp_weigh_points(const struct rp_weigh *w, uint32_t rule, uint32_t dim)
{
    return rp_round_milli(w->points[rule * w->rules->dim_count + dim]);
}

/* A dimension or the total, with the rule's points or without. */
static int64_t value_of(const struct rp_weigh *w, uint32_t dim, uint32_t without)
{
    int64_t total = 0;

    if (dim != RP_NONE)
        return rp_score_clamp(&w->rules->dims[dim],
                              w->raw[dim] -
                                  (without == RP_NONE ? 0 : rp_weigh_points(w, without, dim)));
    for (uint32_t d = 0; d < w->rules->dim_count; d++)
        total += rp_round_milli((double)w->rules->dims[d].weight * (double)value_of(w, d, without) /
                                1000);
    return total;
}

static bool some_bound_needs(const struct rp_weigh *w, const struct rp_cond *cond, uint32_t rule)
{
    for (uint32_t i = 0; cond->op == RP_COND_AT_LEAST && i < cond->bound_count; i++) {
        const struct rp_bound *bound = &cond->bounds[i];

        if (value_of(w, bound->dim, RP_NONE) >= bound->value &&
            value_of(w, bound->dim, rule) < bound->value)
            return true;
    }
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (some_bound_needs(w, &cond->parts[i], rule))
            return true;
    }
    return false;
}

bool rp_weigh_needed(const struct rp_weigh *w, uint32_t rule, uint32_t stage)
{
    const struct rp_cond *enter = w->rules->models[w->model].stages[stage].enter;

    return enter && some_bound_needs(w, enter, rule);
}

void rp_weigh_fits(struct rp_fold *fold, const struct rp_lead *lead, int64_t now_ms, bool *gives)
{
    struct rp_scratch *s = bound(fold, lead, fold->model, now_ms);

    for (uint32_t f = 0; f < fold->rules->fit_count; f++) {
        int64_t points = 0;

        gives[f] =
            fold->rules->fits[f].enabled && rp_fit_points(s, f, &points, NULL) && points != 0;
    }
}
