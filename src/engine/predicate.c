/* SPDX-License-Identifier: MIT */
/* Conditions, in three values: what is missing is unknown, comparisons with it are unknown, and
 * unknown never fires; exists and missing are always decided. Text is compared folded, `exact` as
 * written; numbers inside text are read. A list matches when any element does; ne, none_of and
 * none{…} of a list hold when they hold for every element. */
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>

/* ---- Matchers on one atom -----------------------------------------------------------------------
 */

static bool scalar_equals(struct rp_scratch *s, const struct rp_scalar *want, struct rp_atom *atom,
                          bool exact)
{
    double number;

    if (atom->type == RP_OBJECT)
        return false;
    if (want->type == RP_NUMBER)
        return atom->type != RP_BOOL && !(exact && atom->type != RP_NUMBER) &&
               rp_atom_number(atom, &number) && number == want->number;
    if (want->type == RP_BOOL) {
        if (atom->type == RP_BOOL)
            return (atom->number != 0) == (want->number != 0);
        return atom->type == RP_STRING && !exact &&
               rp_str_is(rp_atom_folded(s, atom), want->number != 0 ? "true" : "false");
    }
    if (atom->type == RP_NUMBER && !isnan(want->number))
        return !exact && atom->number == want->number;
    if (exact)
        return atom->type == RP_STRING && rp_str_eq(atom->text, want->text);
    return rp_str_eq(rp_atom_folded(s, atom), want->folded);
}

/* -1, 0, 1; false when the two cannot be compared. Text without a number compares as text. */
static bool scalar_order(struct rp_scratch *s, const struct rp_scalar *want, struct rp_atom *atom,
                         int *ret_order)
{
    double number;

    if (want->type == RP_NUMBER || (want->type == RP_STRING && !isnan(want->number))) {
        if (!rp_atom_number(atom, &number))
            return false;
        *ret_order = (number > want->number) - (number < want->number);
        return true;
    }
    if (want->type != RP_STRING || atom->type != RP_STRING)
        return false;
    *ret_order = rp_str_cmp(rp_atom_folded(s, atom), want->folded);
    return true;
}

static bool atom_in_list(struct rp_scratch *s, const struct rp_list *list, struct rp_atom *atom)
{
    struct rp_str text = rp_atom_folded(s, atom);
    uint32_t low = 0, high = list->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = rp_str_cmp(list->values[middle], text);

        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool atom_time(struct rp_scratch *s, struct rp_atom *atom, int64_t *ret_ms)
{
    return (atom->type == RP_STRING || atom->type == RP_NUMBER) &&
           rp_time_parse(rp_atom_text(s, atom), ret_ms);
}

static bool text_holds(enum rp_match_op op, struct rp_str text, struct rp_str want)
{
    switch ((int)op) {
    case RP_MATCH_GLOB:
        return rp_text_glob(text, want);
    case RP_MATCH_CONTAINS:
        return rp_text_contains(text, want);
    case RP_MATCH_STARTS:
        return rp_str_starts(text, want);
    case RP_MATCH_ENDS:
        return rp_str_ends(text, want);
    case RP_MATCH_WORD:
        return rp_text_word(text, want);
    default:
        RP_UNREACHABLE();
    }
}

static struct rp_str scalar_text(struct rp_scratch *s, const struct rp_scalar *want)
{
    struct rp_atom atom = {.type = want->type, .number = want->number};

    return want->type == RP_STRING ? want->folded : rp_atom_text(s, &atom);
}

static bool any_equals(struct rp_scratch *s, const struct rp_matcher *matcher, struct rp_atom *atom)
{
    for (uint32_t i = 0; i < matcher->value_count; i++) {
        if (scalar_equals(s, &matcher->values[i], atom, matcher->op == RP_MATCH_EXACT))
            return true;
    }
    return false;
}

static bool any_text(struct rp_scratch *s, const struct rp_matcher *matcher, struct rp_atom *atom)
{
    for (uint32_t i = 0; i < matcher->value_count && atom->type != RP_OBJECT; i++) {
        if (text_holds(matcher->op, rp_atom_folded(s, atom), scalar_text(s, &matcher->values[i])))
            return true;
    }
    return false;
}

static bool match_atom(struct rp_scratch *s, const struct rp_matcher *matcher,
                       struct rp_atom *atom);

static bool any_part(struct rp_scratch *s, const struct rp_matcher *matcher, struct rp_atom *atom)
{
    for (uint32_t i = 0; i < matcher->part_count; i++) {
        if (match_atom(s, &matcher->parts[i], atom))
            return true;
    }
    return false;
}

static bool all_parts(struct rp_scratch *s, const struct rp_matcher *matcher, struct rp_atom *atom)
{
    for (uint32_t i = 0; i < matcher->part_count; i++) {
        if (!match_atom(s, &matcher->parts[i], atom))
            return false;
    }
    return true;
}

static bool match_atom(struct rp_scratch *s, const struct rp_matcher *matcher, struct rp_atom *atom)
{
    const struct rp_scalar *want = matcher->values;
    int64_t ms;
    int order, upper;

    switch (matcher->op) {
    case RP_MATCH_EQ:
    case RP_MATCH_EXACT:
    case RP_MATCH_ONE_OF:
        return any_equals(s, matcher, atom);
    case RP_MATCH_NE:
    case RP_MATCH_NONE_OF:
        return !any_equals(s, matcher, atom);
    case RP_MATCH_GT:
        return scalar_order(s, want, atom, &order) && order > 0;
    case RP_MATCH_GTE:
        return scalar_order(s, want, atom, &order) && order >= 0;
    case RP_MATCH_LT:
        return scalar_order(s, want, atom, &order) && order < 0;
    case RP_MATCH_LTE:
        return scalar_order(s, want, atom, &order) && order <= 0;
    case RP_MATCH_BETWEEN:
        return scalar_order(s, want, atom, &order) && order >= 0 &&
               scalar_order(s, want + 1, atom, &upper) && upper <= 0;
    case RP_MATCH_GLOB:
    case RP_MATCH_CONTAINS:
    case RP_MATCH_STARTS:
    case RP_MATCH_ENDS:
    case RP_MATCH_WORD:
        return any_text(s, matcher, atom);
    case RP_MATCH_IN_LIST:
        return atom->type != RP_OBJECT && atom_in_list(s, &s->rules->lists[matcher->list], atom);
    case RP_MATCH_EXISTS:
        return true;
    case RP_MATCH_MISSING:
        return false;
    case RP_MATCH_BEFORE:
        return atom_time(s, atom, &ms) && ms < matcher->at_ms;
    case RP_MATCH_AFTER:
        return atom_time(s, atom, &ms) && ms >= matcher->at_ms;
    case RP_MATCH_ANY:
        return any_part(s, matcher, atom);
    case RP_MATCH_ALL:
        return all_parts(s, matcher, atom);
    case RP_MATCH_NO:
        return !any_part(s, matcher, atom);
    }
    return false;
}

/* ---- Matchers on a value --------------------------------------------------------------------- */

static enum rp_truth match_missing(const struct rp_matcher *matcher)
{
    bool unknown = false, some = false, every = true;

    switch ((int)matcher->op) {
    case RP_MATCH_EXISTS:
        return RP_FALSE;
    case RP_MATCH_MISSING:
        return RP_TRUE;
    case RP_MATCH_ANY:
    case RP_MATCH_ALL:
    case RP_MATCH_NO:
        break;
    default:
        return RP_UNKNOWN;
    }
    for (uint32_t i = 0; i < matcher->part_count; i++) {
        enum rp_truth truth = match_missing(&matcher->parts[i]);

        unknown |= truth == RP_UNKNOWN;
        some |= truth == RP_TRUE;
        every &= truth != RP_FALSE;
    }
    if (matcher->op == RP_MATCH_ALL)
        return !every ? RP_FALSE : unknown ? RP_UNKNOWN : RP_TRUE;
    if (some)
        return matcher->op == RP_MATCH_ANY ? RP_TRUE : RP_FALSE;
    if (unknown)
        return RP_UNKNOWN;
    return matcher->op == RP_MATCH_ANY ? RP_FALSE : RP_TRUE;
}

enum rp_truth rp_match(struct rp_scratch *s, const struct rp_matcher *matcher,
                       const struct rp_value *value)
{
    bool negative =
        matcher->op == RP_MATCH_NE || matcher->op == RP_MATCH_NONE_OF || matcher->op == RP_MATCH_NO;

    if (!value)
        return match_missing(matcher);
    for (uint32_t i = 0; i < value->count; i++) {
        if (match_atom(s, matcher, &value->atoms[i]) != negative)
            return negative ? RP_FALSE : RP_TRUE;
    }
    return negative ? RP_TRUE : RP_FALSE;
}

/* ---- Conditions ------------------------------------------------------------------------------ */

static enum rp_truth cond_parts(struct rp_scratch *s, const struct rp_cond *cond)
{
    uint32_t yes = 0, unknown = 0;

    for (uint32_t i = 0; i < cond->part_count; i++) {
        enum rp_truth truth = rp_cond_eval(s, &cond->parts[i]);

        yes += truth == RP_TRUE;
        unknown += truth == RP_UNKNOWN;
        if (cond->op == RP_COND_ALL && truth == RP_FALSE)
            return RP_FALSE;
        if ((cond->op == RP_COND_ANY || cond->op == RP_COND_NO) && truth == RP_TRUE)
            return cond->op == RP_COND_ANY ? RP_TRUE : RP_FALSE;
    }
    if (cond->op == RP_COND_SOME) {
        if (yes >= cond->times)
            return RP_TRUE;
        return yes + unknown >= cond->times ? RP_UNKNOWN : RP_FALSE;
    }
    if (unknown)
        return RP_UNKNOWN;
    return cond->op == RP_COND_ANY ? RP_FALSE : RP_TRUE;
}

static struct rp_span cond_span(const struct rp_scratch *s, const struct rp_cond *cond)
{
    struct rp_span span = rp_span_within(s->now_ms, 0);

    if (cond->since == RP_SINCE_WITHIN)
        span = rp_span_within(s->now_ms, cond->within_ms);
    else if (cond->since == RP_SINCE_ENTRY)
        span.received_ms = s->since_ms    ? s->since_ms
                           : s->in_status ? s->lead->status_since_ms
                                          : s->lead->stage_since_ms;
    return span;
}

uint32_t rp_cond_count(const struct rp_scratch *s, const struct rp_cond *cond)
{
    struct rp_span span = cond_span(s, cond);

    return cond->days ? rp_counter_days(s, cond->counter, &span)
                      : rp_counter_count(s, cond->counter, &span);
}

static enum rp_truth cond_bounds(struct rp_scratch *s, const struct rp_cond *cond, bool below)
{
    for (uint32_t i = 0; i < cond->bound_count; i++) {
        int64_t value = rp_score_read(s, cond->bounds[i].dim);

        if ((value < cond->bounds[i].value) != below)
            return RP_FALSE;
    }
    return RP_TRUE;
}

static bool grade_in(struct rp_scratch *s, const struct rp_cond *cond)
{
    struct rp_str grade = rp_score_grade(s);

    for (uint32_t i = 0; i < cond->name_count; i++) {
        if (rp_str_eq(cond->names[i], grade))
            return true;
    }
    return false;
}

uint32_t rp_cond_filled(struct rp_scratch *s, const struct rp_cond *cond)
{
    uint32_t filled = 0;

    for (uint32_t i = 0; i < cond->name_count; i++) {
        const struct rp_value *value = rp_bind_value(s, cond->fields[i]);

        filled += value && rp_value_text(s, value).len > 0;
    }
    return filled;
}

static enum rp_truth truth_of(bool holds)
{
    return holds ? RP_TRUE : RP_FALSE;
}

/* Below without a break, since the stage was entered or the scores fell. */
static bool cond_held(struct rp_scratch *s, const struct rp_cond *cond)
{
    int64_t since;

    if (s->now_ms - s->lead->stage_since_ms < cond->held_ms)
        return false;
    since = rp_held_since(s, cond, NULL);
    return since != RP_NEVER && s->now_ms - since >= cond->held_ms;
}

static bool in_status(const struct rp_scratch *s, const struct rp_cond *cond)
{
    return (cond->stage == RP_NONE || s->lead->stage == cond->stage) && s->lead->status != 0 &&
           s->lead->status == rp_status_id(cond->names[0]);
}

enum rp_truth rp_cond_eval(struct rp_scratch *s, const struct rp_cond *cond)
{
    switch (cond->op) {
    case RP_COND_FIELD:
        return rp_match(s, &cond->match, rp_bind_value(s, cond->field));
    case RP_COND_ALL:
    case RP_COND_ANY:
    case RP_COND_NO:
    case RP_COND_SOME:
        return cond_parts(s, cond);
    case RP_COND_COUNT:
        return truth_of(rp_cond_count(s, cond) >= (cond->days ? cond->days : cond->times));
    case RP_COND_AT_LEAST:
        return cond_bounds(s, cond, false);
    case RP_COND_BELOW:
        return cond->held_ms ? truth_of(cond_held(s, cond)) : cond_bounds(s, cond, true);
    case RP_COND_GRADE_IN:
        return truth_of(grade_in(s, cond));
    case RP_COND_IN_STAGE:
        return truth_of(s->lead->stage == cond->stage &&
                        s->now_ms - s->lead->stage_since_ms >= cond->at_least_ms);
    case RP_COND_IN_SEGMENT:
        return cond->part_count ? rp_cond_eval(s, &cond->parts[0]) : RP_FALSE;
    case RP_COND_IN_STATUS:
        return truth_of(in_status(s, cond));
    case RP_COND_INACTIVE:
        return truth_of(s->now_ms - rp_active_ms(s->lead) >= cond->held_ms);
    case RP_COND_KNOWN:
        return truth_of(rp_profile_known(s->rules, s->lead));
    case RP_COND_FILLED:
        return truth_of(rp_cond_filled(s, cond) >= cond->times);
    }
    return RP_FALSE;
}
