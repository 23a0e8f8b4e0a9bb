/* SPDX-License-Identifier: MIT */
/* Which experiments there are, and what one needs: units by power and base rate, days by traffic,
 * and the outcome window behind the last unit. */
#include "base/json_write.h"
#include "core/experiments.h"
#include "core/reader_priv.h"
#include "core/report_table.h"
#include "model/stats.h"

#include <math.h>

#define ALPHA         0.05
#define HISTORY_DAYS  180
#define TRAFFIC_DAYS  28
#define SHADOW_FACTOR 40  /* leads of a split for one of a shadow: 30 to 70, computed */
#define SHADOW_LEAST  30  /* that reached the goal: fewer rank nothing, however large the effect */
#define DAYS_MAX      366 /* of an experiment whose rules set no bound */

/* ---- The list ----------------------------------------------------------------------------------
 */

static const char *state_name(enum rp_experiment_state state)
{
    return state == RP_EXPERIMENT_RUNNING   ? "running"
           : state == RP_EXPERIMENT_STOPPED ? "stopped"
                                            : "promoted";
}

struct listing {
    enum rp_format format;
    struct rp_jw jw;
    struct rp_buf *out;
};

static void list_one(struct listing *l, const struct rp_rules *rules, struct rp_str name,
                     const struct rp_experiment_row *row)
{
    uint32_t index = rp_rules_experiment(rules, name);
    const struct rp_experiment *x = index == RP_NONE ? NULL : &rules->experiments[index];

    if (l->format == RP_FORMAT_JSON) {
        rp_jw_object(&l->jw);
        rp_jw_put_str(&l->jw, "name", name);
        rp_jw_put_text(&l->jw, "state", row ? state_name(row->state) : "not started");
        rp_jw_put_bool(&l->jw, "declared", x != NULL);
        if (x) {
            rp_jw_put_text(&l->jw, "mode", x->split ? "split" : "shadow");
        }
        if (row) {
            rp_jw_put_str(&l->jw, "salt", row->salt);
            rp_jw_put_time(&l->jw, "startedAt", row->started_ms);
            rp_jw_put_time(&l->jw, "stoppedAt", row->stopped_ms);
            rp_jw_put_str(&l->jw, "why", row->why);
            rp_jw_put_str(&l->jw, "author", row->author);
            rp_jw_key(&l->jw, "definition");
            rp_jw_raw(&l->jw, row->definition);
        }
        rp_jw_object_end(&l->jw);
        return;
    }
    rp_table_cell(l->out, name, 28);
    rp_buf_printf(l->out, " %-12s %-7s ", row ? state_name(row->state) : "not started",
                  !x         ? "gone"
                  : x->split ? "split"
                             : "shadow");
    if (row) {
        rp_buf_text(l->out, "since ");
        rp_table_day(l->out, row->started_ms);
        if (row->state != RP_EXPERIMENT_RUNNING) {
            rp_buf_printf(l->out, "; %.*s", RP_STR_ARG(row->why));
        }
    } else if (x && !x->enabled) {
        rp_buf_text(l->out, "enabled = false");
    }
    rp_buf_char(l->out, '\n');
}

static bool is_on_file(const struct rp_experiment_row *rows, size_t count, struct rp_str name)
{
    for (size_t i = 0; i < count; i++) {
        if (rp_str_eq(rows[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void list_all(struct rp_reader *reader, const struct rp_experiment_row *rows, size_t count,
                     struct listing *l)
{
    if (l->format == RP_FORMAT_JSON) {
        rp_jw_object(&l->jw);
        rp_jw_key(&l->jw, "experiments");
        rp_jw_array(&l->jw);
    }
    for (size_t i = 0; i < count; i++) {
        list_one(l, reader->rules, rows[i].name, &rows[i]);
    }
    for (uint32_t i = 0; i < reader->rules->experiment_count; i++) {
        if (!is_on_file(rows, count, reader->rules->experiments[i].name)) {
            list_one(l, reader->rules, reader->rules->experiments[i].name, NULL);
        }
    }
    if (l->format == RP_FORMAT_JSON) {
        rp_jw_array_end(&l->jw);
        rp_jw_object_end(&l->jw);
    } else if (l->out->len == 0) {
        rp_buf_text(l->out, "no experiments; `ripen help rules experiment` shows how one is "
                            "declared\n");
    }
}

int rp_reader_experiments(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                          struct rp_err *err)
{
    struct listing l = {.format = format, .jw = rp_jw(out), .out = out};
    struct rp_experiment_row *rows = NULL;
    size_t count = 0;
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        status = rp_experiment_list(&reader->arena, reader->store, &rows, &count, err);
    }
    if (status == 0) {
        list_all(reader, rows, count, &l);
    }
    return rp_reader_end(reader, status);
}

/* ---- The plan ----------------------------------------------------------------------------------
 */

struct plan {
    const struct rp_experiment *x;
    const struct rp_plan_wish *wish;
    struct rp_str goal;
    double known, reached;              /* of the history that the rate comes from */
    double rate, per_week;              /* leads that become known */
    double per_arm, total, weeks, days; /* days: with the window behind */
    double window_days, shadow, days_max;
    bool never;
};

static double smallest_weight(const struct rp_experiment *x)
{
    double least = 1;

    for (uint32_t i = 0; i < x->arm_count; i++) {
        least = x->arms[i].weight < least ? x->arms[i].weight : least;
    }
    return least;
}

static void reckon(struct plan *p)
{
    double alpha = ALPHA / (p->x->arm_count - 1);
    double wanted = p->rate * (1 + p->wish->effect);
    double part = p->x->share * (p->x->slice_to - p->x->slice_from);

    p->per_arm = p->rate > 0 && wanted < 1
                     ? ceil(rp_stats_n_rates(p->rate, wanted, alpha, p->wish->power, 1))
                     : (double)NAN;
    p->total = p->per_arm / smallest_weight(p->x);
    p->weeks = p->per_week * part > 0 ? p->total / (p->per_week * part) : HUGE_VAL;
    p->days = p->weeks * 7 + p->window_days;
    p->shadow = ceil(fmax(p->total / SHADOW_FACTOR, p->rate > 0 ? SHADOW_LEAST / p->rate : 0));
    p->days_max = p->x->max_days > 0 ? p->x->max_days : DAYS_MAX;
    p->never = !(p->days <= p->days_max);
}

static int read_history(struct rp_reader *reader, struct plan *p, struct rp_err *err)
{
    int64_t until = p->wish->now_ms - p->x->within_ms;
    struct rp_base_rate rate = {0};
    struct rp_base_rate traffic = {0};
    int status = rp_base_rate(reader->store, until - HISTORY_DAYS * RP_DAY, until, p->goal,
                              p->x->within_ms, &rate, err);

    if (status == 0) {
        status = rp_base_rate(reader->store, p->wish->now_ms - TRAFFIC_DAYS * RP_DAY,
                              p->wish->now_ms, p->goal, p->x->within_ms, &traffic, err);
    }
    p->known = (double)rate.known;
    p->reached = (double)rate.reached;
    p->rate = p->wish->rate > 0 ? p->wish->rate : p->known > 0 ? p->reached / p->known : 0;
    p->per_week = (double)traffic.known * 7 / TRAFFIC_DAYS;
    return status;
}

static struct rp_str advice(struct rp_arena *arena, const struct plan *p)
{
    if (!(p->rate > 0)) {
        return rp_arena_printf(arena,
                               "The database knows of no lead that reached %.*s within %.0f days; "
                               "say --rate, or choose an earlier stage as success.",
                               RP_STR_ARG(p->goal), p->window_days);
    }
    if (!p->x->split) {
        return rp_arena_printf(arena,
                               "A shadow compares the models on the same leads: about %.0f leads "
                               "with an outcome tell as much as %.0f of a split.",
                               p->shadow, p->total);
    }
    if (p->never) {
        return rp_arena_printf(arena,
                               "With the leads that come, this split cannot find a rise of %.0f %% "
                               "within %.0f days. Compare the models as a shadow first (about %.0f "
                               "leads with an outcome), or look for a larger effect.",
                               100 * p->wish->effect, p->days_max, p->shadow);
    }
    return rp_arena_printf(arena,
                           "It can be decided after about %.0f days. A shadow would need about "
                           "%.0f leads with an outcome for as much.",
                           ceil(p->days), p->shadow);
}

static void plan_json(const struct plan *p, struct rp_str words, struct rp_buf *out)
{
    struct rp_jw jw = rp_jw(out);

    rp_jw_object(&jw);
    rp_jw_put_str(&jw, "experiment", p->x->name);
    rp_jw_put_text(&jw, "mode", p->x->split ? "split" : "shadow");
    rp_jw_put_str(&jw, "goal", p->goal);
    rp_table_number(&jw, "withinDays", p->window_days, 3);
    rp_table_number(&jw, "rate", p->rate, 6);
    rp_table_number(&jw, "leadsOfHistory", p->known, 0);
    rp_table_number(&jw, "leadsPerWeek", p->per_week, 3);
    rp_table_number(&jw, "effect", p->wish->effect, 4);
    rp_table_number(&jw, "power", p->wish->power, 4);
    rp_table_number(&jw, "unitsPerArm", p->per_arm, 0);
    rp_table_number(&jw, "units", p->total, 0);
    rp_table_number(&jw, "weeks", p->weeks, 3);
    rp_table_number(&jw, "days", p->days, 3);
    rp_table_number(&jw, "shadowLeads", p->shadow, 0);
    rp_jw_put_bool(&jw, "feasible", !p->never);
    rp_jw_put_str(&jw, "advice", words);
    rp_jw_object_end(&jw);
}

static void plan_text(const struct plan *p, struct rp_str words, struct rp_buf *out)
{
    rp_buf_printf(out, "%.*s: %s, success is %.*s within %.0f days\n\n", RP_STR_ARG(p->x->name),
                  p->x->split ? "split" : "shadow", RP_STR_ARG(p->goal), p->window_days);
    rp_buf_printf(out, "succeed today    %.2f %%", 100 * p->rate);
    if (p->wish->rate > 0) {
        rp_buf_text(out, " (as you say)\n");
    } else {
        rp_buf_printf(out, " (%.0f of %.0f leads that had their time)\n", p->reached, p->known);
    }
    rp_buf_printf(out, "become known     %.0f leads a week\n", p->per_week);
    rp_buf_printf(out, "worth having     a rise of %.0f %%, to be found with %.0f %% certainty\n",
                  100 * p->wish->effect, 100 * p->wish->power);
    if (p->x->split && !isnan(p->per_arm)) {
        rp_buf_printf(out, "needs            %.0f leads an arm, %.0f in all", p->per_arm, p->total);
        if (isfinite(p->weeks)) {
            rp_buf_printf(out, ": %.0f weeks, and %.0f days for the last of them", ceil(p->weeks),
                          p->window_days);
        }
        rp_buf_char(out, '\n');
    }
    rp_buf_printf(out, "\n%.*s\n", RP_STR_ARG(words));
}

int rp_reader_experiment_plan(struct rp_reader *reader, struct rp_str name,
                              const struct rp_plan_wish *wish, enum rp_format format,
                              struct rp_buf *out, struct rp_err *err)
{
    struct plan p = {.wish = wish};
    int status = rp_reader_begin(reader, err);

    if (status == 0) {
        uint32_t index = rp_rules_experiment(reader->rules, name);

        if (index == RP_NONE) {
            status =
                rp_err_set(err, RIPEN_ENOTFOUND,
                           "the rules in force declare no experiment \"%.*s\"", RP_STR_ARG(name));
        } else {
            p.x = &reader->rules->experiments[index];
        }
    }
    if (status == 0 && p.x->goal == RP_NONE) {
        status = rp_err_set(err, RIPEN_EINPUT,
                            "experiment \"%.*s\" does not say what success is; add success = { "
                            "reached = \"sql\", within = \"45d\" }",
                            RP_STR_ARG(name));
    }
    if (status == 0) {
        p.goal = reader->rules->stages[p.x->goal].name;
        p.window_days = (double)p.x->within_ms / (double)RP_DAY;
        status = read_history(reader, &p, err);
    }
    if (status == 0 && p.rate * (1 + wish->effect) >= 1) {
        status =
            rp_err_set(err, RIPEN_EINPUT,
                       "%.6g %% succeed already; %.6g %% more of them would be more than all, so "
                       "give a smaller --effect",
                       100 * p.rate, 100 * wish->effect);
    }
    if (status == 0) {
        struct rp_str words;

        reckon(&p);
        words = advice(&reader->arena, &p);
        if (format == RP_FORMAT_JSON) {
            plan_json(&p, words, out);
        } else {
            plan_text(&p, words, out);
        }
    }
    return rp_reader_end(reader, status);
}
