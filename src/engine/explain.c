/* SPDX-License-Identifier: MIT */
/* Explanations that add up. Rows are collected from a fold with tracing; at a moment each is worth
 * what is left of its grant, and the rounding is spread by largest remainder, older rows first, so
 * that the rows of a dimension sum to its value exactly; what the range cuts is a row of its own.
 * State dimensions have a row for each rule that gives points. */
#include "base/json_write.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "engine/eval.h"
#include "engine/fold.h"
#include "model/consent.h"

#include <math.h>
#include <stdlib.h>

struct rp_explain {
    const struct rp_rules *rules;
    uint32_t model;
    struct rp_arena arena;
    struct rp_trace_row *rows;
    size_t count, cap;
};

/* One printed row. */
struct line {
    const struct rp_trace_row *row; /* NULL: fit or range */
    uint32_t fit;                   /* RP_NONE unless a fit rule gives it */
    struct rp_str key;
    struct rp_str evidence, cut;
    struct rp_str why; /* of a fit, with its placeholders filled; "": as declared */
    int64_t asked, granted, value;
    double exact, remainder;
};

struct lines {
    struct line *items;
    size_t count, cap;
};

struct rp_explain *rp_explain_new(const struct rp_rules *rules, uint32_t model)
{
    struct rp_explain *explain = rp_calloc(1, sizeof(*explain));

    explain->rules = rules;
    explain->model = model;
    rp_arena_init(&explain->arena);
    return explain;
}

void rp_explain_free(struct rp_explain *explain)
{
    if (!explain)
        return;
    rp_arena_fini(&explain->arena);
    free(explain->rows);
    free(explain);
}

void rp_explain_trace(void *ctx, const struct rp_trace_row *row)
{
    struct rp_explain *explain = ctx;
    struct rp_trace_row *kept;

    if (row->grant.model != explain->model && row->grant.rule != RP_NONE)
        return;
    explain->rows = rp_grow(explain->rows, &explain->cap, explain->count + 1, sizeof(*kept));
    kept = &explain->rows[explain->count++];
    *kept = *row;
    kept->grant.cut = rp_arena_str(&explain->arena, row->grant.cut);
    kept->grant.evidence = rp_arena_str(&explain->arena, row->grant.evidence);
    kept->grant.key = rp_arena_str(&explain->arena, row->grant.key);
    kept->message_id = rp_arena_str(&explain->arena, row->message_id);
    kept->event_name = rp_arena_str(&explain->arena, row->event_name);
    kept->why = rp_arena_str(&explain->arena, row->why);
}

/* ---- Rows that sum --------------------------------------------------------------------------- */

static struct line *lines_add(struct lines *lines)
{
    struct line *line;

    lines->items = rp_grow(lines->items, &lines->cap, lines->count + 1, sizeof(*lines->items));
    line = &lines->items[lines->count++];
    *line = (struct line){.fit = RP_NONE};
    return line;
}

/* Larger remainder first, of equal ones the older. */
static int remainder_cmp(const void *left, const void *right)
{
    const struct line *a = *(struct line *const *)left, *b = *(struct line *const *)right;

    if (a->remainder != b->remainder)
        return a->remainder > b->remainder ? -1 : 1;
    return (a > b) - (a < b);
}

/* Rounds the lines from `first` on so that they sum to `target`. */
static void spread(struct lines *lines, size_t first, int64_t target)
{
    size_t count = lines->count - first;
    struct line **order = rp_malloc((count + 1) * sizeof(struct line *));
    int64_t left = target;

    for (size_t i = 0; i < count; i++) {
        struct line *line = &lines->items[first + i];

        line->value = (int64_t)floor(line->exact);
        line->remainder = line->exact - floor(line->exact);
        left -= line->value;
        order[i] = line;
    }
    if (count)
        qsort(order, count, sizeof(struct line *), remainder_cmp);
    for (size_t i = 0; left > 0 && count; i = (i + 1) % count, left--)
        order[i]->value++;
    for (size_t i = count; left < 0 && count; left++) {
        i = i ? i - 1 : count - 1;
        order[i]->value--;
    }
    free(order);
}

static void add_range(const struct rp_dim *dim, struct lines *lines, int64_t raw, struct rp_str key)
{
    int64_t cut = rp_score_clamp(dim, raw) - raw;
    struct line *line;

    if (cut == 0)
        return;
    line = lines_add(lines);
    line->value = line->granted = line->asked = cut;
    line->cut = RP_STR("range");
    line->key = key;
}

static void add_fits(struct rp_scratch *s, uint32_t dim, struct lines *lines)
{
    int64_t points;

    for (uint32_t i = 0; i < s->rules->fit_count; i++) {
        const struct rp_fit *fit = &s->rules->fits[i];
        struct rp_str evidence;
        struct line *line;

        if (!fit->enabled || fit->dim != dim || !rp_fit_points(s, i, &points, &evidence))
            continue;
        line = lines_add(lines);
        line->fit = i;
        line->evidence = evidence;
        line->asked = points;
        if (fit->why_text.count)
            line->why = rp_template_text(s, &fit->why_text);
        if (fit->shadow)
            line->cut = RP_STR("shadow");
        else
            line->granted = line->value = points;
    }
}

/* What is left of a grant, thousandths. */
static double row_worth(const struct rp_scratch *s, const struct rp_trace_row *row)
{
    if (row->sum == RP_NONE)
        return s->now_ms < row->until_ms ? (double)row->grant.granted : 0;
    return (double)row->grant.granted *
           rp_decay_share(&s->rules->sums[row->sum].decay, s->now_ms - row->at_ms);
}

/* Rows of one dimension (of one key, when it has keys), older first; `raw` is what they sum to. */
static struct rp_str add_rows(const struct rp_explain *explain, struct rp_scratch *s, uint32_t dim,
                              const struct rp_str *folded, int64_t raw, struct lines *lines)
{
    size_t first = lines->count;
    struct rp_str key = {0};

    for (size_t i = 0; i < explain->count; i++) {
        const struct rp_trace_row *row = &explain->rows[i];
        struct line *line;

        if (row->grant.dim != dim ||
            (folded && !rp_str_eq(rp_text_fold(s->arena, row->grant.key), *folded)))
            continue;
        line = lines_add(lines);
        line->row = row;
        line->key = key = row->grant.key;
        line->evidence = row->grant.evidence;
        line->cut = row->grant.cut;
        line->asked = row->grant.asked;
        line->granted = row->grant.granted;
        line->exact = row_worth(s, row);
    }
    spread(lines, first, lines->count > first ? raw : 0);
    return key;
}

/* All lines of a dimension. Their values sum to its value now (by key, where it has keys). */
static void dim_lines(const struct rp_explain *explain, struct rp_scratch *s, uint32_t dim,
                      struct lines *lines)
{
    const struct rp_dim *d = &s->rules->dims[dim];
    struct rp_by_score *scores;
    uint32_t count;
    int64_t raw;

    lines->count = 0;
    if (d->by == RP_NONE) {
        if (d->state && !rp_fit_excluded(s))
            add_fits(s, dim, lines);
        raw = rp_score_raw(s, dim);
        add_rows(explain, s, dim, NULL, d->state ? rp_adjusted(s, dim) : raw, lines);
        add_range(d, lines, raw, (struct rp_str){0});
        return;
    }
    count = rp_score_by(s, dim, &scores);
    for (uint32_t i = 0; i < count; i++) {
        struct rp_str key;

        raw = rp_round_milli(scores[i].exact);
        key = add_rows(explain, s, dim, &scores[i].folded, raw, lines);
        add_range(d, lines, raw, key);
    }
}

static struct rp_scratch *explaining(const struct rp_explain *explain, struct rp_fold *fold,
                                     const struct rp_lead *lead, int64_t at_ms)
{
    struct rp_scratch *s = fold->scratch;

    s->arena = fold->arena;
    s->fold = fold;
    rp_bind_event(s, lead, NULL, at_ms);
    s->model = explain->model;
    return s;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_or_null(struct rp_jw *jw, const char *key, struct rp_str text)
{
    rp_jw_key(jw, key);
    if (text.len)
        rp_jw_str(jw, text);
    else
        rp_jw_null(jw);
}

/* What a line is called: the rule, its sentence, its place. */
struct named {
    struct rp_str rule, why, file;
    int line;
};

static struct named line_name(const struct rp_rules *rules, uint32_t dim, const struct line *line)
{
    struct named named = {0};
    const struct rp_place *place = NULL;

    if (line->row && line->row->grant.rule == RP_NONE) {
        named =
            (struct named){.rule = line->row->event_name,
                           .why = line->row->why.len ? line->row->why : RP_STR("Adjusted by hand")};
        return named;
    }
    if (line->row) {
        const struct rp_score *score = &rules->scores[line->row->grant.rule];

        named = (struct named){.rule = score->name,
                               .why = line->row->why.len ? line->row->why : score->why};
        place = &score->place;
    } else if (line->fit != RP_NONE) {
        const struct rp_fit *fit = &rules->fits[line->fit];

        named = (struct named){.rule = fit->name, .why = line->why.len ? line->why : fit->why};
        place = &fit->place;
    } else {
        named.why = RP_STR("beyond the range of the dimension");
        place = &rules->dims[dim].place;
    }
    if (place->file < rules->source_count)
        named.file = rules->sources[place->file].path;
    named.line = place->line;
    return named;
}

static void line_json(const struct rp_rules *rules, uint32_t dim, const struct line *line,
                      struct rp_jw *jw)
{
    struct named named = line_name(rules, dim, line);

    rp_jw_object(jw);
    put_or_null(jw, "rule", named.rule);
    rp_jw_put_str(jw, "why", named.why);
    put_or_null(jw, "file", named.file);
    rp_jw_put_int(jw, "line", named.line);
    put_or_null(jw, "event", line->row ? line->row->event_name : (struct rp_str){0});
    put_or_null(jw, "messageId", line->row ? line->row->message_id : (struct rp_str){0});
    rp_jw_put_time(jw, "at", line->row ? line->row->at_ms : RP_NEVER);
    rp_jw_put_milli(jw, "asked", line->asked);
    rp_jw_put_milli(jw, "granted", line->granted);
    rp_jw_put_str(jw, "cut", line->cut);
    rp_jw_put_str(jw, "evidence", line->evidence);
    if (rules->dims[dim].by != RP_NONE)
        rp_jw_put_str(jw, "key", line->key);
    rp_jw_put_milli(jw, "value", line->value);
    rp_jw_object_end(jw);
}

void rp_explain_json(struct rp_explain *explain, struct rp_fold *fold, const struct rp_lead *lead,
                     int64_t at_ms, struct rp_jw *jw)
{
    struct rp_scratch *s = explaining(explain, fold, lead, at_ms);
    struct lines lines = {0};

    rp_jw_key(jw, "dimensions");
    rp_jw_object(jw);
    for (uint32_t d = 0; d < explain->rules->dim_count; d++) {
        dim_lines(explain, s, d, &lines);
        rp_jw_key_str(jw, explain->rules->dims[d].name);
        rp_jw_object(jw);
        rp_jw_put_milli(jw, "value", rp_score_read(s, d));
        if (explain->rules->dims[d].by != RP_NONE)
            rp_score_by_json(s, d, jw);
        rp_jw_key(jw, "rows");
        rp_jw_array(jw);
        for (size_t i = 0; i < lines.count; i++)
            line_json(explain->rules, d, &lines.items[i], jw);
        rp_jw_array_end(jw);
        rp_jw_object_end(jw);
    }
    rp_jw_object_end(jw);
    free(lines.items);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void put_signed(struct rp_buf *out, int64_t value, int width)
{
    struct rp_buf number = {0};

    rp_buf_text(&number, value > 0 ? "+" : "");
    rp_milli_print(&number, value);
    rp_buf_printf(out, "%*.*s", width, RP_STR_ARG(rp_buf_view(&number)));
    rp_buf_fini(&number);
}

static void put_minute(struct rp_buf *out, int64_t ms)
{
    struct rp_buf text = {0};

    rp_time_print(&text, ms);
    rp_buf_printf(out, "%.10s %.5s", text.ptr, text.ptr + 11);
    rp_buf_fini(&text);
}

static void line_text(const struct rp_rules *rules, uint32_t dim, const struct line *line,
                      struct rp_buf *out)
{
    struct named named = line_name(rules, dim, line);
    struct rp_str rule = named.rule.len ? named.rule : RP_STR("(range)");

    rp_buf_text(out, "  ");
    put_signed(out, line->value, 9);
    rp_buf_printf(out, "  %-20.*s  %.*s", RP_STR_ARG(rule), RP_STR_ARG(named.why));
    if (line->key.len)
        rp_buf_printf(out, " [%.*s]", RP_STR_ARG(line->key));
    if (line->evidence.len)
        rp_buf_printf(out, " (%.*s)", RP_STR_ARG(line->evidence));
    if (line->row) {
        rp_buf_text(out, ", ");
        put_minute(out, line->row->at_ms);
        if (line->granted != line->value || line->cut.len) {
            rp_buf_text(out, ", gave ");
            rp_milli_print(out, line->granted);
        }
    }
    if (line->cut.len && named.rule.len) {
        rp_buf_text(out, " of ");
        rp_milli_print(out, line->asked);
        rp_buf_printf(out, ": %.*s", RP_STR_ARG(line->cut));
    }
    rp_buf_char(out, '\n');
}

void rp_explain_text(struct rp_explain *explain, struct rp_fold *fold, const struct rp_lead *lead,
                     int64_t at_ms, struct rp_buf *out)
{
    struct rp_scratch *s = explaining(explain, fold, lead, at_ms);
    struct lines lines = {0};

    for (uint32_t d = 0; d < explain->rules->dim_count; d++) {
        dim_lines(explain, s, d, &lines);
        rp_buf_printf(out, "%.*s  ", RP_STR_ARG(explain->rules->dims[d].name));
        rp_milli_print(out, rp_score_read(s, d));
        rp_buf_char(out, '\n');
        for (size_t i = 0; i < lines.count; i++)
            line_text(explain->rules, d, &lines.items[i], out);
    }
    rp_buf_text(out, "total  ");
    rp_milli_print(out, rp_score_read(s, RP_NONE));
    rp_buf_char(out, '\n');
    if (rp_consent_objected(lead))
        rp_buf_text(out, "the lead objected to profiling: events behind that give no points\n");
    free(lines.items);
}

/* ---- The most valuable reasons --------------------------------------------------------------- */

struct reason {
    struct rp_str why;
    int64_t value;
    size_t order;
};

static int reason_cmp(const void *left, const void *right)
{
    const struct reason *a = left, *b = right;

    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

struct reasons {
    struct reason *items;
    size_t count, cap;
};

/* Adds up by sentence: a rule that hit three times is one reason. */
static void reason_add(struct reasons *reasons, struct rp_str why, int64_t value)
{
    for (size_t i = 0; i < reasons->count; i++) {
        if (rp_str_eq(reasons->items[i].why, why)) {
            reasons->items[i].value += value;
            return;
        }
    }
    reasons->items =
        rp_grow(reasons->items, &reasons->cap, reasons->count + 1, sizeof(*reasons->items));
    reasons->items[reasons->count] = (struct reason){why, value, reasons->count};
    reasons->count++;
}

struct rp_str rp_explain_top(struct rp_explain *explain, struct rp_fold *fold,
                             const struct rp_lead *lead, int64_t at_ms, uint32_t top)
{
    const struct rp_rules *rules = explain->rules;
    struct rp_scratch *s = explaining(explain, fold, lead, at_ms);
    struct reasons reasons = {0};
    struct lines lines = {0};
    struct rp_buf out = {0};
    struct rp_str text;

    for (uint32_t d = 0; d < rules->dim_count; d++) {
        dim_lines(explain, s, d, &lines);
        for (size_t i = 0; i < lines.count; i++) {
            struct named named = line_name(rules, d, &lines.items[i]);

            if (named.rule.len)
                reason_add(&reasons, named.why.len ? named.why : named.rule, lines.items[i].value);
        }
    }
    if (reasons.count)
        qsort(reasons.items, reasons.count, sizeof(*reasons.items), reason_cmp);
    for (size_t i = 0; i < reasons.count && i < top && reasons.items[i].value > 0; i++) {
        rp_buf_text(&out, i ? ", " : "");
        rp_buf_str(&out, reasons.items[i].why);
    }
    text = rp_arena_str(fold->arena, rp_buf_view(&out));
    rp_buf_fini(&out);
    free(reasons.items);
    free(lines.items);
    return text;
}
