/* SPDX-License-Identifier: MIT */
/* Rules that stand in one another's way: two that fire for the same events and are counted alike,
 * entries of a fit and rows of a look-up table that the ones in front of them leave nothing.
 * Points add up, so that a narrower rule beside a wider one is no mistake and is not told of. */
#include "base/num.h"
#include "base/text.h"
#include "engine/lint.h"

#include <math.h>
#include <stdlib.h>

#define NAME(thing) RP_STR_ARG((thing).name)

/* ---- The same rule twice --------------------------------------------------------------------- */

struct alike {
    struct rp_str key; /* equal for rules that fire for the same events and are counted alike */
    uint32_t rule;
};

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static int compare_alike(const void *left, const void *right)
{
    const struct alike *a = left, *b = right;
    int order = rp_str_cmp(a->key, b->key);

    return order != 0 ? order : (a->rule > b->rule) - (a->rule < b->rule);
}

static struct rp_str key_of(struct rp_compile *compile, const struct rp_score *score)
{
    uint32_t *on = RP_ARENA_ARRAY(compile->arena, uint32_t, score->on_count);
    struct rp_buf text = {0};
    struct rp_str key;

    for (uint32_t i = 0; i < score->on_count; i++)
        on[i] = score->on[i];
    if (score->on_count > 1)
        qsort(on, score->on_count, sizeof *on, compare_numbers);
    for (uint32_t i = 0; i < score->on_count; i++)
        rp_buf_printf(&text, "%u ", on[i]);
    rp_buf_printf(&text, "%d %u %u %lld %lld %u %u %g %g ", score->once, score->once_per,
                  score->limit_times, (long long)score->limit_per_ms, (long long)score->cooldown_ms,
                  score->group, score->per_field, score->per_field == RP_NONE ? 0 : score->per_each,
                  isnan(score->per_max) ? -1 : score->per_max);
    if (score->when)
        rp_buf_str(&text, score->when->text);
    key = rp_arena_str(compile->arena, rp_buf_view(&text));
    rp_buf_fini(&text);
    return key;
}

static bool share_a_sum(const struct rp_score *a, const struct rp_score *b)
{
    for (uint32_t i = 0; i < a->award_count; i++)
        for (uint32_t j = 0; j < b->award_count; j++)
            if (a->awards[i].sum == b->awards[j].sum)
                return true;
    return false;
}

static void lint_same(struct rp_compile *compile)
{
    const struct rp_rules *rules = compile->rules;
    struct alike *alike = RP_ARENA_ARRAY(compile->arena, struct alike, rules->score_count);
    uint32_t count = 0;

    for (uint32_t i = 0; i < rules->score_count; i++)
        if (rules->scores[i].enabled && !rules->scores[i].shadow &&
            rules->scores[i].test == RP_NONE)
            alike[count++] = (struct alike){key_of(compile, &rules->scores[i]), i};
    if (count > 1)
        qsort(alike, count, sizeof *alike, compare_alike);
    for (uint32_t i = 1; i < count; i++) {
        const struct rp_score *first = &rules->scores[alike[i - 1].rule];
        const struct rp_score *second = &rules->scores[alike[i].rule];

        if (rp_str_eq(alike[i].key, alike[i - 1].key) && share_a_sum(first, second))
            rp_compile_report(compile, RP_CODE_SAME_RULE, second->place, 5,
                              RP_STR("give one of them the sum of the points, or change what one "
                                     "of them asks"),
                              "score \"%.*s\" fires for the same events as \"%.*s\" and is "
                              "counted alike",
                              NAME(*second), NAME(*first));
    }
}

/* ---- Entries of a fit ------------------------------------------------------------------------ */

static bool is_set(const struct rp_matcher *match)
{
    return match->op == RP_MATCH_EQ || match->op == RP_MATCH_ONE_OF || match->op == RP_MATCH_EXACT;
}

/* What every value that the matcher takes begins with; "" when that is not plain. */
static struct rp_str beginning(const struct rp_matcher *match)
{
    struct rp_str text = match->value_count == 1 ? match->values[0].folded : RP_STR("");
    size_t len = 0;

    if (match->op == RP_MATCH_STARTS)
        return text;
    if (match->op != RP_MATCH_GLOB)
        return RP_STR("");
    while (len < text.len && text.ptr[len] != '*' && text.ptr[len] != '?' && text.ptr[len] != '[' &&
           text.ptr[len] != '\\')
        len++;
    return (struct rp_str){text.ptr, len};
}

static bool is_beginning_alone(const struct rp_matcher *match)
{
    struct rp_str start = beginning(match);

    return start.len > 0 &&
           (match->op == RP_MATCH_STARTS || (start.len + 1 == match->values[0].folded.len &&
                                             match->values[0].folded.ptr[start.len] == '*'));
}

static bool holds_value(const struct rp_matcher *match, const struct rp_scalar *value)
{
    for (uint32_t i = 0; i < match->value_count; i++)
        if (match->op != RP_MATCH_EXACT && rp_str_eq(match->values[i].folded, value->folded))
            return true;
    return false;
}

/* At least `low` is certain; false: no lower bound. */
static bool lower_bound(const struct rp_matcher *match, double *ret_low)
{
    if (match->value_count == 0 || isnan(match->values[0].number) ||
        (match->op != RP_MATCH_GT && match->op != RP_MATCH_GTE && match->op != RP_MATCH_BETWEEN))
        return false;
    *ret_low = match->values[0].number;
    return true;
}

static bool upper_bound(const struct rp_matcher *match, double *ret_high)
{
    uint32_t last = match->value_count - 1;

    if (match->value_count == 0 || isnan(match->values[last].number) ||
        (match->op != RP_MATCH_LT && match->op != RP_MATCH_LTE && match->op != RP_MATCH_BETWEEN))
        return false;
    *ret_high = match->values[last].number;
    return true;
}

static bool covers_numbers(const struct rp_matcher *a, const struct rp_matcher *b)
{
    double mine, other;

    if (a->op == RP_MATCH_GT || a->op == RP_MATCH_GTE)
        return lower_bound(a, &mine) && lower_bound(b, &other) &&
               (other > mine || (other == mine && (a->op == RP_MATCH_GTE || b->op == a->op)));
    if (a->op == RP_MATCH_LT || a->op == RP_MATCH_LTE)
        return upper_bound(a, &mine) && upper_bound(b, &other) &&
               (other < mine || (other == mine && (a->op == RP_MATCH_LTE || b->op == a->op)));
    return false;
}

/* Whether whatever `b` takes, `a` takes too. When it is not plain: no. */
static bool covers(const struct rp_matcher *a, const struct rp_matcher *b)
{
    if (a->op == RP_MATCH_EXISTS)
        return b->op != RP_MATCH_MISSING;
    if (a->op == RP_MATCH_EQ || a->op == RP_MATCH_ONE_OF) {
        for (uint32_t i = 0; i < b->value_count; i++)
            if (!holds_value(a, &b->values[i]))
                return false;
        return is_set(b) && b->value_count > 0;
    }
    if (is_beginning_alone(a)) {
        for (uint32_t i = 0; is_set(b) && i < b->value_count; i++)
            if (!rp_str_starts(b->values[i].folded, beginning(a)))
                return false;
        return is_set(b) || rp_str_starts(beginning(b), beginning(a));
    }
    return covers_numbers(a, b);
}

static bool covers_words(const struct rp_word_band *a, const struct rp_word_band *b)
{
    if (a->not_any_count > 0)
        return false;
    for (uint32_t i = 0; i < b->any_count; i++) {
        bool found = false;

        for (uint32_t j = 0; !found && j < a->any_count; j++)
            found = rp_text_word(b->any[i], a->any[j]);
        if (!found)
            return false;
    }
    return b->any_count > 0;
}

static bool entry_covers(const struct rp_fit *fit, uint32_t a, uint32_t b)
{
    if (fit->op == RP_FIT_VALUES)
        return covers(&fit->values[a].match, &fit->values[b].match);
    return fit->op == RP_FIT_WORDS && covers_words(&fit->words[a], &fit->words[b]);
}

enum { ENTRIES_MAX = 300 }; /* a longer list is a table, for lookup */

static void lint_entries(struct rp_compile *compile, const struct rp_declared *declared,
                         const struct rp_fit *fit)
{
    const struct rp_node *list =
        rp_node_get(&declared->body, fit->op == RP_FIT_WORDS ? "words" : "values");

    if (fit->best || list == NULL || list->item_count != fit->band_count ||
        fit->band_count > ENTRIES_MAX)
        return;
    for (uint32_t i = 1; i < fit->band_count; i++)
        for (uint32_t j = 0; j < i; j++) {
            if (!entry_covers(fit, j, i))
                continue;
            rp_compile_report(compile, RP_CODE_HIDDEN, list->items[i].place, 1,
                              RP_STR("put the narrower entry first, or remove one"),
                              "entry %u of fit \"%.*s\" is never chosen: entry %u takes "
                              "everything that it asks for",
                              i + 1, NAME(*fit), j + 1);
            break;
        }
}

static void lint_fits(struct rp_compile *compile)
{
    struct rp_declared *declared;
    uint32_t at = 0;

    while ((declared = rp_compile_next(compile, "fit", &at)) != NULL) {
        uint32_t fit = rp_map_get(&compile->fits, declared->name);

        if (fit != RP_MAP_NONE)
            lint_entries(compile, declared, &compile->rules->fits[fit]);
    }
}

/* ---- Rows of a look-up table ----------------------------------------------------------------- */

static struct rp_str row_key(struct rp_compile *compile, const struct rp_lookup *lookup,
                             uint32_t row)
{
    struct rp_buf text = {0};
    struct rp_str key;

    for (uint32_t i = 0; i < lookup->match_count; i++) {
        rp_buf_text(&text, i > 0 ? ", " : "");
        rp_buf_str(&text, lookup->keys[row * lookup->match_count + i]);
    }
    key = rp_arena_str(compile->arena, rp_buf_view(&text));
    rp_buf_fini(&text);
    return key;
}

static void lint_lookup(struct rp_compile *compile, const struct rp_lookup *lookup)
{
    struct alike *rows = RP_ARENA_ARRAY(compile->arena, struct alike, lookup->row_count);

    for (uint32_t i = 0; i < lookup->row_count; i++)
        rows[i] = (struct alike){row_key(compile, lookup, i), i};
    if (lookup->row_count > 1)
        qsort(rows, lookup->row_count, sizeof *rows, compare_alike);
    for (uint32_t i = 1; i < lookup->row_count; i++)
        if (rp_str_eq(rows[i].key, rows[i - 1].key))
            rp_compile_report(compile, RP_CODE_HIDDEN, lookup->place, 6,
                              RP_STR("remove one of them: the first counts"),
                              "row %u of the table of lookup \"%.*s\" is never chosen: row %u has "
                              "'%.*s' too",
                              rows[i].rule + 1, NAME(*lookup), rows[i - 1].rule + 1,
                              RP_STR_ARG(rows[i].key));
}

void rp_lint_rules(struct rp_compile *compile)
{
    lint_same(compile);
    lint_fits(compile);
    for (uint32_t i = 0; i < compile->rules->lookup_count; i++)
        lint_lookup(compile, &compile->rules->lookups[i]);
}
