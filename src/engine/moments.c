/* SPDX-License-Identifier: MIT */
/* When time alone makes a condition true, or untrue: the closed forms of what stands in it, joined.
 * What no time can change has its truth now or never. all{…} becomes true when the last of its
 * parts does, any{…} when the first does; untrue the other way round. Knows the cells as they are;
 * the answer holds until the next event. */
#include "base/limits.h"
#include "engine/eval.h"

#include <math.h>

static const struct rp_moment never = {RP_MOMENT_NEVER, RP_TIMER_NONE};

static struct rp_moment earlier(struct rp_moment a, struct rp_moment b)
{
    return b.at_ms < a.at_ms ? b : a;
}

static struct rp_moment later(struct rp_moment a, struct rp_moment b)
{
    return b.at_ms > a.at_ms ? b : a;
}

static struct rp_moment after(int64_t start_ms, int64_t span_ms, enum rp_timer_kind kind)
{
    return (struct rp_moment){start_ms + span_ms, kind};
}

/* ---- Leaves ---------------------------------------------------------------------------------- */

static struct rp_moment as_it_is(struct rp_scratch *s, const struct rp_cond *cond, bool want)
{
    bool is = rp_cond_eval(s, cond) == RP_TRUE;

    return is == want ? (struct rp_moment){RP_MOMENT_NOW, RP_TIMER_NONE} : never;
}

/* All bounds of it hold (want), or one of them does not. */
static struct rp_moment bounds_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                                    int64_t from_ms)
{
    bool down = (cond->op == RP_COND_BELOW) == want;
    struct rp_moment all = {RP_MOMENT_NOW, RP_TIMER_NONE}, some = never;

    for (uint32_t i = 0; i < cond->bound_count; i++) {
        struct rp_moment one =
            rp_bound_next(s, cond->bounds[i].dim, cond->bounds[i].value, down, from_ms);

        if (want && one.at_ms == RP_MOMENT_NEVER)
            return never;
        all = later(all, one);
        some = earlier(some, one);
    }
    return want ? all : some;
}

static struct rp_moment held_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                                  int64_t from_ms)
{
    int64_t since, turn, entry = s->lead->stage_since_ms;

    if (!want)
        return rp_cond_eval(s, cond) == RP_TRUE ? bounds_next(s, cond, false, from_ms)
                                                : (struct rp_moment){RP_MOMENT_NOW, RP_TIMER_NONE};
    since = rp_held_since(s, cond, &turn);
    if (since == RP_NEVER) {
        if (turn == RP_MOMENT_NEVER)
            return never;
        since = turn;
    }
    return after(since > entry ? since : entry, cond->held_ms, RP_TIMER_HELD);
}

static struct rp_moment count_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                                   int64_t from_ms)
{
    int64_t falls;

    (void)from_ms;
    if (cond->since != RP_SINCE_WITHIN || want || rp_cond_eval(s, cond) != RP_TRUE)
        return as_it_is(s, cond, want);
    falls = rp_counter_falls(s, cond->counter, cond->within_ms, cond->days > 0,
                             cond->days ? cond->days : cond->times);
    return (struct rp_moment){falls, RP_TIMER_WINDOW};
}

static struct rp_moment stage_next(struct rp_scratch *s, const struct rp_cond *cond, bool want)
{
    if (s->lead->stage != cond->stage || !want || cond->at_least_ms == 0)
        return as_it_is(s, cond, want);
    return after(s->lead->stage_since_ms, cond->at_least_ms, RP_TIMER_IN_STAGE);
}

/* The grade changes when one of its two scores passes the label it has or the next one up. */
static struct rp_moment grade_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                                   int64_t from_ms)
{
    const struct rp_grade *grade = &s->rules->grade;
    struct rp_moment next = as_it_is(s, cond, want);

    if (next.at_ms == RP_MOMENT_NOW)
        return next;
    for (uint32_t d = 0; d < 2; d++) {
        for (uint32_t i = 0; grade->dims[d] != RP_NONE && i < grade->label_counts[d]; i++) {
            int64_t bound = grade->labels[d][i].at_least;
            bool above = rp_score_read(s, grade->dims[d]) >= bound;

            next = earlier(next, rp_bound_next(s, grade->dims[d], bound, above, from_ms));
            if (above)
                break;
        }
    }
    return next;
}

/* ---- Joined ---------------------------------------------------------------------------------- */

/* The moment at which `needed` of the parts have come to it. */
static struct rp_moment nth_part(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                                 uint32_t needed, int64_t from_ms)
{
    struct rp_moment *moments = RP_ARENA_ARRAY(s->arena, struct rp_moment, cond->part_count + 1);
    uint32_t count = 0;

    for (uint32_t i = 0; i < cond->part_count; i++) {
        struct rp_moment one = rp_cond_next(s, &cond->parts[i], want, from_ms);
        uint32_t at = count++;

        if (one.at_ms == RP_MOMENT_NEVER && needed == cond->part_count)
            return never;
        for (; at > 0 && moments[at - 1].at_ms > one.at_ms; at--)
            moments[at] = moments[at - 1];
        moments[at] = one;
    }
    if (needed == 0)
        return (struct rp_moment){RP_MOMENT_NOW, RP_TIMER_NONE};
    return needed <= count ? moments[needed - 1] : never;
}

struct rp_moment rp_cond_next(struct rp_scratch *s, const struct rp_cond *cond, bool want,
                              int64_t from_ms)
{
    uint32_t parts = cond->part_count;

    switch (cond->op) {
    case RP_COND_ALL:
        return nth_part(s, cond, want, want ? parts : 1, from_ms);
    case RP_COND_ANY:
        return nth_part(s, cond, want, want ? 1 : parts, from_ms);
    case RP_COND_NO:
        return nth_part(s, cond, !want, want ? parts : 1, from_ms);
    case RP_COND_SOME:
        return nth_part(s, cond, want, want ? cond->times : parts - cond->times + 1, from_ms);
    case RP_COND_IN_SEGMENT:
        return parts ? rp_cond_next(s, &cond->parts[0], want, from_ms) : as_it_is(s, cond, want);
    case RP_COND_AT_LEAST:
        return bounds_next(s, cond, want, from_ms);
    case RP_COND_BELOW:
        return cond->held_ms ? held_next(s, cond, want, from_ms)
                             : bounds_next(s, cond, want, from_ms);
    case RP_COND_COUNT:
        return count_next(s, cond, want, from_ms);
    case RP_COND_GRADE_IN:
        return grade_next(s, cond, want, from_ms);
    case RP_COND_IN_STAGE:
        return stage_next(s, cond, want);
    case RP_COND_INACTIVE:
        return want ? after(rp_active_ms(s->lead), cond->held_ms, RP_TIMER_INACTIVE)
                    : as_it_is(s, cond, want);
    case RP_COND_FIELD:
    case RP_COND_IN_STATUS:
    case RP_COND_KNOWN:
    case RP_COND_FILLED:
        return as_it_is(s, cond, want);
    }
    return never;
}

static bool bounds_are_timed(const struct rp_index *index, const struct rp_cond *cond, bool down)
{
    for (uint32_t i = 0; i < cond->bound_count; i++) {
        uint32_t dim = cond->bounds[i].dim == RP_NONE ? index->total : cond->bounds[i].dim;

        if (down ? index->falls[dim] : index->rises[dim])
            return true;
    }
    return false;
}

bool rp_cond_is_timed(const struct rp_index *index, const struct rp_cond *cond, bool want)
{
    switch (cond->op) {
    case RP_COND_ALL:
    case RP_COND_ANY:
    case RP_COND_SOME:
    case RP_COND_NO:
    case RP_COND_IN_SEGMENT:
        for (uint32_t i = 0; i < cond->part_count; i++) {
            if (rp_cond_is_timed(index, &cond->parts[i], (cond->op == RP_COND_NO) != want))
                return true;
        }
        return false;
    case RP_COND_AT_LEAST:
        return bounds_are_timed(index, cond, !want);
    case RP_COND_BELOW:
        return (want && cond->held_ms) || bounds_are_timed(index, cond, want);
    case RP_COND_GRADE_IN:
        return true;
    case RP_COND_COUNT:
        return cond->since == RP_SINCE_WITHIN && !want;
    case RP_COND_IN_STAGE:
        return want && cond->at_least_ms > 0;
    case RP_COND_INACTIVE:
        return want;
    case RP_COND_FIELD:
    case RP_COND_IN_STATUS:
    case RP_COND_KNOWN:
    case RP_COND_FILLED:
        return false;
    }
    return false;
}

/* ---- State dimensions ------------------------------------------------------------------------ */

/* The lower edge of the band that a count is in; 0: it is in the lowest. */
static double band_floor(const struct rp_fit *fit, double value)
{
    double edge = 0;

    for (uint32_t i = 0; i < fit->band_count && value >= fit->bands[i].below; i++)
        edge = fit->bands[i].below;
    return edge;
}

/* The upper edge; INFINITY: it is in the highest. */
static double band_ceiling(const struct rp_fit *fit, double value)
{
    for (uint32_t i = 0; i < fit->band_count; i++) {
        if (value < fit->bands[i].below)
            return fit->bands[i].below;
    }
    return (double)INFINITY;
}

/* A count within a window falls when its entries leave it. */
static int64_t count_changes(struct rp_scratch *s, const struct rp_fit *fit)
{
    double value = 0, edge;

    if (fit->within_ms == 0 || !rp_measure(s, fit->measure, fit->counter, fit->within_ms, &value))
        return RP_MOMENT_NEVER;
    edge = fit->op == RP_FIT_BANDS ? ceil(band_floor(fit, value)) : value;
    return rp_counter_falls(s, fit->counter, fit->within_ms, fit->measure == RP_MEASURE_DAYS,
                            edge >= 1 ? (uint32_t)edge : 0);
}

static int64_t days_change(struct rp_scratch *s, const struct rp_fit *fit)
{
    int64_t newest = rp_counter_newest(s, fit->counter);
    double value = 0, edge;

    if (newest == RP_NEVER || !rp_measure(s, fit->measure, fit->counter, 0, &value))
        return RP_MOMENT_NEVER;
    edge = fit->op == RP_FIT_BANDS ? band_ceiling(fit, value) : value + 1;
    if (edge > 36600)
        return RP_MOMENT_NEVER;
    return newest + (int64_t)ceil(edge) * RP_DAY;
}

/* Years change at a midnight of the lead's zone: this looks at each, seldom while it is far off. */
static int64_t years_change(struct rp_scratch *s, const struct rp_fit *fit, int64_t from_ms)
{
    const struct rp_value *value = rp_bind_value(s, fit->field);
    const struct rp_value *zone_value = rp_bind_value(s, s->rules->timezone_field);
    struct rp_str zone = zone_value ? rp_value_text(s, zone_value) : RP_STR("");
    int64_t now = s->now_ms, low, high;
    int64_t points, then;
    int32_t day = rp_zone_day(zone, from_ms);

    if (!value || !rp_fit_points(s, (uint32_t)(fit - s->rules->fits), &points, NULL))
        return RP_MOMENT_NEVER;
    low = 0;
    high = 0;
    for (int64_t ahead = 64; ahead <= 512 && high == 0; ahead += 64) {
        s->now_ms = rp_zone_moment(zone, day + (int32_t)ahead, 0);
        if (rp_fit_points(s, (uint32_t)(fit - s->rules->fits), &then, NULL) && then != points)
            high = ahead;
        else
            low = ahead;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        s->now_ms = rp_zone_moment(zone, day + (int32_t)middle, 0);
        if (rp_fit_points(s, (uint32_t)(fit - s->rules->fits), &then, NULL) && then != points)
            high = middle;
        else
            low = middle;
    }
    s->now_ms = now;
    return rp_zone_moment(zone, day + (int32_t)(high ? high : low), 0);
}

static int64_t fit_changes(struct rp_scratch *s, const struct rp_fit *fit, int64_t from_ms)
{
    if (fit->op == RP_FIT_WHEN) {
        struct rp_moment on, off;

        if (!fit->when)
            return RP_MOMENT_NEVER;
        on = rp_cond_next(s, fit->when, true, from_ms);
        off = rp_cond_next(s, fit->when, false, from_ms);
        on.at_ms = on.at_ms > from_ms ? on.at_ms : RP_MOMENT_NEVER;
        off.at_ms = off.at_ms > from_ms ? off.at_ms : RP_MOMENT_NEVER;
        return earlier(on, off).at_ms;
    }
    switch (fit->measure) {
    case RP_MEASURE_COUNT:
    case RP_MEASURE_DAYS:
    case RP_MEASURE_DISTINCT:
        return count_changes(s, fit);
    case RP_MEASURE_DAYS_SINCE:
        return days_change(s, fit);
    case RP_MEASURE_YEARS_SINCE:
        return years_change(s, fit, from_ms);
    case RP_MEASURE_FIELD:
    case RP_MEASURE_FILLED:
        return RP_MOMENT_NEVER;
    }
    return RP_MOMENT_NEVER;
}

int64_t rp_state_next(struct rp_scratch *s, uint32_t dim, int64_t from_ms)
{
    int64_t next = RP_MOMENT_NEVER, saved = s->now_ms;
    bool profile_only = s->profile_only;

    s->now_ms = from_ms;
    s->profile_only = true;
    for (uint32_t i = 0; i < s->rules->fit_count; i++) {
        const struct rp_fit *fit = &s->rules->fits[i];
        int64_t at;

        if (!fit->enabled || fit->shadow || fit->dim != dim)
            continue;
        at = fit_changes(s, fit, from_ms);
        if (at > from_ms && at < next)
            next = at;
    }
    s->profile_only = profile_only;
    s->now_ms = saved;
    return next;
}
