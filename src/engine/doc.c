/* SPDX-License-Identifier: MIT */
/* The first half of the page: scores and rules. Numbers are those that act: the trees hold the
 * overrides of weights.lua already, and what depends on other declarations comes from the compiled
 * rules. */
#include "engine/doc.h"

#include "base/num.h"
#include "engine/words.h"

#include <ripen/version.h>

#include <math.h>

const struct rp_declared *rp_doc_next(const struct rp_shown *shown, const char *decl, uint32_t *at)
{
    for (; *at < shown->declarations->count; (*at)++)
        if (strcmp(shown->declarations->items[*at].decl->name, decl) == 0)
            return &shown->declarations->items[(*at)++];
    return NULL;
}

void rp_doc_place(struct rp_page *page, const struct rp_shown *shown,
                  const struct rp_declared *declared)
{
    struct rp_str path = shown->rules->sources[declared->place.file].path;

    rp_buf_printf(&page->cell, "%.*s:%d", RP_STR_ARG(path), declared->place.line);
}

static bool any_of(const struct rp_shown *shown, const char *decl)
{
    uint32_t at = 0;

    return rp_doc_next(shown, decl, &at) != NULL;
}

/* ---- Scores ---------------------------------------------------------------------------------- */

static void put_decay(struct rp_buf *out, const struct rp_decay *decay)
{
    static const char *const before[] = {[RP_DECAY_NONE] = "does not fade",
                                         [RP_DECAY_HALF_LIFE] = "half is left after ",
                                         [RP_DECAY_LINEAR] = "shrinks evenly to nothing in ",
                                         [RP_DECAY_EXPIRE] = "counts in full for "};
    struct rp_buf span = {0};

    rp_buf_text(out, before[decay->kind]);
    if (decay->kind == RP_DECAY_NONE)
        return;
    rp_duration_print(&span, decay->span_ms);
    rp_words_span(out, rp_buf_view(&span));
    rp_buf_fini(&span);
}

static void dimension_row(struct rp_page *page, const struct rp_rules *rules,
                          const struct rp_dim *dim, const struct rp_declared *declared)
{
    struct rp_buf *cell = &page->cell;

    rp_page_row_begin(page);
    rp_buf_str(cell, dim->name);
    rp_page_cell(page);
    if (dim->state)
        rp_buf_text(cell, "what is, counted anew at every look");
    else
        put_decay(cell, &dim->decay);
    if (dim->by != RP_NONE)
        rp_buf_printf(cell, "; one score for each %.*s", RP_STR_ARG(rules->fields[dim->by].name));
    rp_page_cell(page);
    if (dim->ranged) {
        rp_milli_print(cell, dim->min);
        rp_buf_text(cell, " to ");
        rp_milli_print(cell, dim->max);
    }
    rp_page_cell(page);
    if (dim->weight != 0) {
        rp_buf_text(cell, "× ");
        rp_milli_print(cell, dim->weight);
    }
    rp_page_number(page);
    rp_buf_str(cell, rp_node_text(declared ? &declared->body : NULL, "why"));
    rp_page_cell(page);
    rp_page_row_end(page);
}

static void grade_table(struct rp_page *page, const struct rp_rules *rules)
{
    const struct rp_grade *grade = &rules->grade;

    rp_page_heading(page, RP_STR("The grade"));
    rp_page_table_begin(page, "Score|Label and the value it begins at");
    for (int side = 0; side < 2; side++) {
        if (grade->dims[side] == RP_NONE || grade->label_counts[side] == 0)
            continue;
        rp_page_row_begin(page);
        rp_buf_str(&page->cell, rules->dims[grade->dims[side]].name);
        rp_page_cell(page);
        for (uint32_t i = 0; i < grade->label_counts[side]; i++) {
            rp_buf_printf(&page->cell, "%s%.*s from ", i ? ", " : "",
                          RP_STR_ARG(grade->labels[side][i].label));
            rp_milli_print(&page->cell, grade->labels[side][i].at_least);
        }
        rp_page_cell(page);
        rp_page_row_end(page);
    }
    rp_page_table_end(page);
}

static void put_scores(struct rp_page *page, const struct rp_shown *shown)
{
    const struct rp_rules *rules = shown->rules;

    if (rules->dim_count == 0)
        return;
    rp_page_section(page, "scores", "The scores");
    rp_page_table_begin(page, "Score|How it behaves|Range|#In the total|Meaning");
    for (uint32_t i = 0; i < rules->dim_count; i++)
        dimension_row(page, rules, &rules->dims[i],
                      rp_declarations_find(shown->declarations, "dimension", rules->dims[i].name));
    rp_page_table_end(page);
    if (any_of(shown, "grade"))
        grade_table(page, rules);
}

/* ---- Score rules ----------------------------------------------------------------------------- */

static void points_cell(struct rp_page *page, const struct rp_shown *shown,
                        const struct rp_declared *one)
{
    const struct rp_node *points = rp_node_get(&one->body, "points");
    const struct rp_node *per = rp_node_get(&one->body, "per");

    (void)shown;
    if (points && points->type == RP_NODE_NUMBER) {
        rp_page_points(page, points->number);
    } else if (points) {
        for (uint32_t i = 0; i < points->field_count; i++) {
            rp_buf_printf(&page->cell, "%s%.*s ", i ? ", " : "", RP_STR_ARG(points->fields[i].key));
            rp_page_points(page, points->fields[i].value.number);
        }
    } else if (per) {
        double most = rp_node_number(per, "max", (double)NAN);

        rp_page_points(page, rp_node_number(per, "points", 0));
        rp_buf_text(&page->cell, " for each ");
        rp_number_print(&page->cell, rp_node_number(per, "each", 1));
        rp_buf_printf(&page->cell, " of %.*s", RP_STR_ARG(rp_node_text(per, "field")));
        if (!isnan(most)) {
            rp_buf_text(&page->cell, ", at most ");
            rp_number_print(&page->cell, most);
        }
    }
    rp_page_number(page);
}

static void when_cell(struct rp_page *page, const struct rp_declared *one)
{
    const struct rp_node *when = rp_node_get(&one->body, "when");

    rp_words_list(&page->cell, rp_node_get(&one->body, "on"), " or ");
    if (when) {
        rp_buf_text(&page->cell, ", when ");
        rp_words_condition(&page->cell, when);
    }
    if (rp_node_get(&one->body, "test"))
        rp_buf_text(&page->cell, "; a function decides");
    rp_page_cell(page);
}

static void clause(struct rp_buf *out, size_t start)
{
    rp_buf_text(out, out->len > start ? "; " : "");
}

static void bounds_cell(struct rp_page *page, const struct rp_shown *shown,
                        const struct rp_declared *one)
{
    static const struct {
        const char *field, *text;
    } texts[] = {{"once_per", "once for each "}, {"group", "in the group "}};
    struct rp_buf *cell = &page->cell;
    const struct rp_node *limit = rp_node_get(&one->body, "limit");
    uint32_t number = rp_rules_score(shown->rules, one->name);

    if (rp_node_flag(&one->body, "once", false))
        rp_buf_text(cell, "once");
    for (size_t i = 0; i < RP_COUNT(texts); i++) {
        struct rp_str text = rp_node_text(&one->body, texts[i].field);

        if (text.len == 0)
            continue;
        clause(cell, 0);
        rp_buf_printf(cell, "%s%.*s", texts[i].text, RP_STR_ARG(text));
    }
    if (limit) {
        clause(cell, 0);
        rp_words_times(cell, "at most ", rp_node_number(limit, "times", 1));
        if (rp_node_text(limit, "per").len > 0) {
            rp_buf_text(cell, " in ");
            rp_words_span(cell, rp_node_text(limit, "per"));
        }
    }
    if (rp_node_text(&one->body, "cooldown").len > 0) {
        clause(cell, 0);
        rp_buf_text(cell, "not again within ");
        rp_words_span(cell, rp_node_text(&one->body, "cooldown"));
    }
    if (rp_node_get(&one->body, "decay") && number != RP_NONE &&
        shown->rules->scores[number].award_count > 0) {
        clause(cell, 0);
        put_decay(cell, &shown->rules->sums[shown->rules->scores[number].awards[0].sum].decay);
    }
    rp_page_cell(page);
}

/* Off, on probation, and where it stands. */
static void where_cell(struct rp_page *page, const struct rp_shown *shown,
                       const struct rp_declared *one)
{
    rp_buf_printf(&page->cell, "%.*s, ", RP_STR_ARG(one->name));
    rp_doc_place(page, shown, one);
    if (rp_str_is(rp_node_text(&one->body, "mode"), "shadow"))
        rp_buf_text(&page->cell, ", on probation: gives nothing");
    if (!rp_node_flag(&one->body, "enabled", true))
        rp_buf_text(&page->cell, ", switched off");
    if (rp_node_text(&one->body, "author").len > 0)
        rp_buf_printf(&page->cell, ", by %.*s", RP_STR_ARG(rp_node_text(&one->body, "author")));
    rp_page_cell(page);
}

/* The first dimension that a score gives points to; RP_NONE for one that was not compiled. */
static uint32_t dim_of(const struct rp_shown *shown, const struct rp_declared *one)
{
    uint32_t number = rp_rules_score(shown->rules, one->name);

    if (number == RP_NONE || shown->rules->scores[number].award_count == 0)
        return RP_NONE;
    return shown->rules->scores[number].awards[0].dim;
}

static void score_table(struct rp_page *page, const struct rp_shown *shown, uint32_t dim)
{
    const struct rp_declared *one;
    uint32_t at = 0, shown_rows = 0;

    while ((one = rp_doc_next(shown, "score", &at))) {
        if (dim_of(shown, one) != dim)
            continue;
        if (shown_rows++ == 0) {
            rp_page_heading(page, dim == RP_NONE ? RP_STR("Others") : shown->rules->dims[dim].name);
            rp_page_table_begin(page, "#Points|Why|Event|Bounds|Rule");
        }
        rp_page_row_begin(page);
        points_cell(page, shown, one);
        rp_buf_str(&page->cell, rp_node_text(&one->body, "why"));
        rp_page_cell(page);
        when_cell(page, one);
        bounds_cell(page, shown, one);
        where_cell(page, shown, one);
        rp_page_row_end(page);
    }
    if (shown_rows > 0)
        rp_page_table_end(page);
}

static void group_table(struct rp_page *page, const struct rp_shown *shown)
{
    const struct rp_declared *one;
    uint32_t at = 0;

    rp_page_heading(page, RP_STR("Groups: what several rules give together"));
    rp_page_table_begin(page, "Group|Score|#At most|#At least|In|Meaning");
    while ((one = rp_doc_next(shown, "group", &at))) {
        static const char *const bounds[] = {"cap", "floor"};
        struct rp_str dimension = rp_node_text(&one->body, "dimension");
        struct rp_str per = rp_node_text(&one->body, "per");

        rp_page_row_begin(page);
        rp_buf_str(&page->cell, one->name);
        rp_page_cell(page);
        rp_buf_str(&page->cell, dimension.len > 0 ? dimension : RP_STR("engagement"));
        rp_page_cell(page);
        for (size_t i = 0; i < RP_COUNT(bounds); i++) {
            const struct rp_node *bound = rp_node_get(&one->body, bounds[i]);

            if (bound)
                rp_number_print(&page->cell, bound->number);
            rp_page_number(page);
        }
        if (per.len > 0) {
            rp_buf_text(&page->cell, "any ");
            rp_words_span(&page->cell, per);
        } else {
            rp_buf_text(&page->cell, "the present value");
        }
        rp_page_cell(page);
        rp_buf_str(&page->cell, rp_node_text(&one->body, "why"));
        rp_page_cell(page);
        rp_page_row_end(page);
    }
    rp_page_table_end(page);
}

/* ---- Fit rules ------------------------------------------------------------------------------- */

static void band_words(struct rp_buf *out, const struct rp_node *band, const char *form)
{
    if (strcmp(form, "bands") == 0) {
        const struct rp_node *below = rp_node_get(band, "below");

        rp_buf_text(out, below ? "below " : "from there on");
        if (below)
            rp_number_print(out, below->number);
        return;
    }
    if (strcmp(form, "words") == 0) {
        rp_words_list(out, rp_node_get(band, "any"), ", ");
        if (rp_node_get(band, "not_any")) {
            rp_buf_text(out, " without ");
            rp_words_list(out, rp_node_get(band, "not_any"), ", ");
        }
        return;
    }
    for (uint32_t i = 0; i < band->item_count; i++)
        rp_words_match(out, RP_STR("it"), &band->items[i]);
    for (uint32_t i = 0; i < band->field_count; i++) {
        if (rp_str_is(band->fields[i].key, "points"))
            continue;
        if (!rp_str_is(band->fields[i].key, "one_of"))
            rp_buf_printf(out, "%.*s ", RP_STR_ARG(band->fields[i].key));
        rp_words_list(out, &band->fields[i].value, ", ");
    }
}

static void fit_points(struct rp_page *page, const struct rp_declared *one)
{
    static const char *const forms[] = {"bands", "words", "values"};
    static const char *const rest[][2] = {{"other", "anything else"}, {"missing", "unknown"}};
    const struct rp_node *when = rp_node_get(&one->body, "when");
    size_t shown = 0;

    if (when) {
        rp_page_points(page, rp_node_number(&one->body, "points", 0));
        rp_buf_text(&page->cell, " when ");
        rp_words_condition(&page->cell, when);
    }
    for (size_t f = 0; f < RP_COUNT(forms); f++) {
        const struct rp_node *bands = rp_node_get(&one->body, forms[f]);

        for (uint32_t i = 0; bands && i < bands->item_count; i++) {
            rp_buf_text(&page->cell, shown++ ? " · " : "");
            band_words(&page->cell, &bands->items[i], forms[f]);
            rp_buf_text(&page->cell, ": ");
            rp_page_points(page, rp_node_number(&bands->items[i], "points", 0));
        }
    }
    for (size_t i = 0; i < RP_COUNT(rest); i++) {
        const struct rp_node *points = rp_node_get(&one->body, rest[i][0]);

        if (!points || points->type != RP_NODE_NUMBER)
            continue;
        rp_buf_printf(&page->cell, "%s%s: ", shown++ || when ? " · " : "", rest[i][1]);
        rp_page_points(page, points->number);
    }
    if (rp_str_is(rp_node_text(&one->body, "take"), "best"))
        rp_buf_text(&page->cell, " (the best counts)");
    rp_page_cell(page);
}

static void fit_table(struct rp_page *page, const struct rp_shown *shown, struct rp_str dim)
{
    const struct rp_declared *one;
    uint32_t at = 0, rows = 0;

    while ((one = rp_doc_next(shown, "fit", &at))) {
        struct rp_str dimension = rp_node_text(&one->body, "dimension");
        const struct rp_node *count = rp_node_get(&one->body, "count");

        if (!rp_str_eq(dimension.len > 0 ? dimension : RP_STR("fit"), dim))
            continue;
        if (rows++ == 0) {
            rp_page_heading(page, dim);
            rp_page_table_begin(page, "Why|What is measured|Points|Rule");
        }
        rp_page_row_begin(page);
        rp_buf_str(&page->cell, rp_node_text(&one->body, "why"));
        rp_page_cell(page);
        if (count)
            rp_words_count(&page->cell, count);
        else if (rp_node_get(&one->body, "when"))
            rp_buf_text(&page->cell, "the profile");
        else
            rp_buf_str(&page->cell, rp_node_text(&one->body, "field"));
        rp_page_cell(page);
        fit_points(page, one);
        where_cell(page, shown, one);
        rp_page_row_end(page);
    }
    if (rows > 0)
        rp_page_table_end(page);
}

/* ---- The page -------------------------------------------------------------------------------- */

static void put_overrides(struct rp_page *page, const struct rp_shown *shown)
{
    if (shown->override_count == 0)
        return;
    rp_page_section(page, "weights", "Numbers of weights.lua");
    rp_buf_text(&page->cell, "These numbers stand on this page in place of those in the rules.");
    rp_page_paragraph(page);
    rp_page_table_begin(page, "Of|Number|#In the rule|#Here|Place");
    for (uint32_t i = 0; i < shown->override_count; i++) {
        const struct rp_override *one = &shown->overrides[i];

        rp_page_row_begin(page);
        rp_buf_printf(&page->cell, "%s %.*s", one->declared->decl->name,
                      RP_STR_ARG(one->declared->name));
        rp_page_cell(page);
        rp_buf_str(&page->cell, one->field);
        rp_page_cell(page);
        if (!isnan(one->was))
            rp_number_print(&page->cell, one->was);
        rp_page_number(page);
        rp_number_print(&page->cell, one->value);
        rp_page_number(page);
        rp_buf_printf(&page->cell, "weights.lua:%d", one->place.line);
        rp_page_cell(page);
        rp_page_row_end(page);
    }
    rp_page_table_end(page);
}

void rp_doc(struct rp_buf *out, const struct rp_shown *shown, enum rp_doc_form form,
            const char *title)
{
    const struct rp_rules *rules = shown->rules;
    struct rp_page page = {.out = out, .form = form};
    struct rp_str colophon;
    struct rp_arena arena;

    rp_arena_init(&arena);
    rp_page_begin(&page, title);
    rp_buf_printf(&page.cell,
                  "%u rules for what leads do, %u for what they are, %u stages, %u actions.",
                  rules->score_count, rules->fit_count, rules->stage_count, rules->action_count);
    rp_page_paragraph(&page);
    put_scores(&page, shown);
    if (rules->score_count > 0)
        rp_page_section(&page, "did", "Points for what a lead did");
    for (uint32_t i = 0; i < rules->dim_count; i++)
        score_table(&page, shown, i);
    score_table(&page, shown, RP_NONE);
    if (any_of(shown, "group"))
        group_table(&page, shown);
    if (rules->fit_count > 0)
        rp_page_section(&page, "is", "Points for what a lead is");
    for (uint32_t i = 0; i < rules->dim_count; i++)
        fit_table(&page, shown, rules->dims[i].name);
    rp_doc_stages(&page, shown);
    rp_doc_actions(&page, shown);
    rp_doc_sequences(&page, shown);
    rp_doc_rest(&page, shown);
    put_overrides(&page, shown);
    colophon =
        rp_arena_printf(&arena, "Rule set %.12s, written by ripen %s.", rules->hash, RIPEN_VERSION);
    rp_page_end(&page, colophon);
    rp_arena_fini(&arena);
}
