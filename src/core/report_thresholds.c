/* SPDX-License-Identifier: MIT */
/* report thresholds: fewer and better, or more and weaker. The history is played again under the
 * rules in force; of each lead the moments are kept at which its score was higher than ever
 * before, so that for every threshold it is known who would have reached it and when. What else
 * the stage asks of scores must hold at that moment too. Then: how many a week, and how many of
 * those whose window is over had the outcome. */
#include "base/limits.h"
#include "base/mem.h"
#include "core/reader_priv.h"
#include "core/replay.h"
#include "core/report.h"
#include "core/report_table.h"
#include "model/stats.h"
#include "store/events.h"
#include "store/states.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ALPHA 0.05

enum { PAGE = 256, BOUNDS_MAX = 8, ROWS_MAX = 40, OUTCOMES_KEPT = 4 };

struct high {
    int64_t value, at_ms;
};
struct scored {
    size_t first, count; /* of highs */
    int64_t outcomes[OUTCOMES_KEPT];
    size_t outcome_count;
};

struct thresholds {
    const struct rp_report_query *query;
    const struct rp_rules *rules;
    struct rp_replay *replay;
    const struct rp_family *family;
    struct rp_str stage, outcome;
    int64_t until_ms, window_ms, first_ms;
    struct rp_bound bounds[BOUNDS_MAX]; /* the first is varied, the others must hold */
    size_t bound_count;
    int64_t present; /* the threshold in force, RP_NEVER: none */
    struct high *highs;
    size_t high_count, high_cap;
    struct scored *leads;
    size_t lead_count, lead_cap;
    struct high **members; /* [member]: growing lists of the family */
    size_t *now_count, *now_cap;
    size_t member_cap;
    bool *excluded;
};

struct row {
    double threshold, ever, decisions, mature, right, found, outcomes, a_week, profit;
    struct rp_interval ci;
};

/* ---- Playing --------------------------------------------------------------------------------- */

static bool others_hold(const struct thresholds *t, const struct rp_replayed *what)
{
    for (size_t i = 1; i < t->bound_count; i++) {
        if (rp_lead_score(what->fold, what->lead, what->fold->model, t->bounds[i].dim,
                          what->now_ms) < t->bounds[i].value) {
            return false;
        }
    }
    return true;
}

static void judged(void *ctx, const struct rp_replayed *what)
{
    struct thresholds *t = ctx;
    size_t m = what->member;
    int64_t value;

    if (what->event) {
        t->excluded[m] = what->decision->excluded;
    }
    value =
        rp_lead_score(what->fold, what->lead, what->fold->model, t->bounds[0].dim, what->now_ms);
    if ((t->now_count[m] > 0 && value <= t->members[m][t->now_count[m] - 1].value) ||
        !others_hold(t, what)) {
        return;
    }
    if (t->now_count[m] == t->now_cap[m]) {
        t->members[m] =
            rp_grow(t->members[m], &t->now_cap[m], t->now_count[m] + 1, sizeof(**t->members));
    }
    t->members[m][t->now_count[m]++] = (struct high){value, what->now_ms};
}

static void begin_family(struct thresholds *t, const struct rp_family *family)
{
    t->family = family;
    if (t->member_cap < family->lead_count) {
        size_t old = t->member_cap, a = old, b = old, c = old;

        t->members = rp_grow(t->members, &t->member_cap, family->lead_count, sizeof(*t->members));
        t->now_count = rp_grow(t->now_count, &a, family->lead_count, sizeof(*t->now_count));
        t->now_cap = rp_grow(t->now_cap, &b, family->lead_count, sizeof(*t->now_cap));
        t->excluded = rp_grow(t->excluded, &c, family->lead_count, sizeof(*t->excluded));
        for (size_t i = old; i < t->member_cap; i++) {
            t->members[i] = NULL;
            t->now_cap[i] = 0;
        }
    }
    for (size_t i = 0; i < family->lead_count; i++) {
        t->now_count[i] = 0;
        t->excluded[i] = false;
    }
}

/* One who stands alone has the decisions of all who were merged into it. */
static void keep(struct thresholds *t, size_t member, bool alone)
{
    struct scored *lead;
    size_t moves;
    const struct rp_move_row *row = rp_replay_moves(t->replay, &moves);
    const struct rp_lead *state = rp_replay_lead(t->replay, 0, member);

    t->leads = t->lead_count == t->lead_cap
                   ? rp_grow(t->leads, &t->lead_cap, t->lead_count + 1, sizeof(*t->leads))
                   : t->leads;
    lead = &t->leads[t->lead_count++];
    *lead = (struct scored){.first = t->high_count, .count = t->now_count[member]};
    for (size_t i = 0; i < moves && lead->outcome_count < OUTCOMES_KEPT; i++) {
        if ((alone || row[i].lead == t->family->leads[member]) &&
            rp_str_eq(row[i].to, t->outcome) && !rp_str_eq(row[i].from, t->outcome) &&
            row[i].at_ms < t->until_ms) {
            lead->outcomes[lead->outcome_count++] = row[i].at_ms;
        }
    }
    if (t->high_cap < t->high_count + lead->count) {
        t->highs = rp_grow(t->highs, &t->high_cap, t->high_count + lead->count, sizeof(*t->highs));
    }
    for (size_t i = 0; i < lead->count; i++) {
        t->highs[t->high_count++] = t->members[member][i];
    }
    t->first_ms = state->created_ms < t->first_ms ? state->created_ms : t->first_ms;
}

static int play(struct thresholds *t, const struct rp_families *families, const int64_t *id,
                struct rp_err *err)
{
    struct rp_family family;
    size_t events, standing = 0;
    int status;

    if (!rp_family_of(families, id, &family)) {
        return 0;
    }
    begin_family(t, &family);
    status = rp_replay_family(t->replay, &family, &events, err);
    if (status == RIPEN_ELIMIT) {
        return 0;
    }
    for (size_t m = 0; m < family.lead_count && status == 0; m++) {
        standing += rp_replay_lead(t->replay, 0, m) != NULL;
    }
    for (size_t m = 0; m < family.lead_count && status == 0; m++) {
        if (rp_replay_lead(t->replay, 0, m) && !t->excluded[m]) {
            keep(t, m, standing == 1);
        }
    }
    return status;
}

static int play_all(struct thresholds *t, struct rp_reader *reader, struct rp_err *err)
{
    struct rp_families *families = NULL;
    int64_t ids[PAGE];
    int64_t after = 0;
    int got = PAGE;
    int status = rp_families_load(reader->store, &families, err);

    while (status == 0 && got > 0) {
        got = rp_state_ids(reader->store, after, ids, PAGE, err);
        status = got < 0 ? got : 0;
        for (int i = 0; i < got && status == 0; i++) {
            status = play(t, families, &ids[i], err);
            after = ids[i];
        }
    }
    rp_families_free(families);
    return status;
}

/* ---- What the stage asks --------------------------------------------------------------------- */

static void find_bounds(struct thresholds *t, const struct rp_cond *cond)
{
    if (cond->op == RP_COND_AT_LEAST) {
        for (uint32_t i = 0; i < cond->bound_count && t->bound_count < BOUNDS_MAX; i++) {
            t->bounds[t->bound_count++] = cond->bounds[i];
        }
    }
    for (uint32_t i = 0; cond->op == RP_COND_ALL && i < cond->part_count; i++) {
        find_bounds(t, &cond->parts[i]);
    }
}

static int find_stages(struct thresholds *t, uint32_t model, struct rp_err *err)
{
    uint32_t stage = rp_rules_stage(t->rules, t->stage);

    if (stage == RP_NONE || rp_rules_stage(t->rules, t->outcome) == RP_NONE) {
        return rp_err_set(err, RIPEN_EINPUT,
                          "the rules have no stage \"%.*s\"; name one of theirs with --stage and "
                          "--outcome",
                          RP_STR_ARG(stage == RP_NONE ? t->stage : t->outcome));
    }
    if (t->rules->models[model].stages[stage].enter) {
        find_bounds(t, t->rules->models[model].stages[stage].enter);
    }
    t->present = t->bound_count > 0 ? t->bounds[0].value : RP_NEVER;
    if (t->bound_count == 0) {
        t->bounds[t->bound_count++] = (struct rp_bound){.dim = RP_NONE};
    }
    return 0;
}

/* ---- Counting -------------------------------------------------------------------------------- */

/* When the lead reached a threshold first; RP_NEVER. */
static int64_t reached(const struct thresholds *t, const struct scored *lead, int64_t threshold)
{
    for (size_t i = 0; i < lead->count; i++) {
        if (t->highs[lead->first + i].value >= threshold) {
            return t->highs[lead->first + i].at_ms;
        }
    }
    return RP_NEVER;
}

static void count_lead(const struct thresholds *t, const struct scored *lead, int64_t threshold,
                       struct row *row)
{
    int64_t at_ms = reached(t, lead, threshold);
    int64_t since = t->query->since_ms;
    bool right = false;

    if (lead->outcome_count > 0 && (since == RP_NEVER || lead->outcomes[0] >= since)) {
        row->outcomes++;
        row->found += at_ms != RP_NEVER && at_ms <= lead->outcomes[0];
    }
    row->ever += at_ms != RP_NEVER;
    if (at_ms == RP_NEVER || (since != RP_NEVER && at_ms < since)) {
        return;
    }
    row->decisions++;
    if (at_ms > t->until_ms - t->window_ms) {
        return;
    }
    for (size_t i = 0; i < lead->outcome_count; i++) {
        right = right || (lead->outcomes[i] >= at_ms && lead->outcomes[i] <= at_ms + t->window_ms);
    }
    row->mature++;
    row->right += right;
}

static double weeks_of(const struct thresholds *t)
{
    int64_t from = t->query->since_ms != RP_NEVER ? t->query->since_ms : t->first_ms;

    return t->until_ms > from ? (double)(t->until_ms - from) / (double)(7 * RP_DAY) : 1;
}

static void count_row(const struct thresholds *t, double threshold, struct row *row)
{
    *row = (struct row){.threshold = threshold};
    for (size_t i = 0; i < t->lead_count; i++) {
        count_lead(t, &t->leads[i], (int64_t)llround(threshold * 1000), row);
    }
    row->ci = rp_stats_wilson(row->right, row->mature, ALPHA);
    row->a_week = row->decisions / weeks_of(t);
    row->profit = t->query->value * row->right - t->query->cost * row->mature;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The score that one lead in 200 surpasses. */
static double usual_highest(const struct thresholds *t)
{
    double *highest = rp_calloc(t->lead_count + 1, sizeof(*highest));
    double value;
    size_t count = 0;

    for (size_t i = 0; i < t->lead_count; i++) {
        const struct scored *lead = &t->leads[i];

        if (lead->count > 0) {
            highest[count++] = (double)t->highs[lead->first + lead->count - 1].value / 1000;
        }
    }
    qsort(highest, count, sizeof(*highest), by_number);
    value = count > 0 ? highest[(count - 1) - count / 200] : 0;
    free(highest);
    return value;
}

/* Steps of 1, 2 or 5 times a power of ten, and the threshold in force among them. */
static size_t make_rows(const struct thresholds *t, struct row *rows)
{
    static const double factors[] = {2, 2.5, 2};
    double present = t->present == RP_NEVER ? (double)NAN : (double)t->present / 1000;
    double highest = usual_highest(t), step = 1;
    size_t count = 0;
    int turn = 0;

    while (highest / step > ROWS_MAX - 18) {
        step *= factors[turn++ % 3];
    }
    for (int n = 1; n * step <= highest && count < ROWS_MAX - 1; n++) {
        double at = n * step;

        if (present > at - step && present < at) {
            count_row(t, present, &rows[count++]);
        }
        count_row(t, at, &rows[count++]);
        if (rows[count - 1].ever < 10) {
            break; /* the rest is chance */
        }
    }
    if (count < ROWS_MAX && !(count > 0 && present <= rows[count - 1].threshold) && present > 0) {
        count_row(t, present, &rows[count++]); /* out of reach of most, yet in force */
    }
    return count;
}

/* Behind the rows: which to take; SIZE_MAX: not asked, or none. */
static size_t best_profit(const struct thresholds *t, const struct row *rows, size_t count)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; t->query->value > 0 && i < count; i++) {
        if (rows[i].mature > 0 && (best == SIZE_MAX || rows[i].profit > rows[best].profit)) {
            best = i;
        }
    }
    return best;
}

static size_t within_capacity(const struct thresholds *t, const struct row *rows, size_t count)
{
    for (size_t i = 0; t->query->capacity > 0 && i < count; i++) {
        if (rows[i].a_week <= t->query->capacity) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- Printing -------------------------------------------------------------------------------- */

static struct rp_str score_name(const struct thresholds *t)
{
    return t->bounds[0].dim == RP_NONE ? RP_STR("total") : t->rules->dims[t->bounds[0].dim].name;
}

static bool is_present(const struct thresholds *t, const struct row *row)
{
    return t->present != RP_NEVER && llround(row->threshold * 1000) == t->present;
}

static void row_text(const struct thresholds *t, const struct row *row, const char *mark,
                     struct rp_buf *out)
{
    char rate[64] = "-", recall[32] = "-";

    if (row->mature > 0) {
        snprintf(rate, sizeof(rate), "%.1f %% (%.1f–%.1f)", 100 * row->right / row->mature,
                 100 * row->ci.lo, 100 * row->ci.hi);
    }
    if (row->outcomes > 0) {
        snprintf(recall, sizeof(recall), "%.1f %%", 100 * row->found / row->outcomes);
    }
    rp_buf_printf(out, "%9.6g %9.0f %9.1f", row->threshold, row->decisions, row->a_week);
    rp_table_right(out, rate, 22);
    rp_table_right(out, recall, 10);
    rp_buf_printf(out, "%s%s\n", is_present(t, row) ? "  in force" : "", mark);
}

static void print_text(const struct thresholds *t, const struct row *rows, size_t count,
                       struct rp_buf *out)
{
    size_t best = best_profit(t, rows, count), most = within_capacity(t, rows, count);
    struct rp_str score = score_name(t);

    rp_buf_printf(out, "Thresholds of %.*s for %.*s, %zu leads; right: %.*s within %.0f days\n\n",
                  RP_STR_ARG(score), RP_STR_ARG(t->stage), t->lead_count, RP_STR_ARG(t->outcome),
                  (double)t->window_ms / (double)RP_DAY);
    rp_buf_printf(out, "threshold     leads    a week             right, 95 %%     found\n");
    for (size_t i = 0; i < count; i++) {
        row_text(t, &rows[i], i == best ? "  best" : i == most ? "  capacity" : "", out);
    }
    rp_buf_printf(out,
                  "\nright: of those reached more than %.0f days ago, that became %.*s; found: "
                  "of all\nthat became %.*s, those that had reached the threshold before.\n",
                  (double)t->window_ms / (double)RP_DAY, RP_STR_ARG(t->outcome),
                  RP_STR_ARG(t->outcome));
    if (best != SIZE_MAX) {
        rp_buf_printf(out,
                      "At %.6g for each %.*s, less %.6g for each lead worked, %.6g leaves most: "
                      "%.6g\n(of leads whose %.0f days are over).\n",
                      t->query->value, RP_STR_ARG(t->outcome), t->query->cost, rows[best].threshold,
                      rows[best].profit, (double)t->window_ms / (double)RP_DAY);
        if (t->query->cost > 0 && rows[best].right > 0) {
            rp_buf_printf(out, "A lead is worth working above a chance of %.1f %%.\n",
                          100 * t->query->cost / t->query->value);
        }
    }
    if (most != SIZE_MAX) {
        rp_buf_printf(out, "From %.6g on, at most %.6g leads a week come.\n", rows[most].threshold,
                      t->query->capacity);
    } else if (t->query->capacity > 0) {
        rp_buf_printf(out, "No threshold here brings them down to %.6g a week.\n",
                      t->query->capacity);
    }
}

static void print_json(const struct thresholds *t, const struct row *rows, size_t count,
                       struct rp_buf *out)
{
    size_t best = best_profit(t, rows, count), most = within_capacity(t, rows, count);
    struct rp_jw jw = rp_jw(out);
    double none = (double)NAN;

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "report", "thresholds");
    rp_jw_put_str(&jw, "score", score_name(t));
    rp_jw_put_str(&jw, "stage", t->stage);
    rp_jw_put_str(&jw, "outcome", t->outcome);
    rp_table_number(&jw, "windowDays", (double)t->window_ms / (double)RP_DAY, 3);
    rp_jw_put_int(&jw, "leads", (int64_t)t->lead_count);
    rp_table_number(&jw, "inForce", t->present == RP_NEVER ? none : (double)t->present / 1000, 3);
    rp_jw_key(&jw, "thresholds");
    rp_jw_array(&jw);
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];

        rp_jw_object(&jw);
        rp_table_number(&jw, "threshold", row->threshold, 3);
        rp_jw_put_int(&jw, "leads", (int64_t)row->decisions);
        rp_table_number(&jw, "aWeek", row->a_week, 3);
        rp_jw_put_int(&jw, "mature", (int64_t)row->mature);
        rp_jw_put_int(&jw, "right", (int64_t)row->right);
        rp_table_number(&jw, "rate", row->mature > 0 ? row->right / row->mature : none, 6);
        rp_table_interval(&jw, "interval", row->mature > 0 ? row->ci.lo : none,
                          row->mature > 0 ? row->ci.hi : none);
        rp_jw_put_int(&jw, "outcomes", (int64_t)row->outcomes);
        rp_jw_put_int(&jw, "found", (int64_t)row->found);
        rp_table_number(&jw, "profit", t->query->value > 0 ? row->profit : none, 3);
        rp_jw_object_end(&jw);
    }
    rp_jw_array_end(&jw);
    rp_table_number(&jw, "best", best == SIZE_MAX ? none : rows[best].threshold, 3);
    rp_table_number(&jw, "forCapacity", most == SIZE_MAX ? none : rows[most].threshold, 3);
    rp_jw_object_end(&jw);
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void thresholds_fini(struct thresholds *t)
{
    for (size_t i = 0; i < t->member_cap; i++) {
        free(t->members[i]);
    }
    free(t->members);
    free(t->now_count);
    free(t->now_cap);
    free(t->excluded);
    free(t->highs);
    free(t->leads);
    rp_replay_free(t->replay);
}

int rp_report_thresholds(struct rp_reader *reader, const struct rp_report_query *query,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    struct thresholds t = {.query = query, .first_ms = INT64_MAX};
    struct row rows[ROWS_MAX] = {0};
    size_t count;
    int status = rp_reader_begin(reader, err);

    t.rules = reader->rules;
    t.stage = query->stage.len > 0 ? query->stage : RP_STR("mql");
    t.outcome = query->outcome.len > 0 ? query->outcome : RP_STR("sql");
    t.window_ms = query->window_ms ? query->window_ms : 60 * RP_DAY;
    t.until_ms = query->until_ms == RP_NEVER ? query->now_ms : query->until_ms;
    if (status == 0) {
        status = find_stages(&t, reader->model, err);
    }
    if (status == 0) {
        t.replay = rp_replay_new(&(struct rp_replay_options){
            .store = reader->store,
            .recent = &reader->recent,
            .rules = {reader->rules},
            .vms = {reader->vm},
            .models = {reader->model},
            .sides = 1,
            .until_ms = t.until_ms,
            .newest = rp_event_newest(reader->store),
            .events_max = RP_LEAD_EVENTS_MAX,
            .judged = judged,
            .ctx = &t,
        });
        status = play_all(&t, reader, err);
    }
    if (status == 0) {
        count = make_rows(&t, rows);
        if (format == RP_FORMAT_JSON) {
            print_json(&t, rows, count, out);
        } else {
            print_text(&t, rows, count, out);
        }
    }
    thresholds_fini(&t);
    return rp_reader_end(reader, status);
}
