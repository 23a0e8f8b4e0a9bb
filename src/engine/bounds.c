/* SPDX-License-Identifier: MIT */
/* When a score reaches a threshold by time alone. What a lead was given is taken apart into what is
 * positive, which only fades, and what is negative, which fades too and so lets the score rise. A
 * score falls no faster than its positive part with the negative one as it is now, and rises no
 * faster than its negative part with the positive one as it is now: where these reach the threshold
 * is a lower bound, and the exact moment when there is but one sign. State dimensions are steps:
 * one looks again when one of their counts changes its band. */
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>

#define HORIZON     (100 * 366 * RP_DAY)
#define REFINED_MAX 32
#define PARTS_FEW   4

/* One dimension of the score that is asked for, taken apart. */
struct piece {
    uint32_t dim;
    int64_t fixed; /* a state dimension's value; what was given by hand */
    struct rp_sum_part few[PARTS_FEW];
    struct rp_sum_part *parts; /* `few`, or in the arena */
    struct rp_str *keys;       /* [part]: of a dimension `by` a field; NULL: one score */
    uint32_t count;
    int64_t weight; /* in the total, thousandths; 0: it stands alone */
};

struct asked {
    struct rp_scratch *s;
    struct piece *pieces;
    uint32_t count;
    int64_t bound, from_ms;
    bool down;
};

/* ---- Taking apart ---------------------------------------------------------------------------- */

static void add_part(struct rp_scratch *s, struct piece *piece, const struct rp_sum_part *part,
                     struct rp_str key, bool keyed)
{
    uint32_t count = piece->count;

    if (count == 0)
        piece->parts = piece->few;
    if (count >= PARTS_FEW && (count & (count - 1)) == 0) { /* arrays double */
        struct rp_sum_part *parts = RP_ARENA_ARRAY(s->arena, struct rp_sum_part, 2 * count);

        memcpy(parts, piece->parts, count * sizeof(*parts));
        piece->parts = parts;
    }
    if (keyed && (count & (count - 1)) == 0) {
        struct rp_str *keys = RP_ARENA_ARRAY(s->arena, struct rp_str, 2 * count + 1);

        if (count)
            memcpy(keys, piece->keys, count * sizeof(*keys));
        piece->keys = keys;
    }
    piece->parts[count] = *part;
    if (keyed)
        piece->keys[count] = key;
    piece->count++;
}

static void take_apart(struct rp_scratch *s, uint32_t dim, struct piece *piece)
{
    const struct rp_rules *rules = s->rules;
    bool keyed = rules->dims[dim].by != RP_NONE;
    struct rp_sum_part part;

    piece->dim = dim;
    if (rules->dims[dim].state) {
        piece->fixed = rp_score_raw(s, dim);
        return;
    }
    piece->fixed = keyed ? 0 : rp_adjusted(s, dim);
    for (uint32_t i = 0; i < rules->sum_count; i++) {
        const struct rp_decay *decay = &rules->sums[i].decay;
        struct rp_str text;
        uint32_t at = 0;

        if (rules->sums[i].dim != dim)
            continue;
        if (!keyed && rp_sum_part(s->lead, rp_cell_key(RP_CELL_SUM, s->model, i), decay, &part))
            add_part(s, piece, &part, (struct rp_str){0}, false);
        while (keyed && rp_sum_by_part(s->lead, rp_cell_key(RP_CELL_SUM_BY, s->model, i), decay,
                                       &at, &text, &part))
            add_part(s, piece, &part, rp_text_fold(s->arena, text), true);
    }
}

/* ---- Bounds of a value ----------------------------------------------------------------------- */

/* The best key's. */
static int64_t keyed_bound(const struct asked *a, const struct piece *piece, int64_t plus_ms,
                           int64_t minus_ms)
{
    const struct rp_dim *dim = &a->s->rules->dims[piece->dim];
    int64_t best = 0;

    for (uint32_t i = 0; i < piece->count; i++) {
        double value = 0;
        int64_t clamped;
        bool first = true;

        for (uint32_t j = 0; j < piece->count; j++) {
            if (!rp_str_eq(piece->keys[j], piece->keys[i]))
                continue;
            first = first && j >= i;
            value += rp_sum_part_value(&piece->parts[j], plus_ms, minus_ms);
        }
        clamped = rp_score_clamp(dim, rp_round_milli(value));
        if (first && (i == 0 || clamped > best))
            best = clamped;
    }
    return best;
}

static int64_t piece_bound(const struct asked *a, const struct piece *piece, int64_t ms, bool down)
{
    const struct rp_dim *dim = &a->s->rules->dims[piece->dim];
    int64_t plus_ms = down ? ms : a->from_ms, minus_ms = down ? a->from_ms : ms;
    double value = 0;

    if (piece->keys)
        return rp_score_clamp(dim, keyed_bound(a, piece, plus_ms, minus_ms));
    for (uint32_t i = 0; i < piece->count; i++)
        value += rp_sum_part_value(&piece->parts[i], plus_ms, minus_ms);
    return rp_score_clamp(dim, rp_round_milli(value) + piece->fixed);
}

/* Whether the threshold may be passed at that moment. */
static bool may_pass(const struct asked *a, int64_t ms)
{
    int64_t total = 0;

    for (uint32_t i = 0; i < a->count; i++) {
        const struct piece *piece = &a->pieces[i];

        if (piece->weight == 0)
            total += piece_bound(a, piece, ms, a->down);
        else
            total += rp_round_milli(
                (double)piece->weight *
                (double)piece_bound(a, piece, ms, a->down == (piece->weight > 0)) / RP_MILLI);
    }
    return a->down ? total < a->bound : total >= a->bound;
}

static bool part_moves(const struct asked *a, const struct rp_sum_part *part, bool down)
{
    double now, then;

    if (part->decay->kind == RP_DECAY_NONE)
        return false;
    if (part->decay->kind == RP_DECAY_HALF_LIFE)
        return rp_sum_part_sign(part) == (down ? 1 : -1);
    now = rp_sum_part_value(part, a->from_ms, a->from_ms);
    then = rp_sum_part_value(part, a->from_ms + (down ? HORIZON : 0),
                             a->from_ms + (down ? 0 : HORIZON));
    return then < now || then > now;
}

/* Whether anything fades that could move it that way. */
static bool can_move(const struct asked *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        bool down = a->down == (a->pieces[i].weight >= 0);

        for (uint32_t p = 0; p < a->pieces[i].count; p++) {
            if (part_moves(a, &a->pieces[i].parts[p], down))
                return true;
        }
    }
    return false;
}

/* ---- The search ------------------------------------------------------------------------------ */

/* Of one value that fades by half-lives: solved (*ret_solved). The search makes it exact. */
static int64_t guess(const struct asked *a, bool *ret_solved)
{
    const struct piece *piece = &a->pieces[0];
    const struct rp_decay *decay;
    double now, then = (double)(a->bound - piece->fixed) - 0.5, lives;

    *ret_solved = false;
    if (a->count != 1 || piece->weight || piece->count != 1 || piece->keys)
        return a->from_ms + RP_HOUR;
    decay = piece->parts[0].decay;
    now = rp_sum_part_value(&piece->parts[0], a->from_ms, a->from_ms);
    if (decay->kind != RP_DECAY_HALF_LIFE || now * then <= 0)
        return a->from_ms + RP_HOUR;
    lives = log2(now / then);
    if (!(lives > 0 && lives < (double)HORIZON / (double)decay->span_ms))
        return a->from_ms + RP_HOUR;
    *ret_solved = true;
    return a->from_ms + (int64_t)ceil(lives * (double)decay->span_ms);
}

/* The first moment in (from, until] at which may_pass holds; it never ceases to. */
static int64_t first_pass(const struct asked *a, int64_t until_ms)
{
    bool solved;
    int64_t low = a->from_ms, high = guess(a, &solved), step = 1;

    if ((!solved || high > until_ms) && !may_pass(a, until_ms))
        return RP_MOMENT_NEVER;
    high = high <= low ? low + 1 : high < until_ms ? high : until_ms;
    if (may_pass(a, high)) { /* back until it does not */
        for (int64_t at = high - 1; at > low; at = high - step) {
            if (!may_pass(a, at)) {
                low = at;
                break;
            }
            high = at;
            step *= 2;
        }
    } else { /* on until it does */
        do {
            if (high == until_ms)
                return RP_MOMENT_NEVER;
            low = high;
            high = until_ms - high > step ? high + step : until_ms;
            step *= 2;
        } while (!may_pass(a, high));
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (may_pass(a, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When a state dimension changes by a step. (Where points given by hand end has a timer of its
 * own.)
 */
static int64_t next_step(const struct asked *a)
{
    int64_t step = RP_MOMENT_NEVER;

    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t dim = a->pieces[i].dim;

        if (a->s->rules->dims[dim].state && !a->s->index->dim_static[dim])
            step = earlier(step, rp_state_next(a->s, dim, a->from_ms));
    }
    return step;
}

static void ask(struct asked *a, uint32_t dim, struct piece *one)
{
    const struct rp_rules *rules = a->s->rules;

    if (dim != RP_NONE) {
        a->pieces = one;
        take_apart(a->s, dim, &a->pieces[a->count++]);
        return;
    }
    a->pieces = RP_ARENA_ARRAY(a->s->arena, struct piece, rules->dim_count);
    for (uint32_t d = 0; d < rules->dim_count; d++) {
        if (rules->dims[d].weight == 0)
            continue;
        a->pieces[a->count].weight = rules->dims[d].weight;
        take_apart(a->s, d, &a->pieces[a->count++]);
    }
}

static struct rp_moment search(struct asked *a)
{
    int64_t step = next_step(a), start_ms = a->from_ms;

    if (may_pass(a, a->from_ms))
        return (struct rp_moment){RP_MOMENT_NOW, RP_TIMER_CROSSING};
    for (int i = 0; can_move(a); i++) {
        int64_t at = first_pass(a, earlier(step, start_ms + HORIZON));

        if (at == RP_MOMENT_NEVER)
            break;
        a->from_ms = at; /* both signs as of then: does it really? */
        if (i == REFINED_MAX || (a->count == 1 && a->pieces[0].count == 1) || may_pass(a, at))
            return (struct rp_moment){at, RP_TIMER_CROSSING};
    }
    return (struct rp_moment){step, RP_TIMER_WINDOW};
}

struct rp_moment rp_bound_next(struct rp_scratch *s, uint32_t dim, int64_t bound, bool down,
                               int64_t from_ms)
{
    struct asked a = {.s = s, .bound = bound, .down = down, .from_ms = from_ms};
    const struct rp_dim *d = dim == RP_NONE ? NULL : &s->rules->dims[dim];
    const bool *moves = down ? s->index->falls : s->index->rises;
    int64_t saved = s->now_ms;
    struct rp_moment moment;
    struct piece one = {0};

    if (d && d->ranged && (down ? bound <= d->min : bound > d->max))
        return (struct rp_moment){RP_MOMENT_NEVER, RP_TIMER_NONE};
    s->now_ms = from_ms;
    if (!moves[dim == RP_NONE ? s->index->total : dim]) {
        bool is = (rp_score_read(s, dim) < bound) == down;

        s->now_ms = saved;
        return (struct rp_moment){is ? RP_MOMENT_NOW : RP_MOMENT_NEVER, RP_TIMER_NONE};
    }
    ask(&a, dim, &one);
    moment = search(&a);
    s->now_ms = saved;
    return moment;
}
