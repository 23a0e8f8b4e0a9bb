/* SPDX-License-Identifier: MIT */
/* The experiments that run, as the file and a rule set say, and what a lead's cell tells of them.
 * Shared by the core and by readers; writes nothing. */
#include "base/json_write.h"
#include "core/experiment.h"
#include "model/lead.h"

#include <string.h>

/* ---- Stages that models decide ----------------------------------------------------------------
 */

static bool reads_scores(const struct rp_cond *cond)
{
    if (cond->op == RP_COND_AT_LEAST || cond->op == RP_COND_BELOW || cond->op == RP_COND_GRADE_IN)
        return true;
    for (uint32_t i = 0; i < cond->part_count; i++) {
        if (reads_scores(&cond->parts[i]))
            return true;
    }
    return false;
}

uint32_t rp_decided_stages(const struct rp_rules *rules, uint32_t *ret_stages, uint32_t max)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rules->stage_count && count < max; i++) {
        if (rules->stages[i].enter && reads_scores(rules->stages[i].enter))
            ret_stages[count++] = i;
    }
    return count;
}

/* ---- As JSON ----------------------------------------------------------------------------------
 */

static struct rp_str kept(struct rp_arena *arena, struct rp_buf *buf)
{
    struct rp_str text = rp_arena_str(arena, rp_buf_view(buf));

    rp_buf_fini(buf);
    return text;
}

static struct rp_str stage_name(const struct rp_rules *rules, uint32_t stage)
{
    return stage == RP_NONE ? RP_STR("") : rules->stages[stage].name;
}

static void put_double(struct rp_jw *jw, const char *key, double value)
{
    rp_jw_key(jw, key);
    rp_jw_number(jw, value);
}

static void put_arms(const struct rp_rules *rules, const struct rp_experiment *x, bool hashes,
                     struct rp_jw *jw)
{
    rp_jw_key(jw, "arms");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < x->arm_count; i++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "name", x->arms[i].name);
        rp_jw_put_str(jw, "model", rules->models[x->arms[i].model].name);
        put_double(jw, "weight", x->arms[i].weight);
        if (hashes)
            rp_jw_put_text(jw, "hash", rules->models[x->arms[i].model].hash);
        else
            rp_jw_put_bool(jw, "holdOut", x->arms[i].hold_out);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_guards(const struct rp_experiment *x, struct rp_jw *jw)
{
    rp_jw_key(jw, "guard");
    rp_jw_array(jw);
    for (uint32_t i = 0; i < x->guard_count; i++) {
        rp_jw_object(jw);
        rp_jw_put_str(jw, "metric", x->guards[i].metric);
        put_double(jw, "worseThan", x->guards[i].worse_than);
        rp_jw_object_end(jw);
    }
    rp_jw_array_end(jw);
}

static void put_explore(struct rp_jw *jw, const struct rp_experiment *x)
{
    if (x->explore > 0)
        put_double(jw, "explore", x->explore);
}

struct rp_str rp_experiment_json(struct rp_arena *arena, const struct rp_rules *rules,
                                 const struct rp_experiment *x)
{
    uint32_t stages[RP_DECIDED_STAGES_MAX];
    uint32_t count = rp_decided_stages(rules, stages, RP_DECIDED_STAGES_MAX);
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);
    uint32_t decided = RP_NONE;

    for (uint32_t i = 0; i < count; i++) {
        if (stages[i] != x->goal && decided == RP_NONE)
            decided = stages[i];
    }
    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "mode", x->split ? "split" : "shadow");
    rp_jw_put_text(&jw, "by", x->by_company ? "company" : "lead");
    put_arms(rules, x, false, &jw);
    put_double(&jw, "share", x->share);
    rp_jw_put_str(&jw, "goal", stage_name(rules, x->goal));
    rp_jw_put_int(&jw, "withinMs", x->within_ms);
    rp_jw_put_str(&jw, "decided", stage_name(rules, decided));
    put_guards(x, &jw);
    put_explore(&jw, x);
    rp_jw_put_int(&jw, "minUnits", x->min_units);
    rp_jw_put_int(&jw, "maxDays", x->max_days);
    rp_jw_object_end(&jw);
    return kept(arena, &buf);
}

struct rp_str rp_period_json(struct rp_arena *arena, const struct rp_rules *rules,
                             const struct rp_experiment *x)
{
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);

    rp_jw_object(&jw);
    put_arms(rules, x, true, &jw);
    rp_jw_put_str(&jw, "goal", stage_name(rules, x->goal));
    rp_jw_put_int(&jw, "withinMs", x->within_ms);
    put_explore(&jw, x);
    rp_jw_object_end(&jw);
    return kept(arena, &buf);
}

/* ---- The list ---------------------------------------------------------------------------------
 */

/* The period under way, and since when the experiment has run without a break. */
static int read_period(struct rp_arena *arena, struct rp_store *store, struct rp_running *running,
                       struct rp_err *err)
{
    struct rp_period_row *rows;
    size_t count;
    int status = rp_period_list(arena, store, running->row.id, &rows, &count, err);

    if (status != 0)
        return status;
    if (count == 0 || rows[count - 1].ended_ms != RP_NEVER)
        return rp_err_set(err, RIPEN_ESTORE,
                          "experiment \"%.*s\" runs without a period; restore the file from a "
                          "backup",
                          RP_STR_ARG(running->row.name));
    running->period = rows[count - 1];
    running->since_ms = running->period.started_ms;
    for (size_t i = count - 1; i > 0 && rows[i - 1].ended_ms == rows[i].started_ms; i--)
        running->since_ms = rows[i - 1].started_ms;
    return 0;
}

static void take_def(const struct rp_rules *rules, const struct rp_experiment *x,
                     struct rp_running *running)
{
    double weights[RP_ASSIGN_ARMS_MAX];

    running->def = x;
    for (uint32_t i = 0; i < x->arm_count; i++)
        weights[i] = x->arms[i].weight;
    rp_assign_ranges(weights, x->arm_count, x->share, running->ranges);
    running->stage_count = rp_decided_stages(rules, running->stages, RP_DECIDED_STAGES_MAX);
    running->explored = RP_NONE;
    for (uint32_t i = 0; x->explore > 0 && i < running->stage_count; i++) {
        if (running->stages[i] != x->goal && running->explored == RP_NONE)
            running->explored = i;
    }
}

int rp_trying_load(struct rp_arena *arena, struct rp_store *store, const struct rp_rules *rules,
                   struct rp_trying *ret_trying, struct rp_err *err)
{
    struct rp_experiment_row *rows;
    size_t count;
    int status;

    *ret_trying = (struct rp_trying){0};
    if (rules->experiment_count == 0)
        return 0;
    status = rp_experiment_list(arena, store, &rows, &count, err);
    if (status != 0)
        return status;
    ret_trying->items = RP_ARENA_ARRAY(arena, struct rp_running, count + 1);
    for (size_t i = 0; i < count && status == 0; i++) {
        uint32_t index = rp_rules_experiment(rules, rows[i].name);
        struct rp_running *running = &ret_trying->items[ret_trying->count];

        if (rows[i].state != RP_EXPERIMENT_RUNNING || index == RP_NONE ||
            !rp_str_eq(rules->experiments[index].salt, rows[i].salt))
            continue;
        *running = (struct rp_running){.row = rows[i]};
        status = read_period(arena, store, running, err);
        take_def(rules, &rules->experiments[index], running);
        ret_trying->splits |= running->def->split;
        ret_trying->count++;
    }
    return status;
}

/* ---- A lead -----------------------------------------------------------------------------------
 */

const struct rp_arm_cell *rp_arm_of(const struct rp_lead *lead, int64_t experiment)
{
    uint32_t len = 0;
    const struct rp_arm_cell *cells = rp_lead_cell(lead, rp_cell_key(RP_CELL_ARMS, 0, 0), &len);

    for (uint32_t i = 0; cells && i < len / sizeof(*cells); i++) {
        if (cells[i].experiment == experiment)
            return &cells[i];
    }
    return NULL;
}

static const struct rp_arm *arm_acting(const struct rp_running *running, const struct rp_lead *lead)
{
    const struct rp_arm_cell *cell = running->def->split ? rp_arm_of(lead, running->row.id) : NULL;

    return cell && cell->arm >= 0 && (uint32_t)cell->arm < running->def->arm_count
               ? &running->def->arms[cell->arm]
               : NULL;
}

uint32_t rp_trying_model(const struct rp_trying *trying, const struct rp_lead *lead)
{
    for (size_t i = 0; trying->splits && i < trying->count; i++) {
        const struct rp_arm *arm = arm_acting(&trying->items[i], lead);

        if (arm)
            return arm->model;
    }
    return 0;
}

const struct rp_running *rp_trying_held(const struct rp_trying *trying, const struct rp_lead *lead)
{
    for (size_t i = 0; trying->splits && i < trying->count; i++) {
        const struct rp_arm *arm = arm_acting(&trying->items[i], lead);

        if (arm && arm->hold_out)
            return &trying->items[i];
    }
    return NULL;
}
