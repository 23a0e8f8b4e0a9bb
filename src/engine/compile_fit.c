/* SPDX-License-Identifier: MIT */
/* Fit rules: points for what a lead is; and who is excluded from scoring. */
#include "base/limits.h"
#include "base/text.h"
#include "engine/compile.h"

#include <math.h>

static struct rp_str *fold_words(struct rp_compile *compile, const struct rp_node *node,
                                 uint32_t *ret_count)
{
    const struct rp_node *items = rp_node_list(node, ret_count);
    struct rp_str *words = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_str, *ret_count);

    for (uint32_t i = 0; i < *ret_count; i++)
        words[i] = rp_text_fold(&compile->rules->arena, rp_compile_keep(compile, items[i].text));
    return words;
}

/* ---- Bands ----------------------------------------------------------------------------------- */

static void compile_bands(struct rp_compile *compile, const struct rp_node *bands,
                          struct rp_fit *fit)
{
    double before = -(double)INFINITY;

    fit->op = RP_FIT_BANDS;
    fit->band_count = bands->item_count;
    fit->bands = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_band, bands->item_count);
    for (uint32_t i = 0; i < bands->item_count; i++) {
        const struct rp_node *band = &bands->items[i];
        double below = rp_node_number(band, "below", (double)INFINITY);

        fit->bands[i] =
            (struct rp_band){.below = below, .points = rp_node_number(band, "points", 0)};
        if (below <= before)
            rp_compile_report(compile, RP_CODE_BANDS, band->place, 1,
                              RP_STR("let `below` grow from band to band; only the last has none"),
                              "%.*s: band %u is never reached", RP_STR_ARG(compile->what), i + 1);
        before = below;
    }
}

static void compile_words(struct rp_compile *compile, const struct rp_node *words,
                          struct rp_fit *fit)
{
    fit->op = RP_FIT_WORDS;
    fit->band_count = words->item_count;
    fit->words = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_word_band, words->item_count);
    for (uint32_t i = 0; i < words->item_count; i++) {
        struct rp_word_band *band = &fit->words[i];

        band->any = fold_words(compile, rp_node_get(&words->items[i], "any"), &band->any_count);
        band->not_any =
            fold_words(compile, rp_node_get(&words->items[i], "not_any"), &band->not_any_count);
        band->points = rp_node_number(&words->items[i], "points", 0);
    }
}

/* { one_of = {…}, points = 12 } stands for the matcher one_of {…}; also { glob "x", points = 1 }.
 */
static bool compile_value(struct rp_compile *compile, const struct rp_node *band, uint32_t field,
                          struct rp_matcher *match)
{
    struct rp_node call = {.type = RP_NODE_CALL, .place = band->place};
    uint32_t found = band->item_count;

    if (band->item_count == 1)
        rp_compile_match(compile, &band->items[0], field, match);
    for (uint32_t i = 0; i < band->field_count; i++) {
        struct rp_node argument = band->fields[i].value;

        if (rp_str_is(band->fields[i].key, "points"))
            continue;
        call.call = rp_schema_call(rp_arena_str(compile->arena, band->fields[i].key).ptr);
        RP_ASSERT(call.call != NULL);
        if (argument.type != RP_NODE_TABLE && (rp_str_is(band->fields[i].key, "one_of") ||
                                               rp_str_is(band->fields[i].key, "none_of"))) {
            argument = (struct rp_node){
                .type = RP_NODE_TABLE, .items = &band->fields[i].value, .item_count = 1};
        }
        call.items = &argument;
        call.item_count = 1;
        rp_compile_match(compile, &call, field, match);
        found++;
    }
    if (found == 1)
        return true;
    rp_compile_report(compile, found == 0 ? RP_CODE_MISSING_FIELD : RP_CODE_CONFLICT, band->place,
                      1, RP_STR("write for example { one_of = { \"partner\" }, points = 10 }"),
                      "%.*s: an entry of values needs one matcher, not %u",
                      RP_STR_ARG(compile->what), found);
    return false;
}

static void compile_values(struct rp_compile *compile, const struct rp_node *values,
                           struct rp_fit *fit)
{
    fit->op = RP_FIT_VALUES;
    fit->band_count = values->item_count;
    fit->values = RP_ARENA_ARRAY(&compile->rules->arena, struct rp_value_band, values->item_count);
    for (uint32_t i = 0; i < values->item_count; i++) {
        fit->values[i].points = rp_node_number(&values->items[i], "points", 0);
        if (!compile_value(compile, &values->items[i], fit->field, &fit->values[i].match))
            return;
    }
}

/* ---- Measures -------------------------------------------------------------------------------- */

/* Entries that suffice to tell the bands apart: the highest finite bound. */
static uint32_t entries_needed(const struct rp_node *bands)
{
    double highest = 1;

    for (uint32_t i = 0; bands && i < bands->item_count; i++) {
        double below = rp_node_number(&bands->items[i], "below", 0);

        if (below > highest)
            highest = below;
    }
    return highest >= RP_WINDOW_ENTRIES_MAX ? RP_WINDOW_ENTRIES_MAX : (uint32_t)ceil(highest);
}

static void compile_measure(struct rp_compile *compile, const struct rp_node *body,
                            struct rp_fit *fit)
{
    const struct rp_node *field = rp_node_get(body, "field");
    const struct rp_node *count = rp_node_get(body, "count");

    fit->field = fit->counter = RP_NONE;
    fit->measure = RP_MEASURE_FIELD;
    if (count) {
        struct rp_counting counting =
            rp_compile_counting(compile, count, entries_needed(rp_node_get(body, "bands")));

        fit->measure = counting.measure;
        fit->counter = counting.counter;
        fit->field = counting.field;
        fit->within_ms = counting.within_ms;
        fit->filled = counting.filled;
        fit->filled_count = counting.filled_count;
        return;
    }
    if (field) {
        compile->bare = RP_BARE_LEAD;
        fit->field = rp_compile_field(compile, field->text, field->place, rp_node_width(field));
        compile->rules->fields[fit->field].keeps_text |= rp_node_get(body, "bands") == NULL;
        compile->rules->fields[fit->field].keeps_number |= rp_node_get(body, "bands") != NULL;
    }
}

/* A fit measures by exactly one of bands, words, values and when. */
static bool check_form(struct rp_compile *compile, const struct rp_declared *declared)
{
    static const char *const forms[] = {"bands", "words", "values", "when"};
    const struct rp_node *body = &declared->body;
    bool field = rp_node_get(body, "field") != NULL, count = rp_node_get(body, "count") != NULL;
    bool when = rp_node_get(body, "when") != NULL;
    const char *wrong = NULL;
    int found = 0;

    for (size_t i = 0; i < RP_COUNT(forms); i++)
        found += rp_node_get(body, forms[i]) != NULL;
    if (found != 1)
        wrong = "needs one of bands, words, values and when";
    else if (field && count)
        wrong = "has `field` and `count`";
    else if (when && (field || count))
        wrong = "has `when` and a field";
    else if (when && rp_node_get(body, "points") == NULL)
        wrong = "has `when` without points";
    else if (!when && !field && !count)
        wrong = "does not say which field it measures";
    else if (count && rp_node_get(body, "bands") == NULL)
        wrong = "counts, and a count needs bands";
    if (wrong)
        rp_compile_report(compile, RP_CODE_FIT_FORM, declared->place, 3,
                          rp_str_from(declared->decl->example), "%.*s %s",
                          RP_STR_ARG(compile->what), wrong);
    return wrong == NULL;
}

static bool compile_dimension(struct rp_compile *compile, const struct rp_declared *declared,
                              struct rp_fit *fit)
{
    const struct rp_node *named = rp_node_get(&declared->body, "dimension");
    uint32_t dim = rp_map_get(&compile->dims, named ? named->text : RP_STR("fit"));

    if (dim == RP_MAP_NONE) {
        if (named == NULL && !compile->scope->quiet)
            rp_compile_report(compile, RP_CODE_WHICH_DIMENSION, declared->place, 3,
                              RP_STR("add dimension = \"…\""),
                              "%.*s names no dimension, and there is no \"fit\"",
                              RP_STR_ARG(compile->what));
        return false;
    }
    if (!compile->rules->dims[dim].state) {
        rp_compile_report(compile, RP_CODE_FIT_RULE, named ? named->place : declared->place,
                          named ? rp_node_width(named) : 3,
                          RP_STR("use a dimension with kind = \"state\""),
                          "%.*s: the dimension \"%.*s\" accumulates", RP_STR_ARG(compile->what),
                          RP_STR_ARG(compile->rules->dims[dim].name));
        return false;
    }
    fit->dim = dim;
    return true;
}

/* ---- Rules ----------------------------------------------------------------------------------- */

static bool compile_fit(struct rp_compile *compile, struct rp_declared *declared,
                        struct rp_fit *fit)
{
    const struct rp_node *body = &declared->body;

    *fit = (struct rp_fit){.name = rp_compile_keep(compile, declared->name),
                           .why = rp_compile_keep(compile, rp_node_text(body, "why")),
                           .was = rp_compile_keep(compile, rp_node_text(body, "was")),
                           .author = rp_compile_keep(compile, rp_node_text(body, "author")),
                           .place = declared->place,
                           .shadow = rp_str_is(rp_node_text(body, "mode"), "shadow"),
                           .enabled = rp_node_flag(body, "enabled", true),
                           .best = rp_str_is(rp_node_text(body, "take"), "best"),
                           .points = rp_node_number(body, "points", 0),
                           .missing = rp_node_number(body, "missing", (double)NAN),
                           .other = rp_node_number(body, "other", (double)NAN),
                           .field = RP_NONE,
                           .counter = RP_NONE};
    if (!compile_dimension(compile, declared, fit) || !check_form(compile, declared))
        return false;
    compile_measure(compile, body, fit);
    if (rp_node_get(body, "bands")) {
        compile_bands(compile, rp_node_get(body, "bands"), fit);
    } else if (rp_node_get(body, "words")) {
        compile_words(compile, rp_node_get(body, "words"), fit);
    } else if (rp_node_get(body, "values")) {
        compile_values(compile, rp_node_get(body, "values"), fit);
    } else {
        fit->op = RP_FIT_WHEN;
        fit->when = rp_compile_cond(compile, rp_node_get(body, "when"), RP_BARE_LEAD);
    }
    if (fit->why.len && memchr(fit->why.ptr, '{', fit->why.len) != NULL)
        rp_compile_template(compile, rp_node_get(body, "why"), &fit->why_text);
    if (fit->why.len == 0)
        rp_compile_report(compile, RP_CODE_NO_WHY, declared->place, 3,
                          RP_STR("add why = \"…\", as salespeople should read it"),
                          "%.*s has no `why`", RP_STR_ARG(compile->what));
    return true;
}

void rp_compile_fits(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "fit", &at) != NULL)
        count++;
    rules->fits = RP_ARENA_ARRAY(&rules->arena, struct rp_fit, count);
    at = 0;
    compile->facts_forbidden = true;
    while ((declared = rp_compile_next(compile, "fit", &at)) != NULL) {
        if (!compile_fit(compile, declared, &rules->fits[rules->fit_count]))
            continue;
        rp_map_put(compile->arena, &compile->fits, rules->fits[rules->fit_count].name,
                   rules->fit_count);
        rules->fit_count++;
    }
    compile->facts_forbidden = false;
}

void rp_compile_excludes(struct rp_compile *compile)
{
    struct rp_rules *rules = compile->rules;
    struct rp_declared *declared;
    uint32_t at = 0, count = 0;

    while (rp_compile_next(compile, "exclude", &at) != NULL)
        count++;
    rules->excludes = RP_ARENA_ARRAY(&rules->arena, struct rp_exclude, count);
    at = 0;
    compile->facts_forbidden = true;
    while ((declared = rp_compile_next(compile, "exclude", &at)) != NULL)
        rules->excludes[rules->exclude_count++] = (struct rp_exclude){
            .name = rp_compile_keep(compile, declared->name),
            .place = declared->place,
            .when = rp_compile_cond(compile, rp_node_get(&declared->body, "when"), RP_BARE_EVENT)};
    compile->facts_forbidden = false;
}
