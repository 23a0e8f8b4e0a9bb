/* SPDX-License-Identifier: MIT */
/* A card as a file of rules: a state dimension and a fit rule for each attribute, with the evidence
 * of each line behind it, and in front what was learned from what and how far it can be trusted.
 * Pure text: the same card gives the same bytes. Whatever comes out of data is quoted, or made
 * harmless in comments. */
#include "base/buf.h"
#include "base/num.h"
#include "base/when.h"
#include "model/learn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Words and numbers ----------------------------------------------------------------------- */

static void put_quoted(struct rp_buf *out, struct rp_str text)
{
    rp_buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            rp_buf_printf(out, "\\%c", c);
        else if (c < 32 || c == 127)
            rp_buf_printf(out, "\\%03u", c);
        else
            rp_buf_char(out, (char)c);
    }
    rp_buf_char(out, '"');
}

/* In a comment, or in a sentence where braces would be placeholders. */
static void put_harmless(struct rp_buf *out, struct rp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        rp_buf_char(out, c < 32 || c == 127 ? ' ' : c == '{' ? '(' : c == '}' ? ')' : (char)c);
    }
}

/* 45211 as 45,211 */
static void put_count(struct rp_buf *out, double value)
{
    char digits[32];
    const int len = snprintf(digits, sizeof(digits), "%.0f", value);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            rp_buf_char(out, ',');
        rp_buf_char(out, digits[i]);
    }
}

static void put_day(struct rp_buf *out, int64_t ms)
{
    struct rp_buf when = {0};

    rp_time_print(&when, ms);
    rp_buf_add(out, when.ptr, when.len < 10 ? when.len : 10);
    rp_buf_fini(&when);
}

struct rp_str rp_learn_rule_name(struct rp_arena *arena, const struct rp_learn_table *table,
                                 const struct rp_learn_attribute *attribute)
{
    const struct rp_learn_column *column = &table->columns[attribute->column];
    struct rp_buf name = {0};
    bool gap = false;

    for (size_t i = 0; i < column->name.len && name.len < 60; i++) {
        const char c = column->name.ptr[i];
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (gap && name.len)
                rp_buf_char(&name, '_');
            rp_buf_char(&name, upper ? (char)(c + 32) : c);
            gap = false;
        } else {
            gap = true;
        }
    }
    struct rp_str text = rp_arena_printf(arena, "learned_%.*s", (int)(name.len ? name.len : 1),
                                         name.len ? name.ptr : "x");
    rp_buf_fini(&name);
    if (column->kind == RP_LEARN_COUNT)
        text = rp_arena_printf(arena, "%.*s_%ud", RP_STR_ARG(text), column->days);
    if (column->kind == RP_LEARN_SINCE)
        text = rp_arena_printf(arena, "%.*s_days_since", RP_STR_ARG(text));
    return text;
}

/* Names that come out alike are told apart by their place in the table. */
static struct rp_str unique_name(struct rp_arena *arena, const struct rp_learned *learned,
                                 const struct rp_learn_table *table, uint32_t at)
{
    const struct rp_learn_attribute *a = learned->card.attributes;
    const struct rp_str name = rp_learn_rule_name(arena, table, &a[at]);

    for (uint32_t i = 0; i < learned->card.count; i++)
        if (i != at && rp_str_eq(rp_learn_rule_name(arena, table, &a[i]), name))
            return rp_arena_printf(arena, "%.*s_%u", RP_STR_ARG(name), a[at].column + 1);
    return name;
}

/* ---- Evidence -------------------------------------------------------------------------------- */

static void put_evidence(struct rp_buf *out, const struct rp_learned *learned,
                         const struct rp_learn_bin *bin)
{
    const struct rp_interval ci = rp_stats_wilson(bin->converted, bin->leads, 0.05);
    const double rate = bin->converted / bin->leads;

    rp_buf_text(out, " -- ");
    put_count(out, bin->leads);
    rp_buf_text(out, " leads, ");
    put_count(out, bin->converted);
    rp_buf_printf(out, " converted: %.1f %% (%.1f to %.1f), lift %.2f\n", 100 * rate, 100 * ci.lo,
                  100 * ci.hi, rate / learned->base_rate);
}

static void put_bands(struct rp_buf *out, const struct rp_learned *learned,
                      const struct rp_learn_attribute *a)
{
    rp_buf_text(out, "  bands = {\n");
    for (uint32_t b = 0; b < a->bin_count; b++) {
        const struct rp_learn_bin *bin = &a->bins[b];
        if (bin->missing)
            continue;
        rp_buf_text(out, "    { ");
        if (isfinite(bin->below)) {
            rp_buf_text(out, "below = ");
            rp_number_print(out, bin->below);
            rp_buf_text(out, ", ");
        }
        rp_buf_printf(out, "points = %d },", bin->points);
        put_evidence(out, learned, bin);
    }
    rp_buf_text(out, "  },\n");
}

static void put_values(struct rp_buf *out, const struct rp_learned *learned,
                       const struct rp_learn_column *column, const struct rp_learn_attribute *a)
{
    const struct rp_learn_bin *other = NULL;

    rp_buf_text(out, "  values = {\n");
    for (uint32_t b = 0; b < a->bin_count; b++) {
        const struct rp_learn_bin *bin = &a->bins[b];
        other = bin->other ? bin : other;
        if (bin->missing || bin->level_count == 0)
            continue;
        rp_buf_text(out, "    { one_of = { ");
        for (uint32_t i = 0; i < bin->level_count; i++) {
            rp_buf_text(out, i ? ", " : "");
            put_quoted(out, column->levels[bin->levels[i]]);
        }
        rp_buf_printf(out, " }, points = %d },", bin->points);
        put_evidence(out, learned, bin);
    }
    rp_buf_text(out, "  },\n");
    if (other && other->points != 0) {
        rp_buf_printf(out, "  other = %d,", other->points);
        if (other->level_count > 0)
            rp_buf_text(out, " -- rare values, counted above\n");
        else
            put_evidence(out, learned, other);
    }
}

static void put_rule(struct rp_buf *out, struct rp_arena *arena, const struct rp_learned *learned,
                     const struct rp_learn_table *table, const struct rp_learn_source *source,
                     uint32_t at)
{
    const struct rp_learn_attribute *a = &learned->card.attributes[at];
    const struct rp_learn_column *column = &table->columns[a->column];
    const struct rp_learn_about *about = &learned->about[a->column];

    rp_buf_printf(out, "\n-- Information value %.2f, weight %.2f.", a->iv, a->coefficient);
    if (about->suspicion != RP_LEARN_FINE)
        rp_buf_printf(out, " Allowed by hand: it %s.", rp_learn_suspicion_text(about->suspicion));
    if (about->change_q < 0.05)
        rp_buf_printf(out, " Its lift changed: log odds %.2f in the older half, %.2f in the newer.",
                      about->lor_before, about->lor_after);
    rp_buf_text(out, "\nfit ");
    put_quoted(out, unique_name(arena, learned, table, at));
    rp_buf_text(out, " {\n  why = \"");
    struct rp_buf why = {0};
    put_harmless(&why, column->name);
    if (column->kind == RP_LEARN_COUNT)
        rp_buf_printf(&why, ", %u days", column->days);
    if (column->kind == RP_LEARN_SINCE)
        rp_buf_text(&why, ", days since the last");
    struct rp_buf quoted = {0};
    put_quoted(&quoted, rp_buf_view(&why));
    rp_buf_add(out, quoted.ptr + 1, quoted.len - 1);
    rp_buf_fini(&why);
    rp_buf_fini(&quoted);
    rp_buf_text(out, ", dimension = ");
    put_quoted(out, source->dimension);
    rp_buf_text(out, ",\n  ");
    if (column->kind == RP_LEARN_COUNT || column->kind == RP_LEARN_SINCE) {
        rp_buf_text(out, column->kind == RP_LEARN_COUNT ? "count = count(" : "count = days_since(");
        put_quoted(out, column->name);
        if (column->kind == RP_LEARN_COUNT)
            rp_buf_printf(out, ", { within = \"%ud\" }", column->days);
        rp_buf_text(out, "),\n");
    } else {
        rp_buf_text(out, "field = ");
        put_quoted(out, column->name);
        rp_buf_text(out, ",\n");
    }
    if (column->kind == RP_LEARN_TEXT)
        put_values(out, learned, column, a);
    else
        put_bands(out, learned, a);
    const struct rp_learn_bin *last = &a->bins[a->bin_count - 1];
    if (last->missing) {
        rp_buf_printf(out, "  missing = %d,", last->points);
        put_evidence(out, learned, last);
    }
    rp_buf_text(out, "}\n");
}

/* ---- The head -------------------------------------------------------------------------------- */

static void put_quality(struct rp_buf *out, const struct rp_learned *learned)
{
    rp_buf_printf(
        out,
        "-- How well it ranks: AUC %.3f (95 %% interval %.3f to %.3f) in five folds, each "
        "learned without\n-- the leads it was tried on; on its own leads %.3f (%.3f before "
        "rounding to whole points).\n-- AUC: of one lead that converted and one that did "
        "not, how often the first has more points;\n-- 0.5 is chance.\n",
        learned->auc, learned->auc - 1.96 * learned->auc_sd / sqrt(RP_LEARN_FOLDS),
        learned->auc + 1.96 * learned->auc_sd / sqrt(RP_LEARN_FOLDS), learned->train.auc,
        learned->auc_before_rounding);
    if (!isnan(learned->last.auc)) {
        rp_buf_printf(out, "-- Learned from the older leads and tried on the newest %.0f (from ",
                      learned->last_rows);
        put_day(out, learned->last_from_ms);
        rp_buf_printf(out, " on): AUC %.3f (%.3f to %.3f).\n", learned->last.auc,
                      learned->last.ci.lo, learned->last.ci.hi);
    }
    rp_buf_printf(out, "-- Log loss %.4f; without knowing anything %.4f.\n", learned->log_loss,
                  learned->log_loss_base);
    if (learned->card.calibrated)
        rp_buf_printf(out,
                      "-- Chance to convert of a lead with s points: 1 / (1 + exp(%.4f - %.4f s)); "
                      "%d points double\n-- the odds; a lead with what is usual everywhere has 0 "
                      "points.\n",
                      -learned->card.platt.a, learned->card.platt.b, RP_LEARN_PDO);
}

static void put_proposal(struct rp_buf *out, const struct rp_learned *learned, const char *before,
                         const struct rp_gain *row, const char *why)
{
    if (row->n < 1)
        return;
    rp_buf_printf(out, "%s%s: from %.0f points on, ", before, why, row->min_score);
    put_count(out, row->n);
    rp_buf_text(out, " leads");
    if (learned->weeks > 0)
        rp_buf_printf(out, " (%.1f a week)", row->n / learned->weeks);
    rp_buf_printf(out, ", of whom %.1f %% convert\n", 100 * row->pos / row->n);
}

void rp_learn_put_proposals(const struct rp_learned *learned, const char *before,
                            struct rp_buf *out)
{
    put_proposal(out, learned, before, &learned->for_capacity, "within the capacity");
    put_proposal(out, learned, before, &learned->for_value, "most left of value and cost");
}

static void put_tables(struct rp_buf *out, const struct rp_learned *learned)
{
    const double weeks = learned->weeks;

    rp_buf_text(out, "--\n-- Best leads first: from so many points on, leads, how many of them "
                     "convert, of all that convert\n");
    for (size_t d = 0; d < 6; d++) {
        const struct rp_gain *row = &learned->from[d];
        if (d > 0 && row->min_score >= learned->from[d - 1].min_score)
            continue;
        rp_buf_printf(out, "--   %4.0f points  ", row->min_score);
        put_count(out, row->n);
        if (weeks > 0)
            rp_buf_printf(out, " leads (%.1f a week)  ", row->n / weeks);
        else
            rp_buf_text(out, " leads  ");
        rp_buf_printf(out, "%.1f %%  %.0f %%\n", 100 * row->pos / row->n,
                      100 * row->pos / learned->converted);
    }
    rp_learn_put_proposals(learned, "-- ", out);
    rp_buf_text(out, "-- Said and true, in folds: chance said, leads, share that converted\n");
    for (size_t b = 0; b < RP_STATS_BINS; b++) {
        const struct rp_reliability *bin = &learned->calibration[b];
        if (bin->n < 1)
            continue;
        rp_buf_printf(out, "--   %5.1f %%  ", 100 * bin->mean_p);
        put_count(out, bin->n);
        rp_buf_printf(out, " leads  %.1f %%\n", 100 * bin->rate);
    }
}

static void put_left_out(struct rp_buf *out, const struct rp_learned *learned,
                         const struct rp_learn_table *table)
{
    bool head = false;

    for (uint32_t c = 0; c < table->column_count; c++) {
        const struct rp_learn_about *about = &learned->about[c];
        if (about->suspicion == RP_LEARN_FINE || about->suspicion == RP_LEARN_WEAK || about->used ||
            about->allowed)
            continue;
        if (!head)
            rp_buf_text(out, "--\n-- Left out, since it may say what nobody can know at the "
                             "decision (--allow takes it in):\n");
        head = true;
        rp_buf_text(out, "--   ");
        put_harmless(out, table->columns[c].name);
        rp_buf_printf(out, " %s", rp_learn_suspicion_text(about->suspicion));
        if (about->suspicion == RP_LEARN_WRITTEN_LATER)
            rp_buf_printf(out, " in %.0f %% of the leads", 100 * table->columns[c].changed_after);
        else if (about->iv > 0)
            rp_buf_printf(out, " (information value %.2f, AUC alone %.2f)", about->iv, about->auc);
        rp_buf_char(out, '\n');
    }
}

static void put_head(struct rp_buf *out, const struct rp_learned *learned,
                     const struct rp_learn_table *table, const struct rp_learn_source *source)
{
    rp_buf_text(out, "-- Learned by ripen from ");
    put_harmless(out, source->what);
    rp_buf_text(out, ".\n-- Outcome: ");
    put_harmless(out, source->outcome);
    rp_buf_text(out, ". ");
    put_count(out, table->rows);
    rp_buf_text(out, " leads, ");
    put_count(out, learned->converted);
    rp_buf_printf(out, " of them converted: %.1f %%.\n", 100 * learned->base_rate);
    if (table->at_ms) {
        rp_buf_text(out, "-- Decisions from ");
        put_day(out, learned->first_ms);
        rp_buf_text(out, " to ");
        put_day(out, learned->newest_ms);
        rp_buf_text(out, ": what it says of leads before the last day is no test of it.\n");
    }
    rp_buf_printf(out, "-- Data %s. %u lines with points; edit them like any rule.\n--\n",
                  source->digest, learned->card.lines);
    put_quality(out, learned);
    put_tables(out, learned);
    put_left_out(out, learned, table);
    if (source->declared)
        return;
    rp_buf_text(out, "--\n-- To try it beside the present rules, put this file into rules/learned/ "
                     "and write\n--   model \"champion\" { }\n--   model \"learned\" { like = "
                     "\"champion\", files = \"learned/\" }\n--   experiment \"learned\" { mode = "
                     "\"shadow\", arms = { { \"champion\", 50 }, { \"learned\", 50 } },\n--     "
                     "success = { ");
    put_harmless(out, source->success.len ? source->success
                                          : RP_STR("reached = \"sql\", within = \"60d\""));
    rp_buf_text(out, " } }\n");
}

void rp_learn_write(const struct rp_learned *learned, const struct rp_learn_table *table,
                    const struct rp_learn_source *source, struct rp_buf *out)
{
    struct rp_arena arena;

    rp_arena_init(&arena);
    put_head(out, learned, table, source);
    if (!source->declared) {
        rp_buf_text(out, "\ndimension ");
        put_quoted(out, source->dimension);
        rp_buf_printf(out, " { kind = \"state\", range = { %d, %d } }\n", learned->least,
                      learned->most > learned->least ? learned->most : learned->least + 1);
    }
    for (uint32_t i = 0; i < learned->card.count; i++)
        put_rule(out, &arena, learned, table, source, i);
    rp_arena_fini(&arena);
}
