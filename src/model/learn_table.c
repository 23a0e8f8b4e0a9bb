/* SPDX-License-Identifier: MIT */
/* Columns out of texts: a column whose texts are all numbers is one; else its texts are levels, and
 * those that matchers cannot tell apart (case, accents) are one level. Texts are kept once, so that
 * memory goes with what is different, not with what is long. */
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "model/learn.h"

#include <math.h>
#include <stdlib.h>

static uint32_t *place_of(struct rp_learn_texts *t, struct rp_str text)
{
    size_t at = (size_t)rp_hash(text) & (t->place_count - 1);

    while (t->places[at] && !rp_str_eq(t->items[t->places[at] - 1], text))
        at = (at + 1) & (t->place_count - 1);
    return &t->places[at];
}

static void widen(struct rp_learn_texts *t)
{
    free(t->places);
    t->place_count = t->place_count ? t->place_count * 2 : 64;
    t->places = rp_calloc(t->place_count, sizeof(*t->places));
    for (size_t i = 0; i < t->count; i++)
        *place_of(t, t->items[i]) = (uint32_t)i + 1;
}

uint32_t rp_learn_texts_add(struct rp_arena *arena, struct rp_learn_texts *texts,
                            struct rp_str text)
{
    if ((texts->count + 1) * 2 > texts->place_count)
        widen(texts);
    uint32_t *place = place_of(texts, text);
    if (!*place) {
        texts->items = rp_grow(texts->items, &texts->cap, texts->count + 1, sizeof(*texts->items));
        texts->items[texts->count] = rp_arena_str(arena, text);
        *place = (uint32_t)++texts->count;
    }
    return *place - 1;
}

void rp_learn_texts_fini(struct rp_learn_texts *texts)
{
    free(texts->items);
    free(texts->places);
    *texts = (struct rp_learn_texts){0};
}

bool rp_learn_nothing(struct rp_str text)
{
    static const char *const words[] = {"", "NA", "N/A", "NULL", "null", "NaN", "nan"};

    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_str_is(text, words[i]))
            return true;
    return false;
}

static bool all_numbers(const struct rp_learn_texts *t, double *values)
{
    bool some = false;

    for (size_t i = 0; i < t->count; i++) {
        values[i] = (double)NAN;
        if (rp_learn_nothing(t->items[i]))
            continue;
        if (!rp_number_parse(t->items[i], &values[i]))
            return false;
        some = true;
    }
    return some;
}

struct level {
    struct rp_str folded, text;
    uint32_t number;
};

static int by_folded(const void *left, const void *right)
{
    const struct level *a = left, *b = right;
    const int order = rp_str_cmp(a->folded, b->folded);

    return order ? order : a->number < b->number ? -1 : a->number > b->number;
}

/* Levels in the order of their folded texts; of[i]: level of text i. */
static void find_levels(struct rp_arena *arena, const struct rp_learn_texts *t, uint32_t *of,
                        struct rp_learn_column *column)
{
    struct level *all = RP_ARENA_ARRAY(arena, struct level, t->count + 1);
    struct rp_str *names = RP_ARENA_ARRAY(arena, struct rp_str, t->count + 1);
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        of[i] = RP_LEARN_NONE;
        if (!rp_learn_nothing(t->items[i]))
            all[n++] = (struct level){rp_text_fold(arena, t->items[i]), t->items[i], (uint32_t)i};
    }
    qsort(all, n, sizeof(*all), by_folded);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !rp_str_eq(all[i].folded, all[i - 1].folded))
            names[column->level_count++] = all[i].text;
        of[all[i].number] = column->level_count - 1;
    }
    column->levels = names;
    column->too_many = column->level_count > RP_LEARN_LEVELS_MAX;
}

void rp_learn_texts_column(struct rp_arena *arena, const struct rp_learn_texts *texts,
                           uint32_t *cells, uint32_t rows, struct rp_learn_column *ret_column)
{
    double *values = rp_calloc(texts->count + 1, sizeof(*values));

    if (all_numbers(texts, values)) {
        double *numbers = RP_ARENA_ARRAY(arena, double, rows);
        for (uint32_t i = 0; i < rows; i++)
            numbers[i] = cells[i] == RP_LEARN_NONE ? (double)NAN : values[cells[i]];
        ret_column->kind = RP_LEARN_NUMBER;
        ret_column->value = numbers;
    } else {
        uint32_t *of = RP_ARENA_ARRAY(arena, uint32_t, texts->count + 1);
        ret_column->kind = RP_LEARN_TEXT;
        find_levels(arena, texts, of, ret_column);
        for (uint32_t i = 0; i < rows; i++)
            cells[i] = cells[i] == RP_LEARN_NONE ? RP_LEARN_NONE : of[cells[i]];
        ret_column->level = cells;
    }
    free(values);
}
