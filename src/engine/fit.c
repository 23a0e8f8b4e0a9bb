/* SPDX-License-Identifier: MIT */
/* State dimensions: what the profile gives, and habits counted over windows. Nothing accumulates;
 * each rule gives points or no row at all. Dimensions whose rules read the profile alone are kept
 * in a cell and made again when the profile changes; the others are read anew at every look. */
#include "base/limits.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"

#include <math.h>

/* What a rule measures; the evidence is what a person would call it. */
struct measured {
    const struct rp_value *value; /* NULL when unknown or a count */
    double number;
    bool known, has_number;
    struct rp_str evidence;
};

/* ---- Years ----------------------------------------------------------------------------------- */

/* Year, month and day of a day count since 1970-01-01 (Gregorian). */
static void civil(int64_t days, int64_t *ret_year, int64_t *ret_month_day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;

    *ret_year = yoe + era * 400 + (month <= 2);
    *ret_month_day = month * 100 + doy - (153 * mp + 2) / 5 + 1;
}

/* Whole calendar years from a date to today in the lead's time zone. */
static bool years_since(struct rp_scratch *s, const struct rp_value *value, double *ret_years)
{
    const struct rp_value *zone = rp_bind_value(s, s->rules->timezone_field);
    int64_t then_ms, then_year, then_day, year, day;

    if (!rp_time_parse(rp_value_text(s, value), &then_ms))
        return false;
    civil(rp_zone_day((struct rp_str){0}, then_ms), &then_year, &then_day);
    civil(rp_zone_day(zone ? rp_value_text(s, zone) : (struct rp_str){0}, s->now_ms), &year, &day);
    *ret_years = (double)(year - then_year - (day < then_day));
    return true;
}

static struct rp_str number_text(struct rp_scratch *s, double number)
{
    struct rp_atom atom = {.type = RP_NUMBER, .number = number};

    return rp_atom_text(s, &atom);
}

static struct measured measure(struct rp_scratch *s, const struct rp_fit *fit, bool wants_text)
{
    struct measured m = {0};
    uint32_t filled = 0;

    if (fit->measure == RP_MEASURE_FIELD || fit->measure == RP_MEASURE_YEARS_SINCE) {
        m.value = rp_bind_value(s, fit->field);
        m.known = m.value != NULL;
        if (m.known && wants_text)
            m.evidence = rp_value_text(s, m.value);
        if (m.known && fit->measure == RP_MEASURE_YEARS_SINCE)
            m.known = m.has_number = years_since(s, m.value, &m.number);
        else if (m.known && fit->op == RP_FIT_BANDS)
            m.has_number = rp_value_number(m.value, &m.number);
        return m;
    }
    if (fit->measure == RP_MEASURE_FILLED) {
        for (uint32_t i = 0; i < fit->filled_count; i++) {
            const struct rp_value *value = rp_bind_value(s, fit->filled[i]);

            filled += value && rp_value_text(s, value).len > 0;
        }
        m.number = filled;
        m.known = true;
    } else {
        m.known = rp_measure(s, fit->measure, fit->counter, fit->within_ms, &m.number);
    }
    m.has_number = m.known;
    if (m.known && wants_text)
        m.evidence = number_text(s, m.number);
    return m;
}

/* ---- Bands, words, values -------------------------------------------------------------------- */

/* A count or a number is matched like a value of its own. */
static const struct rp_value *measured_value(struct measured *m, struct rp_atom *atom,
                                             struct rp_value *value)
{
    if (m->value)
        return m->value;
    *atom = (struct rp_atom){.type = RP_NUMBER, .number = m->number};
    *value = (struct rp_value){atom, 1};
    return value;
}

static bool words_hold(struct rp_scratch *s, const struct rp_word_band *band, struct rp_atom *atom)
{
    struct rp_str text = rp_atom_folded(s, atom);
    bool some = false;

    for (uint32_t i = 0; !some && i < band->any_count; i++)
        some = rp_text_word(text, band->any[i]);
    for (uint32_t i = 0; some && i < band->not_any_count; i++)
        some = !rp_text_word(text, band->not_any[i]);
    return some;
}

static bool band_holds(struct rp_scratch *s, const struct rp_fit *fit, uint32_t band,
                       struct measured *m)
{
    struct rp_value storage;
    struct rp_atom atom;

    if (fit->op == RP_FIT_BANDS)
        return m->has_number && m->number < fit->bands[band].below;
    if (fit->op == RP_FIT_VALUES)
        return rp_match(s, &fit->values[band].match, measured_value(m, &atom, &storage)) == RP_TRUE;
    for (uint32_t i = 0; m->value && i < m->value->count; i++) {
        if (words_hold(s, &fit->words[band], &m->value->atoms[i]))
            return true;
    }
    return false;
}

/* A model may give the points of bands (or of `when`: entry 0) other numbers. */
static double band_points(const struct rp_scratch *s, uint32_t index, uint32_t band)
{
    const struct rp_fit *fit = &s->rules->fits[index];
    double *const *overlay = s->rules->models[s->model].fit_points;

    if (overlay && overlay[index])
        return overlay[index][band];
    switch (fit->op) {
    case RP_FIT_BANDS:
        return fit->bands[band].points;
    case RP_FIT_WORDS:
        return fit->words[band].points;
    case RP_FIT_VALUES:
        return fit->values[band].points;
    case RP_FIT_WHEN:
        return fit->points;
    }
    return 0;
}

/* The band that counts; RP_NONE: none holds. */
static uint32_t band_of(struct rp_scratch *s, uint32_t index, struct measured *m)
{
    const struct rp_fit *fit = &s->rules->fits[index];
    uint32_t best = RP_NONE;

    for (uint32_t i = 0; i < fit->band_count; i++) {
        if (!band_holds(s, fit, i, m))
            continue;
        if (!fit->best || fit->op == RP_FIT_BANDS)
            return i;
        if (best == RP_NONE || band_points(s, index, i) > band_points(s, index, best))
            best = i;
    }
    return best;
}

static double fit_value(struct rp_scratch *s, uint32_t index, struct rp_str *evidence)
{
    const struct rp_fit *fit = &s->rules->fits[index];
    struct measured m;
    enum rp_truth truth;
    uint32_t band;

    if (fit->op == RP_FIT_WHEN) {
        truth = fit->when ? rp_cond_eval(s, fit->when) : RP_TRUE;
        if (truth == RP_TRUE)
            return band_points(s, index, 0);
        return truth == RP_UNKNOWN ? fit->missing : fit->other;
    }
    m = measure(s, fit, evidence != NULL);
    if (!m.known)
        return fit->missing;
    if (evidence)
        *evidence = m.evidence;
    band = band_of(s, index, &m);
    return band == RP_NONE ? fit->other : band_points(s, index, band);
}

uint32_t rp_fit_band(struct rp_scratch *s, uint32_t index)
{
    const struct rp_fit *fit = &s->rules->fits[index];
    bool saved = s->profile_only;
    struct measured m;
    uint32_t band = RP_NONE;

    s->profile_only = true;
    if (fit->op == RP_FIT_WHEN) {
        if (!fit->when || rp_cond_eval(s, fit->when) == RP_TRUE)
            band = 0;
    } else {
        m = measure(s, fit, false);
        if (m.known)
            band = band_of(s, index, &m);
    }
    s->profile_only = saved;
    return band;
}

/* Somebody who is left out by what he is has no score; what an event says (a robot) is its own
 * affair. */
bool rp_fit_excluded(struct rp_scratch *s)
{
    bool saved = s->profile_only;
    bool is = false;

    s->profile_only = true;
    for (uint32_t i = 0; i < s->rules->exclude_count && !is; i++)
        is = rp_cond_eval(s, s->rules->excludes[i].when) == RP_TRUE;
    s->profile_only = saved;
    return is;
}

bool rp_fit_points(struct rp_scratch *s, uint32_t index, int64_t *ret_points,
                   struct rp_str *ret_evidence)
{
    const struct rp_model *model = &s->rules->models[s->model];
    bool saved = s->profile_only;
    double points;

    if (model->without_fits && model->without_fits[index])
        return false;
    if (ret_evidence)
        *ret_evidence = (struct rp_str){0};
    s->profile_only = true;
    points = fit_value(s, index, ret_evidence);
    s->profile_only = saved;
    if (isnan(points))
        return false;
    *ret_points = rp_round_milli(points * RP_MILLI);
    return true;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

static int64_t fit_total(struct rp_scratch *s, uint32_t dim)
{
    int64_t sum = 0, points;

    if (rp_fit_excluded(s))
        return 0;
    for (uint32_t i = 0; i < s->rules->fit_count; i++) {
        const struct rp_fit *fit = &s->rules->fits[i];

        if (fit->enabled && !fit->shadow && fit->dim == dim && rp_fit_points(s, i, &points, NULL))
            sum += points;
    }
    return sum;
}

int64_t rp_fit_sum(struct rp_scratch *s, uint32_t dim)
{
    uint32_t len = 0;
    const void *cell = NULL;
    int64_t sum;

    if (s->index->dim_static[dim])
        cell = rp_lead_cell(s->lead, rp_cell_key(RP_CELL_STATE, s->model, dim), &len);
    if (!cell)
        return fit_total(s, dim);
    memcpy(&sum, cell, sizeof(sum));
    return sum;
}

void rp_fit_store(struct rp_scratch *s, struct rp_lead *lead)
{
    uint32_t saved = s->model;

    for (s->model = 0; s->model < s->rules->model_count; s->model++) {
        for (uint32_t d = 0; d < s->rules->dim_count; d++) {
            int64_t sum;

            if (!s->index->dim_static[d])
                continue;
            sum = fit_total(s, d);
            memcpy(rp_lead_cell_resize(lead, rp_cell_key(RP_CELL_STATE, s->model, d), sizeof(sum)),
                   &sum, sizeof(sum));
        }
    }
    s->model = saved;
}
