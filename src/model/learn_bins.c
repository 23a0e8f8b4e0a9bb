/* SPDX-License-Identifier: MIT */
/* Bins of one column: fine ones (distinct values or twenty quantiles; levels by their rate), then
 * neighbours merged while one is too small, there are too many, or they do not differ (chi square
 * below 3.841: ChiMerge). 0 is a bin of its own, and so is missing: "never" and "unknown" are no
 * small numbers. Boundaries are the shortest decimals between two values, as a person would choose
 * them. */
#include "base/check.h"
#include "model/learn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FINE_DISTINCT 20
#define FINE_QUANTILE 20
#define SHARE_MIN     0.05 /* of the leads, in a coarse bin */
#define CLASS_MIN     10   /* leads of either outcome in it */
#define LEVEL_MIN     30   /* leads of a level of its own */
#define LEVEL_SHARE   0.01
#define CHI2_SAME     3.841
#define NO_BIN        255

/* A group of neighbours: values from lo to hi, or levels. */
struct group {
    double lo, hi;
    double converted, others;
    bool apart;            /* 0: not merged */
    bool other;            /* holds the rare levels */
    uint32_t first, count; /* TEXT: into the ordered levels */
};

struct merging {
    struct group *groups;
    size_t count;
    double rows, class_min;
};

struct pair {
    double value;
    uint8_t y;
};

static int by_value(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    return a->value < b->value ? -1 : a->value > b->value;
}

static double class_min(unsigned how)
{
    return how & RP_LEARN_LOOSE ? 0 : CLASS_MIN;
}

static double leads_of(const struct group *g)
{
    return g->converted + g->others;
}

/* ---- Merging --------------------------------------------------------------------------------- */

static double chi_square(const struct group *a, const struct group *b)
{
    const double n = leads_of(a) + leads_of(b);
    const double cross = a->converted * b->others - b->converted * a->others;
    const double margins =
        leads_of(a) * leads_of(b) * (a->converted + b->converted) * (a->others + b->others);

    return margins > 0 ? n * cross * cross / margins : 0;
}

static void merge(struct merging *m, size_t left)
{
    struct group *a = &m->groups[left], *b = a + 1;

    a->hi = b->hi;
    a->converted += b->converted;
    a->others += b->others;
    a->count += b->count;
    a->other |= b->other;
    a->apart = false;
    memmove(b, b + 1, (m->count - left - 2) * sizeof(*b));
    m->count--;
}

static bool is_small(const struct merging *m, const struct group *g)
{
    return leads_of(g) < SHARE_MIN * m->rows || g->converted < m->class_min ||
           g->others < m->class_min;
}

/* The neighbour that differs least; groups that stand apart are taken when there is no other. */
static size_t nearest(const struct merging *m, size_t at)
{
    size_t best = SIZE_MAX;
    double least = (double)INFINITY;

    for (int round = 0; round < 2 && best == SIZE_MAX; round++) {
        for (int side = 0; side < 2; side++) {
            const size_t left = side ? at : at - 1; /* of the pair */
            if ((!side && at == 0) || left + 1 >= m->count)
                continue;
            if (round == 0 && (m->groups[left].apart || m->groups[left + 1].apart))
                continue;
            const double chi2 = chi_square(&m->groups[left], &m->groups[left + 1]);
            if (chi2 < least) {
                least = chi2;
                best = left;
            }
        }
    }
    return best;
}

static void merge_small(struct merging *m)
{
    for (size_t i = 0; i < m->count && m->count > 1;) {
        if (!is_small(m, &m->groups[i])) {
            i++;
            continue;
        }
        merge(m, nearest(m, i));
        i = 0;
    }
}

/* The left one of the neighbours that differ least; SIZE_MAX: none may be merged. */
static size_t most_alike(const struct merging *m, double *ret_chi2)
{
    double least = (double)INFINITY;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i + 1 < m->count; i++) {
        if (m->groups[i].apart || m->groups[i + 1].apart)
            continue;
        const double chi2 = chi_square(&m->groups[i], &m->groups[i + 1]);
        if (chi2 < least) {
            least = chi2;
            best = i;
        }
    }
    if (ret_chi2)
        *ret_chi2 = least;
    return best;
}

static void merge_alike(struct merging *m)
{
    for (;;) {
        double least;
        size_t ordinary = 0;
        const size_t best = most_alike(m, &least);
        for (size_t i = 0; i < m->count; i++)
            ordinary += !m->groups[i].apart;
        if (best == SIZE_MAX || (ordinary <= RP_LEARN_COARSE && least >= CHI2_SAME))
            return;
        merge(m, best);
    }
}

/* Whether the rates of what does not stand apart go one way. */
static bool is_monotone(const struct merging *m)
{
    double prev = (double)NAN;
    bool rises = false, falls = false;

    for (size_t i = 0; i < m->count; i++) {
        const struct group *g = &m->groups[i];
        const double rate = g->converted / leads_of(g);
        if (g->apart)
            continue;
        rises |= rate > prev;
        falls |= rate < prev;
        prev = rate;
    }
    return !(rises && falls);
}

static void merge_monotone(struct merging *m)
{
    while (!is_monotone(m))
        merge(m, most_alike(m, NULL));
}

/* ---- Numbers --------------------------------------------------------------------------------- */

/* The decimal with the fewest digits that is above a and at most b. */
static double boundary(double a, double b)
{
    for (int digits = -15; digits <= 15; digits++) {
        const double scale = pow(10, fabs((double)digits));
        const double value = digits < 0 ? floor(b / scale) * scale : floor(b * scale) / scale;
        if (value > a && value <= b)
            return value;
    }
    return b;
}

/* Fine groups of sorted values. */
static size_t fine_numbers(const struct pair *sorted, size_t n, struct group *groups)
{
    size_t distinct = 0, count = 0, taken = 0;

    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || sorted[i].value != sorted[i - 1].value;
    const bool each = distinct <= FINE_DISTINCT;
    for (size_t i = 0, end; i < n; i = end) {
        const bool zero = sorted[i].value == 0;
        struct group *g = count ? &groups[count - 1] : NULL;
        if (!g || each || zero || g->apart || taken * FINE_QUANTILE >= count * n) {
            RP_ASSERT(count < RP_LEARN_BINS_MAX);
            g = &groups[count++];
            *g = (struct group){.lo = sorted[i].value, .apart = zero};
        }
        for (end = i; end < n && sorted[end].value == sorted[i].value; end++) {
            g->converted += sorted[end].y != 0;
            g->others += sorted[end].y == 0;
        }
        g->hi = sorted[i].value;
        taken = end;
    }
    return count;
}

static uint32_t bin_numbers(struct rp_arena *arena, const struct rp_learn_table *table,
                            const struct rp_learn_column *column, const bool *in, unsigned how,
                            struct rp_learn_bin *bins, struct group *ret_missing)
{
    struct pair *all = rp_arena_alloc(arena, table->rows * sizeof(*all) + 1);
    struct group groups[RP_LEARN_BINS_MAX];
    size_t n = 0;
    double rows = 0;

    for (uint32_t i = 0; i < table->rows; i++) {
        if (in && !in[i])
            continue;
        rows++;
        if (isnan(column->value[i])) {
            ret_missing->converted += table->y[i] != 0;
            ret_missing->others += table->y[i] == 0;
        } else {
            all[n++] = (struct pair){column->value[i], table->y[i]};
        }
    }
    qsort(all, n, sizeof(*all), by_value);
    struct merging m = {groups, fine_numbers(all, n, groups), rows, class_min(how)};
    for (size_t i = 0; i < m.count; i++)
        m.groups[i].apart &= !is_small(&m, &m.groups[i]);
    merge_small(&m);
    merge_alike(&m);
    if (how & RP_LEARN_MONOTONE)
        merge_monotone(&m);
    for (size_t i = 0; i < m.count; i++) {
        bins[i] = (struct rp_learn_bin){
            .below = i + 1 < m.count ? boundary(groups[i].hi, groups[i + 1].lo) : (double)INFINITY,
            .leads = leads_of(&groups[i]),
            .converted = groups[i].converted};
    }
    return (uint32_t)m.count;
}

/* ---- Levels ---------------------------------------------------------------------------------- */

static double rate_of(const struct group *g)
{
    return (g->converted + 0.5) / (leads_of(g) + 1);
}

static int by_rate(const void *left, const void *right)
{
    const struct group *a = left, *b = right;
    const double x = rate_of(a), y = rate_of(b);

    if (x != y)
        return x < y ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* Groups of levels, by rate; `first` is the level, those that are rare stand together. */
static size_t fine_levels(const struct rp_learn_column *column, const struct group *levels,
                          double rows, struct group *groups)
{
    struct group rare = {.other = true, .first = column->level_count};
    size_t count = 0;

    for (uint32_t l = 0; l < column->level_count; l++) {
        const double leads = leads_of(&levels[l]);
        if (leads >= LEVEL_MIN && leads >= LEVEL_SHARE * rows) {
            groups[count] = levels[l];
            groups[count].first = l;
            groups[count++].count = 1;
        } else {
            rare.converted += levels[l].converted;
            rare.others += levels[l].others;
        }
    }
    if (leads_of(&rare) > 0)
        groups[count++] = rare;
    qsort(groups, count, sizeof(*groups), by_rate);
    return count;
}

static uint32_t bin_levels(struct rp_arena *arena, const struct rp_learn_table *table,
                           const struct rp_learn_column *column, const bool *in, unsigned how,
                           struct rp_learn_attribute *attribute, struct group *ret_missing)
{
    const uint32_t levels_n = column->level_count;
    struct group *levels = RP_ARENA_ARRAY(arena, struct group, levels_n + 1);
    struct group *groups = RP_ARENA_ARRAY(arena, struct group, levels_n + 2);
    uint32_t *order = RP_ARENA_ARRAY(arena, uint32_t, levels_n + 2);
    double rows = 0;

    for (uint32_t i = 0; i < table->rows; i++) {
        if (in && !in[i])
            continue;
        const uint32_t level = column->level[i];
        struct group *g = level == RP_LEARN_NONE ? ret_missing : &levels[level];
        rows++;
        g->converted += table->y[i] != 0;
        g->others += table->y[i] == 0;
    }
    struct merging m = {groups, fine_levels(column, levels, rows, groups), rows, class_min(how)};
    for (uint32_t i = 0; i < m.count; i++) { /* from here on `first` is a place in the order */
        order[i] = groups[i].first;
        groups[i].first = i;
        groups[i].count = 1;
    }
    merge_small(&m);
    merge_alike(&m);
    attribute->level_bin = rp_arena_alloc(arena, levels_n + 1);
    memset(attribute->level_bin, NO_BIN, levels_n + 1);
    for (uint32_t b = 0; b < m.count; b++) {
        struct rp_learn_bin *bin = &attribute->bins[b];
        *bin = (struct rp_learn_bin){.other = groups[b].other,
                                     .levels = order + groups[b].first,
                                     .leads = leads_of(&groups[b]),
                                     .converted = groups[b].converted};
        for (uint32_t i = 0; i < groups[b].count; i++) {
            const uint32_t level = order[groups[b].first + i];
            if (level == levels_n) /* the rare ones */
                continue;
            attribute->level_bin[level] = (uint8_t)b;
            bin->levels[bin->level_count++] = level;
        }
        for (uint32_t l = 0; groups[b].other && l < levels_n; l++)
            if (leads_of(&levels[l]) < LEVEL_MIN || leads_of(&levels[l]) < LEVEL_SHARE * rows)
                attribute->level_bin[l] = (uint8_t)b;
    }
    return (uint32_t)m.count;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static void weigh(struct rp_learn_attribute *a)
{
    double converted[RP_LEARN_BINS_MAX + 1], others[RP_LEARN_BINS_MAX + 1];
    double woe[RP_LEARN_BINS_MAX + 1];

    a->reference = 0;
    for (uint32_t b = 0; b < a->bin_count; b++) {
        converted[b] = a->bins[b].converted;
        others[b] = a->bins[b].leads - a->bins[b].converted;
        if (a->bins[b].leads > a->bins[a->reference].leads)
            a->reference = b;
    }
    a->iv = rp_stats_woe(converted, others, a->bin_count, 0.5, woe, NULL);
    for (uint32_t b = 0; b < a->bin_count; b++)
        a->bins[b].woe = woe[b];
}

bool rp_learn_bins(struct rp_arena *arena, const struct rp_learn_table *table, uint32_t column,
                   const bool *in, unsigned how, struct rp_learn_attribute *ret_attribute)
{
    const struct rp_learn_column *c = &table->columns[column];
    struct rp_learn_attribute *a = ret_attribute;
    struct group missing = {0};
    double rows = 0;

    *a = (struct rp_learn_attribute){.column = column};
    if (c->too_many)
        return false;
    const uint32_t room = c->kind == RP_LEARN_TEXT ? c->level_count + 2 : RP_LEARN_BINS_MAX;
    a->bins = RP_ARENA_ARRAY(arena, struct rp_learn_bin, room + 1);
    a->bin_count = c->kind == RP_LEARN_TEXT
                       ? bin_levels(arena, table, c, in, how, a, &missing)
                       : bin_numbers(arena, table, c, in, how, a->bins, &missing);
    for (uint32_t b = 0; b < a->bin_count; b++)
        rows += a->bins[b].leads;
    rows += leads_of(&missing);
    /* Few without a value say nothing: they count as the usual case. */
    if (leads_of(&missing) > 0 &&
        !is_small(&(struct merging){.rows = rows, .class_min = class_min(how)}, &missing))
        a->bins[a->bin_count++] = (struct rp_learn_bin){.below = (double)INFINITY,
                                                        .missing = true,
                                                        .leads = leads_of(&missing),
                                                        .converted = missing.converted};
    if (a->bin_count < 2)
        return false;
    weigh(a);
    return true;
}

uint32_t rp_learn_bin_of(const struct rp_learn_attribute *attribute,
                         const struct rp_learn_table *table, uint32_t row)
{
    const struct rp_learn_column *c = &table->columns[attribute->column];
    const uint32_t last = attribute->bin_count - 1;
    const bool has_missing = attribute->bins[last].missing;

    if (c->kind == RP_LEARN_TEXT) {
        if (c->level[row] == RP_LEARN_NONE)
            return has_missing ? last : RP_LEARN_NONE;
        const uint8_t bin = attribute->level_bin[c->level[row]];
        return bin == NO_BIN ? RP_LEARN_NONE : bin;
    }
    if (isnan(c->value[row]))
        return has_missing ? last : RP_LEARN_NONE;
    for (uint32_t b = 0; b <= last; b++)
        if (!attribute->bins[b].missing && c->value[row] < attribute->bins[b].below)
            return b;
    return last - has_missing;
}
