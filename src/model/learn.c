/* SPDX-License-Identifier: MIT */
/* Learning a card and finding out how good it is: columns judged one by one (the leak guard), the
 * card on all rows, then the whole procedure anew on four fifths of the leads five times, and on
 * the older rows to be tried on the newest. Folds come from a hash of the lead: no chance, no
 * order.
 *
 * It knows the table and the steps, not where rows come from nor how a card is written. */
#include "model/learn.h"

#include "base/check.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IV_MOST      0.5
#define IV_LEAST     0.02
#define AUC_MOST     0.85
#define LATE_MOST    0.05
#define FILLED_LEAST 0.05 /* of those who converted, when nobody else has a value */
#define LAST_SHARE   0.2
#define STEPS        (RP_LEARN_FOLDS + 3)

const char *rp_learn_suspicion_text(enum rp_learn_suspicion suspicion)
{
    static const char *const texts[] = {
        [RP_LEARN_FINE] = "",
        [RP_LEARN_TELLS_TOO_MUCH] = "tells too much to have been known before the outcome",
        [RP_LEARN_RANKS_TOO_WELL] = "tells the outcome almost alone",
        [RP_LEARN_WRITTEN_LATER] = "was written after the decision",
        [RP_LEARN_CONVERTED_ONLY] = "is known of those who converted alone",
        [RP_LEARN_TOO_MANY] = "has too many different values, as a name or a number of a case has",
        [RP_LEARN_WEAK] = "says nothing about the outcome",
    };

    return texts[suspicion];
}

/* What the steps share. */
struct job {
    struct rp_arena *arena;
    const struct rp_learn_table *table;
    const struct rp_learn_options *options;
    struct rp_learned *out;
    struct rp_learn_attribute *attributes; /* of all rows */
    bool *usable, *in;
    uint8_t *y; /* scratch: outcomes and scores of some rows */
    double *score, *exact;
    unsigned done;
};

static void step_done(struct job *job)
{
    job->done++;
    if (job->options->progress)
        job->options->progress(job->options->ctx, job->done, STEPS);
}

/* ---- One column ------------------------------------------------------------------------------ */

static bool is_allowed(const struct rp_learn_options *options, struct rp_str name)
{
    for (size_t i = 0; i < options->allowed_count; i++)
        if (rp_str_eq(options->allowed[i], name))
            return true;
    return false;
}

static bool has_value(const struct rp_learn_column *column, uint32_t row)
{
    return column->kind == RP_LEARN_TEXT ? column->level[row] != RP_LEARN_NONE
                                         : !isnan(column->value[row]);
}

static bool converted_only(const struct rp_learn_table *table, const struct rp_learn_column *column)
{
    double filled[2] = {0}, all[2] = {0};

    for (uint32_t i = 0; i < table->rows; i++) {
        all[table->y[i]]++;
        filled[table->y[i]] += has_value(column, i);
    }
    return filled[1] >= FILLED_LEAST * all[1] && filled[0] < 0.001 * all[0];
}

static double auc_alone(struct job *job, const struct rp_learn_attribute *attribute)
{
    for (uint32_t i = 0; i < job->table->rows; i++) {
        const uint32_t bin = rp_learn_bin_of(attribute, job->table, i);
        job->score[i] = attribute->bins[bin == RP_LEARN_NONE ? attribute->reference : bin].woe;
    }
    return rp_stats_auc(job->table->y, job->score, job->table->rows);
}

static unsigned how(const struct job *job, bool loose)
{
    return (loose ? RP_LEARN_LOOSE : 0) | (job->options->monotone ? RP_LEARN_MONOTONE : 0);
}

static void judge_column(struct job *job, uint32_t c)
{
    const struct rp_learn_column *column = &job->table->columns[c];
    struct rp_learn_about *about = &job->out->about[c];

    *about = (struct rp_learn_about){.auc = 0.5,
                                     .lor_before = (double)NAN,
                                     .lor_after = (double)NAN,
                                     .change_z = (double)NAN,
                                     .change_q = (double)NAN};
    about->allowed = is_allowed(job->options, column->name);
    if (column->too_many) {
        about->suspicion = RP_LEARN_TOO_MANY;
        return;
    }
    /* what tells everything has bins with one outcome alone, which the card's bins never have */
    bool varies =
        rp_learn_bins(job->arena, job->table, c, NULL, how(job, true), &job->attributes[c]);
    if (varies) {
        about->iv = job->attributes[c].iv;
        about->auc = auc_alone(job, &job->attributes[c]);
    }
    if (!about->allowed)
        varies &=
            rp_learn_bins(job->arena, job->table, c, NULL, how(job, false), &job->attributes[c]);
    if (column->changed_after > LATE_MOST)
        about->suspicion = RP_LEARN_WRITTEN_LATER;
    else if (converted_only(job->table, column))
        about->suspicion = RP_LEARN_CONVERTED_ONLY;
    else if (about->iv > IV_MOST)
        about->suspicion = RP_LEARN_TELLS_TOO_MUCH;
    else if (about->auc > AUC_MOST)
        about->suspicion = RP_LEARN_RANKS_TOO_WELL;
    else if (!varies || about->iv < IV_LEAST)
        about->suspicion = RP_LEARN_WEAK;
    job->usable[c] = varies && (about->suspicion == RP_LEARN_FINE ||
                                (about->allowed && about->suspicion != RP_LEARN_WEAK));
}

/* ---- Does it still mean what it meant? ------------------------------------------------------- */

static int by_time(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

/* The time from which on the newest share of the rows lies. */
static int64_t time_of_share(struct job *job, double newest)
{
    const uint32_t n = job->table->rows;
    int64_t *times = rp_calloc(n, sizeof(*times));

    memcpy(times, job->table->at_ms, n * sizeof(*times));
    qsort(times, n, sizeof(*times), by_time);
    const int64_t at = times[(uint32_t)((double)n * (1 - newest))];
    free(times);
    return at;
}

/* With it or without: events at all; else the bins in which more than usual convert. */
static bool has_it(const struct rp_learn_table *table, const struct rp_learn_attribute *a,
                   uint32_t row)
{
    const struct rp_learn_column *column = &table->columns[a->column];

    if (column->kind == RP_LEARN_COUNT)
        return column->value[row] > 0;
    const uint32_t bin = rp_learn_bin_of(a, table, row);
    return bin != RP_LEARN_NONE && a->bins[bin].woe > 0;
}

static void change_of(struct job *job, uint32_t c, int64_t middle)
{
    const struct rp_learn_table *table = job->table;
    struct rp_learn_about *about = &job->out->about[c];
    double x[2][2] = {{0}}, n[2][2] = {{0}}; /* [newer][with it] */

    if (job->attributes[c].bin_count < 2 || about->suspicion == RP_LEARN_WRITTEN_LATER)
        return;
    for (uint32_t i = 0; i < table->rows; i++) {
        const bool newer = table->at_ms[i] >= middle, with = has_it(table, &job->attributes[c], i);
        n[newer][with]++;
        x[newer][with] += table->y[i];
    }
    for (int half = 0; half < 2; half++)
        if (n[half][0] < 30 || n[half][1] < 30)
            return;
    const struct rp_ratio a = rp_stats_relative(x[0][0], n[0][0], x[0][1], n[0][1], 0.05).lor;
    const struct rp_ratio b = rp_stats_relative(x[1][0], n[1][0], x[1][1], n[1][1], 0.05).lor;
    about->lor_before = a.value;
    about->lor_after = b.value;
    about->change_z = (b.value - a.value) / hypot(a.se, b.se);
}

static void find_changes(struct job *job)
{
    const uint32_t columns = job->table->column_count;
    double *p = RP_ARENA_ARRAY(job->arena, double, columns + 1);
    const int64_t middle = time_of_share(job, 0.5);

    for (uint32_t c = 0; c < columns; c++) {
        change_of(job, c, middle);
        p[c] = isnan(job->out->about[c].change_z) ? (double)NAN
                                                  : rp_stats_norm_p(job->out->about[c].change_z);
    }
    rp_stats_adjust(RP_ADJUST_BH, p, columns, p);
    for (uint32_t c = 0; c < columns; c++)
        job->out->about[c].change_q = p[c];
}

/* ---- Learned on some rows, tried on the others ----------------------------------------------- */

static uint32_t lines_max(const struct job *job)
{
    return job->options->lines_max ? job->options->lines_max : RP_LEARN_LINES_MAX;
}

/* Learns from the rows that are `in` and scores the others: their outcomes and points go to job->y
 * and job->score. Returns how many, or a status. */
static int64_t try_on_rest(struct job *job, struct rp_learn_card *ret_card, struct rp_err *err)
{
    const struct rp_learn_table *table = job->table;
    struct rp_arena arena;
    struct rp_learn_attribute *attributes;
    int64_t n = 0;

    rp_arena_init(&arena);
    attributes = RP_ARENA_ARRAY(&arena, struct rp_learn_attribute, table->column_count + 1);
    for (uint32_t c = 0; c < table->column_count; c++)
        if (job->usable[c] && !rp_learn_bins(&arena, table, c, job->in,
                                             how(job, job->out->about[c].allowed), &attributes[c]))
            attributes[c].bin_count = 0;
    int status = rp_learn_select(&arena, table, job->in, attributes, job->usable, lines_max(job),
                                 ret_card, NULL, err);
    for (uint32_t i = 0; status == 0 && i < table->rows; i++) {
        if (job->in[i])
            continue;
        job->y[n] = table->y[i];
        job->score[n++] = rp_learn_points(ret_card, table, i);
    }
    rp_arena_fini(&arena);
    return status ? status : n;
}

static int cross_validate(struct job *job, struct rp_err *err)
{
    const struct rp_learn_table *table = job->table;
    struct rp_learned *out = job->out;
    double *p = rp_calloc(table->rows, sizeof(*p));
    uint8_t *y = rp_malloc(table->rows);
    size_t tried = 0;
    int64_t n = 0;

    for (unsigned fold = 0; fold < RP_LEARN_FOLDS && n >= 0; fold++) {
        struct rp_learn_card card;
        for (uint32_t i = 0; i < table->rows; i++)
            job->in[i] = table->id[i] % RP_LEARN_FOLDS != fold;
        n = try_on_rest(job, &card, err);
        if (n < 0)
            break;
        out->fold_auc[fold] = rp_stats_auc(job->y, job->score, (size_t)n);
        for (int64_t i = 0; i < n && card.calibrated; i++) {
            y[tried] = job->y[i];
            p[tried++] = rp_stats_platt_p(card.platt, job->score[i]);
        }
        step_done(job);
    }
    if (n >= 0) {
        const struct rp_sample s = rp_stats_sample_values(out->fold_auc, RP_LEARN_FOLDS);
        out->auc = s.mean;
        out->auc_sd = sqrt(s.var);
        if (tried > 0) {
            const struct rp_probability quality = rp_stats_probability(y, p, tried);
            memcpy(out->calibration, quality.bins, sizeof(out->calibration));
        }
    }
    free(p);
    free(y);
    return n < 0 ? (int)n : 0;
}

static int try_on_newest(struct job *job, struct rp_err *err)
{
    const struct rp_learn_table *table = job->table;
    struct rp_learned *out = job->out;
    struct rp_learn_card card;
    double classes[2][2] = {{0}};

    const double share = job->options->last_share > 0 ? job->options->last_share : LAST_SHARE;
    out->last_from_ms = time_of_share(job, share);
    for (uint32_t i = 0; i < table->rows; i++) {
        job->in[i] = table->at_ms[i] < out->last_from_ms;
        classes[job->in[i]][table->y[i]]++;
    }
    out->last.auc = (double)NAN;
    if (classes[0][0] < 2 || classes[0][1] < 2 || classes[1][0] < 2 || classes[1][1] < 2)
        return 0;
    const int64_t n = try_on_rest(job, &card, err);
    if (n < 0)
        return (int)n;
    out->last = rp_stats_auc_ci(job->y, job->score, (size_t)n, 0.05);
    out->last_rows = (double)n;
    out->last_converted = classes[0][1];
    return 0;
}

/* ---- All rows -------------------------------------------------------------------------------- */

static double log_loss_of(const uint8_t *y, const double *eta, size_t n, struct rp_platt platt)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const double p = rp_stats_platt_p(platt, eta[i]);
        sum -= log(y[i] ? p : 1 - p);
    }
    return sum / (double)n;
}

/* When nothing is left to learn from, the reader should know what was left out. */
static int name_suspect(const struct job *job, int status, struct rp_err *err)
{
    const struct rp_learn_about *about = job->out->about;
    uint32_t best = RP_LEARN_NONE;

    for (uint32_t c = 0; c < job->table->column_count; c++)
        if (about[c].suspicion != RP_LEARN_FINE && about[c].suspicion != RP_LEARN_WEAK &&
            !about[c].allowed && (best == RP_LEARN_NONE || about[c].iv > about[best].iv))
            best = c;
    if (best == RP_LEARN_NONE)
        return status;
    return rp_err_set(err, status,
                      "nothing tells who converts but what looks like a leak: %.*s %s (information "
                      "value %.2f); if it can be known at the decision, --allow takes it in",
                      RP_STR_ARG(job->table->columns[best].name),
                      rp_learn_suspicion_text(about[best].suspicion), about[best].iv);
}

/* Whole points tie: a tenth ends in the midst of leads that nothing tells apart. */
static void count_from(const struct job *job, struct rp_gain *row)
{
    row->n = row->pos = 0;
    for (uint32_t i = 0; i < job->table->rows; i++) {
        if (job->score[i] >= row->min_score) {
            row->n++;
            row->pos += job->table->y[i];
        }
    }
}

/* Over all numbers of points that a lead can have, the most first. */
static void propose(const struct job *job)
{
    const struct rp_learn_options *options = job->options;
    struct rp_learned *out = job->out;
    double best = 0;
    struct rp_gain row = {0};
    struct rp_gain *at =
        RP_ARENA_ARRAY(job->arena, struct rp_gain, (size_t)(out->most - out->least) + 1);

    for (uint32_t i = 0; i < job->table->rows; i++) {
        struct rp_gain *points = &at[(int)job->score[i] - out->least];
        points->n++;
        points->pos += job->table->y[i];
    }
    for (int points = out->most; points >= out->least; points--) {
        const struct rp_gain *more = &at[points - out->least];
        row =
            (struct rp_gain){.n = row.n + more->n, .pos = row.pos + more->pos, .min_score = points};
        if (more->n > 0 && row.n <= options->capacity * out->weeks)
            out->for_capacity = row;
        if (more->n > 0 && row.pos * options->value - row.n * options->cost > best) {
            best = row.pos * options->value - row.n * options->cost;
            out->for_value = row;
        }
    }
}

static int learn_all(struct job *job, struct rp_err *err)
{
    const struct rp_learn_table *table = job->table;
    struct rp_learned *out = job->out;
    int status = rp_learn_select(job->arena, table, NULL, job->attributes, job->usable,
                                 lines_max(job), &out->card, job->exact, err);

    if (status != 0)
        return name_suspect(job, status, err);
    for (uint32_t i = 0; i < out->card.count; i++) {
        const struct rp_learn_attribute *a = &out->card.attributes[i];
        int least = 0, most = 0;
        out->about[a->column].used = true;
        for (uint32_t b = 0; b < a->bin_count; b++) {
            least = a->bins[b].points < least ? a->bins[b].points : least;
            most = a->bins[b].points > most ? a->bins[b].points : most;
        }
        out->least += least;
        out->most += most;
    }
    for (uint32_t i = 0; i < table->rows; i++)
        job->score[i] = rp_learn_points(&out->card, table, i);
    propose(job);
    const double base = out->base_rate;
    out->log_loss_base = -(base * log(base) + (1 - base) * log(1 - base));
    rp_stats_gains(table->y, job->score, table->rows, RP_COUNT(out->from), out->from);
    for (size_t d = 0; d < RP_COUNT(out->from); d++)
        count_from(job, &out->from[d]);
    out->train = rp_stats_auc_ci(table->y, job->score, table->rows, 0.05);
    out->auc_before_rounding = rp_stats_auc(table->y, job->exact, table->rows);
    out->log_loss_before =
        log_loss_of(table->y, job->exact, table->rows, (struct rp_platt){.a = 0, .b = 1});
    out->log_loss = log_loss_of(table->y, job->score, table->rows, out->card.platt);
    return 0;
}

static int check_table(const struct rp_learn_table *table, struct rp_learned *out,
                       struct rp_err *err)
{
    double ones = 0;

    for (uint32_t i = 0; i < table->rows; i++)
        ones += table->y[i] != 0;
    out->converted = ones;
    out->base_rate = table->rows ? ones / table->rows : 0;
    if (ones < RP_LEARN_CLASS_MIN || table->rows - ones < RP_LEARN_CLASS_MIN)
        return rp_err_set(
            err, RIPEN_EINPUT,
            "%.0f of %u leads reached the outcome; learning needs at least %d that did "
            "and %d that did not",
            ones, table->rows, RP_LEARN_CLASS_MIN, RP_LEARN_CLASS_MIN);
    return 0;
}

static void find_span(const struct rp_learn_table *table, struct rp_learned *out)
{
    for (uint32_t i = 0; table->at_ms && i < table->rows; i++) {
        const int64_t at_ms = table->at_ms[i];
        out->first_ms = i == 0 || at_ms < out->first_ms ? at_ms : out->first_ms;
        out->newest_ms = i == 0 || at_ms > out->newest_ms ? at_ms : out->newest_ms;
    }
    out->weeks = (double)(out->newest_ms - out->first_ms) / (double)(7 * RP_DAY);
}

int rp_learn(struct rp_arena *arena, const struct rp_learn_table *table,
             const struct rp_learn_options *options, struct rp_learned *ret_learned,
             struct rp_err *err)
{
    const uint32_t columns = table->column_count;
    struct job job = {.arena = arena, .table = table, .options = options, .out = ret_learned};
    int status;

    RP_ASSERT(columns <= RP_LEARN_COLUMNS_MAX && table->rows <= RP_LEARN_ROWS_MAX);
    *ret_learned = (struct rp_learned){.last = {.auc = (double)NAN}};
    ret_learned->about = RP_ARENA_ARRAY(arena, struct rp_learn_about, columns + 1);
    status = check_table(table, ret_learned, err);
    if (status != 0)
        return status;
    job.attributes = RP_ARENA_ARRAY(arena, struct rp_learn_attribute, columns + 1);
    job.usable = RP_ARENA_ARRAY(arena, bool, columns + 1);
    job.in = RP_ARENA_ARRAY(arena, bool, table->rows);
    job.y = rp_arena_alloc(arena, table->rows);
    job.score = RP_ARENA_ARRAY(arena, double, table->rows);
    job.exact = RP_ARENA_ARRAY(arena, double, table->rows);
    find_span(table, ret_learned);
    for (uint32_t c = 0; c < columns; c++)
        judge_column(&job, c);
    step_done(&job);
    status = learn_all(&job, err);
    step_done(&job);
    if (status == 0)
        status = cross_validate(&job, err);
    if (status == 0 && table->at_ms) {
        find_changes(&job);
        status = try_on_newest(&job, err);
    }
    if (status == 0)
        step_done(&job);
    return status;
}

void rp_learn_digest(const struct rp_learn_table *table, char ret_digest[27])
{
    struct rp_digest *digest = rp_digest_new(NULL, 0);

    rp_digest_part(digest, (struct rp_str){(const char *)table->y, table->rows});
    for (uint32_t c = 0; c < table->column_count; c++) {
        const struct rp_learn_column *column = &table->columns[c];
        rp_digest_part(digest, column->name);
        if (column->level)
            rp_digest_part(digest, (struct rp_str){(const char *)column->level,
                                                   table->rows * sizeof(*column->level)});
        if (column->value)
            rp_digest_part(digest, (struct rp_str){(const char *)column->value,
                                                   table->rows * sizeof(*column->value)});
        for (uint32_t l = 0; l < column->level_count; l++)
            rp_digest_part(digest, column->levels[l]);
    }
    rp_digest_end(digest, ret_digest);
}
