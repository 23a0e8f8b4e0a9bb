/* SPDX-License-Identifier: MIT */
/* Reading scores: the value of a dimension at a moment, rounded once and cut to its range only
 * here; the total; the grade. Reading writes nothing, so that a value may be asked for at any time.
 */
#include "base/json_write.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

/* ---- One score for each value of a field ----------------------------------------------------- */

uint32_t rp_score_by(struct rp_scratch *s, uint32_t dim, struct rp_by_score **ret_scores)
{
    struct rp_by_score *scores = NULL;
    uint32_t count = 0, cap = 0;

    for (uint32_t i = 0; i < s->rules->sum_count; i++) {
        uint32_t key = rp_cell_key(RP_CELL_SUM_BY, s->model, i), at = 0;
        struct rp_by_score found;
        struct rp_str name;

        if (s->rules->sums[i].dim != dim)
            continue;
        while (rp_sum_by_next(s->lead, key, &s->rules->sums[i].decay, s->now_ms, &at, &name,
                              &found.exact)) {
            uint32_t j = 0;

            found.key = rp_arena_str(s->arena, name);
            found.folded = rp_text_fold(s->arena, found.key);
            while (j < count && !rp_str_eq(scores[j].folded, found.folded))
                j++;
            if (j < count) {
                scores[j].exact += found.exact;
                continue;
            }
            if (count == cap) {
                struct rp_by_score *more = RP_ARENA_ARRAY(s->arena, struct rp_by_score, cap + 64);

                if (count)
                    memcpy(more, scores, count * sizeof(*scores));
                scores = more;
                cap += 64;
            }
            scores[count++] = found;
        }
    }
    for (uint32_t i = 0; i < count; i++)
        scores[i].value = rp_score_clamp(&s->rules->dims[dim], rp_round_milli(scores[i].exact));
    *ret_scores = scores;
    return count;
}

/* The best key: the highest value, of equal ones the first bytewise. */
static const struct rp_by_score *by_top(const struct rp_by_score *scores, uint32_t count)
{
    const struct rp_by_score *top = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (!top || scores[i].value > top->value ||
            (scores[i].value == top->value && rp_str_cmp(scores[i].folded, top->folded) < 0))
            top = &scores[i];
    }
    return top;
}

struct rp_str rp_score_top(struct rp_scratch *s, uint32_t dim)
{
    struct rp_by_score *scores;
    uint32_t count = rp_score_by(s, dim, &scores);
    const struct rp_by_score *top = by_top(scores, count);

    return top ? top->key : (struct rp_str){0};
}

/* ---- Values ---------------------------------------------------------------------------------- */

int64_t rp_score_raw(struct rp_scratch *s, uint32_t dim)
{
    const struct rp_dim *d = &s->rules->dims[dim];
    struct rp_by_score *scores;
    const struct rp_by_score *top;
    double value = 0;
    uint32_t count;

    RP_ASSERT(dim < s->rules->dim_count);
    if (d->state)
        return rp_fit_sum(s, dim) + rp_adjusted(s, dim);
    if (d->by != RP_NONE) {
        count = rp_score_by(s, dim, &scores);
        top = by_top(scores, count);
        return top ? top->value : 0;
    }
    for (uint32_t i = 0; i < s->rules->sum_count; i++) {
        if (s->rules->sums[i].dim == dim)
            value += rp_sum_value(s->lead, rp_cell_key(RP_CELL_SUM, s->model, i),
                                  &s->rules->sums[i].decay, s->now_ms);
    }
    return rp_round_milli(value) + rp_adjusted(s, dim);
}

int64_t rp_score_clamp(const struct rp_dim *dim, int64_t value)
{
    if (!dim->ranged)
        return value;
    return value < dim->min ? dim->min : value > dim->max ? dim->max : value;
}

int64_t rp_score_read(struct rp_scratch *s, uint32_t dim)
{
    int64_t total = 0;

    if (dim != RP_NONE)
        return rp_score_clamp(&s->rules->dims[dim], rp_score_raw(s, dim));
    for (uint32_t d = 0; d < s->rules->dim_count; d++) {
        int64_t weight = s->rules->dims[d].weight;

        if (weight)
            total += rp_round_milli((double)weight * (double)rp_score_read(s, d) / RP_MILLI);
    }
    return total;
}

static struct rp_str grade_label(struct rp_scratch *s, uint32_t which)
{
    const struct rp_grade *grade = &s->rules->grade;
    int64_t value;

    if (grade->dims[which] == RP_NONE || grade->label_counts[which] == 0)
        return (struct rp_str){0};
    value = rp_score_read(s, grade->dims[which]);
    for (uint32_t i = 0; i < grade->label_counts[which]; i++) {
        if (value >= grade->labels[which][i].at_least)
            return grade->labels[which][i].label;
    }
    return grade->labels[which][grade->label_counts[which] - 1].label;
}

struct rp_str rp_score_grade(struct rp_scratch *s)
{
    struct rp_str first = grade_label(s, 0), second = grade_label(s, 1);

    if (first.len == 0 || second.len == 0)
        return first.len ? first : second;
    return rp_arena_printf(s->arena, "%.*s%.*s", RP_STR_ARG(first), RP_STR_ARG(second));
}

void rp_score_by_json(struct rp_scratch *s, uint32_t dim, struct rp_jw *jw)
{
    struct rp_by_score *scores;
    uint32_t count = rp_score_by(s, dim, &scores);
    const struct rp_by_score *top = by_top(scores, count);

    rp_jw_key(jw, "top");
    if (top)
        rp_jw_str(jw, top->key);
    else
        rp_jw_null(jw);
    rp_jw_key(jw, "values");
    rp_jw_object(jw);
    for (uint32_t i = 0; i < count; i++) {
        rp_jw_key_str(jw, scores[i].key);
        rp_jw_milli(jw, scores[i].value);
    }
    rp_jw_object_end(jw);
}

void rp_score_json(struct rp_scratch *s, struct rp_jw *jw)
{
    struct rp_str grade = rp_score_grade(s);

    rp_jw_put_milli(jw, "total", rp_score_read(s, RP_NONE));
    rp_jw_key(jw, "grade");
    if (grade.len)
        rp_jw_str(jw, grade);
    else
        rp_jw_null(jw);
    rp_jw_key(jw, "scores");
    rp_jw_object(jw);
    for (uint32_t d = 0; d < s->rules->dim_count; d++) {
        rp_jw_key_str(jw, s->rules->dims[d].name);
        if (s->rules->dims[d].by == RP_NONE) {
            rp_jw_milli(jw, rp_score_read(s, d));
            continue;
        }
        rp_jw_object(jw);
        rp_score_by_json(s, d, jw);
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
}

/* ---- For others (fold.h) --------------------------------------------------------------------- */

static struct rp_scratch *reading(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                                  int64_t now_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, now_ms);
    s->model = model;
    return s;
}

int64_t rp_lead_score(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                      uint32_t dim, int64_t now_ms)
{
    return rp_score_read(reading(fold, lead, model, now_ms), dim);
}

struct rp_str rp_lead_grade(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                            int64_t now_ms)
{
    return rp_score_grade(reading(fold, lead, model, now_ms));
}

bool rp_lead_holds(struct rp_fold *fold, const struct rp_lead *lead, const struct rp_cond *cond,
                   int64_t now_ms)
{
    return rp_cond_eval(reading(fold, lead, fold->model, now_ms), cond) == RP_TRUE;
}

bool rp_lead_field(struct rp_fold *fold, const struct rp_lead *lead, uint32_t field, int64_t now_ms,
                   struct rp_str *ret_text)
{
    struct rp_scratch *s = reading(fold, lead, fold->model, now_ms);
    const struct rp_value *value = rp_bind_value(s, field);

    if (!value)
        return false;
    *ret_text = rp_value_text(s, value);
    return true;
}

bool rp_lead_measure(struct rp_fold *fold, const struct rp_lead *lead, uint32_t fit, int64_t now_ms,
                     double *ret_value)
{
    const struct rp_fit *rule = &fold->rules->fits[fit];

    RP_ASSERT(rule->counter != RP_NONE);
    return rp_measure(reading(fold, lead, fold->model, now_ms), rule->measure, rule->counter,
                      rule->within_ms, ret_value);
}

void rp_lead_scores_json(struct rp_fold *fold, const struct rp_lead *lead, uint32_t model,
                         int64_t now_ms, struct rp_jw *jw)
{
    rp_score_json(reading(fold, lead, model, now_ms), jw);
}
