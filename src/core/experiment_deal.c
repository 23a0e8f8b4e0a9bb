/* SPDX-License-Identifier: MIT */
/* Deals leads to arms when they become known, and keeps the first moment at which each model would
 * have let them into a stage.
 *
 *   anonymous ──known, by lead─────▶ dealt by its public id ──▶ an arm, or outside of the share
 *             ──known, by company──▶ waits for a group call ──▶ the company's arm
 *   outside   ──the share grows────▶ an arm
 *   known before the experiment ───▶ never
 *
 * An arm is written once, in the transaction of the event, with its row; the lead's cell says the
 * same and is saved in the run. History imports deal nobody: what happened then was not chosen. */
#include "base/json_write.h"
#include "base/mem.h"
#include "core/core_priv.h"
#include "core/experiment.h"
#include "core/history.h"

#include <string.h>

/* ---- The cell ---------------------------------------------------------------------------------
 */

static struct rp_arm_cell *cell_of(struct rp_lead *lead, int64_t experiment)
{
    return (struct rp_arm_cell *)(uintptr_t)rp_arm_of(lead, experiment);
}

static bool runs(const struct rp_trying *trying, int64_t experiment)
{
    for (size_t i = 0; i < trying->count; i++) {
        if (trying->items[i].row.id == experiment) {
            return true;
        }
    }
    return false;
}

/* Adds an element; when there are many, those of experiments that ended make room. One that is
 * started again finds its arm: whoever acts on the lead must not depend on when it is looked at. */
static struct rp_arm_cell *cell_add(const struct rp_core *core, struct rp_lead *lead,
                                    int64_t experiment)
{
    enum { MANY = 8 };
    uint32_t key = rp_cell_key(RP_CELL_ARMS, 0, 0);
    uint32_t len = 0;
    uint32_t kept = 0;
    struct rp_arm_cell *cells = rp_lead_cell(lead, key, &len);
    uint32_t count = cells ? len / (uint32_t)sizeof(*cells) : 0;

    for (uint32_t i = 0; i < count; i++) {
        if (count < MANY || runs(rp_core_trying_list(core), cells[i].experiment)) {
            cells[kept++] = cells[i];
        }
    }
    cells = rp_lead_cell_resize(lead, key, (kept + 1) * (uint32_t)sizeof(*cells));
    cells[kept] = (struct rp_arm_cell){.experiment = experiment, .arm = RP_ARM_NONE};
    return &cells[kept];
}

/* ---- Dealing ----------------------------------------------------------------------------------
 */

/* Since when the lead has a userId or an e-mail; RP_NEVER: it is anonymous. */
static int known_since(struct rp_core *core, const struct rp_lead *lead, int64_t *ret_ms,
                       struct rp_err *err)
{
    size_t count;
    const struct rp_head *heads = rp_lead_heads(lead, &count);
    int status = 0;

    *ret_ms = RP_NEVER;
    for (size_t i = 0; i < count && status == 0; i++) {
        int64_t first = RP_NEVER;

        status = rp_node_known(core->store, heads[i].node, &first, err);
        if (first != RP_NEVER && (*ret_ms == RP_NEVER || first < *ret_ms)) {
            *ret_ms = first;
        }
    }
    return status;
}

static struct rp_str group_of(const struct rp_event *event)
{
    return event && event->type == RP_GROUP ? event->group_id : RP_STR("");
}

/* The newest company in the lead's own group calls; "": none yet. */
static int company_of(struct rp_core *core, const struct rp_lead *lead,
                      const struct rp_event *event, struct rp_str *ret_unit, struct rp_err *err)
{
    struct rp_history history;
    int status = 0;

    *ret_unit = group_of(event);
    if (ret_unit->len > 0) {
        return 0;
    }
    status = rp_history_load(&core->history_arena, core->store, lead, NULL, 0, &history, err);
    for (size_t i = status == 0 ? history.count : 0; i-- > 0 && ret_unit->len == 0;) {
        *ret_unit = rp_arena_str(&core->arena, group_of(&history.events[i]));
    }
    rp_arena_reset(&core->history_arena);
    return status;
}

static int choose(const struct rp_running *running, struct rp_str unit, uint32_t bucket)
{
    const struct rp_experiment *x = running->def;

    if ((x->slice_from > 0 || x->slice_to < 1) &&
        !rp_assign_in_namespace(RP_STR("ripen"), unit, x->slice_from, x->slice_to)) {
        return RP_ARM_NONE;
    }
    return rp_assign_choose((double)bucket / RP_ASSIGN_BUCKETS, running->ranges, x->arm_count);
}

/* The arm of a company, dealt when its first lead comes; one that is outside may come in later. */
static int deal_company(struct rp_core *core, const struct rp_running *running,
                        struct rp_dealt *dealt, struct rp_err *err)
{
    struct rp_dealt unit = {0};
    int status = rp_unit_get(core->store, running->row.id, dealt->unit, &unit, err);

    if (status == 0 && unit.arm != RP_ARM_NONE) {
        dealt->arm = unit.arm;
        return 0;
    }
    if (status != 0 && status != RIPEN_ENOTFOUND) {
        return status;
    }
    if (status == 0 && dealt->arm == RP_ARM_NONE) {
        return 0; /* outside as before */
    }
    return rp_unit_put(core->store, dealt, err);
}

/* event: the one that makes it known, or lets it in; what it gives counts, since no arm has acted.
 */
static int deal_unit(struct rp_core *core, const struct rp_running *running, struct rp_cached *lead,
                     struct rp_str unit, const struct rp_event *event, int64_t now_ms,
                     struct rp_err *err)
{
    struct rp_dealt dealt = {
        .experiment = running->row.id,
        .lead = lead->lead.id,
        .unit = unit,
        .bucket = rp_assign_bucket(running->def->seed, unit),
        .period = running->period.number,
        .at_ms = now_ms,
        .hash_version = RP_ASSIGN_VERSION,
        .scored = true,
    };
    struct rp_arm_cell *cell;
    int status = 0;

    rp_enter_begin(&core->fold, &lead->lead, event, now_ms);
    dealt.score = rp_enter_total(&core->fold, running->def->arms[0].model);
    dealt.arm = choose(running, unit, dealt.bucket);
    if (!running->def->split && dealt.arm != RP_ARM_NONE) {
        dealt.arm = 0; /* a shadow: the control acts on all that take part */
    }
    if (running->def->by_company) {
        status = deal_company(core, running, &dealt, err);
    }
    cell = cell_of(&lead->lead, running->row.id);
    if (status == 0 && (!cell || (cell->flags & RP_ARM_WAITS) || dealt.arm != RP_ARM_NONE)) {
        status = rp_dealt_put(core->store, &dealt, err);
    }
    if (status != 0) {
        return status;
    }
    cell = cell ? cell : cell_add(core, &lead->lead, running->row.id);
    if (cell->arm != dealt.arm || cell->bucket != dealt.bucket || cell->flags) {
        lead->lead.flags |= RP_LEAD_SAVE;
    }
    *cell = (struct rp_arm_cell){.experiment = running->row.id,
                                 .bucket = dealt.bucket,
                                 .period = running->period.number,
                                 .arm = dealt.arm};
    return 0;
}

/* A lead known before has its arm still, if the experiment ran then: its cell made room for
 * another's. */
static int look_back(struct rp_core *core, const struct rp_running *running, struct rp_cached *lead,
                     struct rp_err *err)
{
    struct rp_arm_cell *cell = cell_add(core, &lead->lead, running->row.id);
    struct rp_dealt *rows;
    size_t count;
    int status = rp_dealt_list(&core->arena, core->store, lead->lead.id, &rows, &count, err);

    cell->flags = RP_ARM_BEFORE;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (rows[i].experiment == running->row.id && !(rows[i].flags & RP_DEALT_MOVED)) {
            cell->arm = rows[i].arm;
            cell->bucket = rows[i].bucket;
            cell->period = rows[i].period;
            cell->flags = rows[i].flags & RP_DEALT_EXCLUDED ? RP_ARM_EXCLUDED : 0;
            lead->lead.flags |= RP_LEAD_SAVE;
        }
    }
    return status;
}

static int first_look(struct rp_core *core, const struct rp_running *running,
                      struct rp_cached *lead, const struct rp_event *event, int64_t now_ms,
                      struct rp_err *err)
{
    struct rp_str unit = rp_str_from(lead->lead.public_id);
    int64_t since;
    int status = known_since(core, &lead->lead, &since, err);

    if (status != 0 || since == RP_NEVER) {
        return status;
    }
    if (since < running->since_ms) {
        return look_back(core, running, lead, err);
    }
    if (running->def->by_company) {
        status = company_of(core, &lead->lead, event, &unit, err);
        if (status == 0 && unit.len == 0) {
            cell_add(core, &lead->lead, running->row.id)->flags = RP_ARM_WAITS;
            return 0;
        }
    }
    return status == 0 ? deal_unit(core, running, lead, unit, event, now_ms, err) : status;
}

/* What is known of the lead may still change: its share grows, its company comes or changes. */
static int look_again(struct rp_core *core, const struct rp_running *running,
                      struct rp_cached *lead, struct rp_arm_cell *cell,
                      const struct rp_event *event, int64_t now_ms, struct rp_err *err)
{
    struct rp_str unit =
        running->def->by_company ? group_of(event) : rp_str_from(lead->lead.public_id);
    struct rp_dealt other;
    int status;

    if ((cell->flags & RP_ARM_BEFORE) || unit.len == 0) {
        return 0;
    }
    if (cell->arm == RP_ARM_NONE) {
        bool comes_in = (cell->flags & RP_ARM_WAITS) || running->def->by_company ||
                        choose(running, unit, cell->bucket) != RP_ARM_NONE;

        return comes_in ? deal_unit(core, running, lead, unit, event, now_ms, err) : 0;
    }
    if (!running->def->by_company || (cell->flags & RP_ARM_MOVED)) {
        return 0;
    }
    status = rp_unit_get(core->store, running->row.id, unit, &other, err);
    if (status == RIPEN_ENOTFOUND || (status == 0 && other.arm == cell->arm)) {
        return 0;
    }
    cell->flags |= RP_ARM_MOVED; /* it keeps its arm, and counts for none */
    lead->lead.flags |= RP_LEAD_SAVE;
    return status == 0 ? rp_dealt_flags(core->store, running->row.id, lead->lead.id,
                                        RP_DEALT_MERGED | RP_DEALT_CROSSOVER, 0, err)
                       : status;
}

static int mark_excluded(struct rp_core *core, const struct rp_running *running,
                         struct rp_cached *lead, struct rp_arm_cell *cell, int64_t now_ms,
                         struct rp_err *err)
{
    if (!cell || (cell->flags & (RP_ARM_EXCLUDED | RP_ARM_BEFORE)) ||
        !rp_lead_excluded(&core->fold, &lead->lead, now_ms)) {
        return 0;
    }
    cell->flags |= RP_ARM_EXCLUDED;
    lead->lead.flags |= RP_LEAD_SAVE;
    return rp_dealt_flags(core->store, running->row.id, lead->lead.id, RP_DEALT_EXCLUDED, 0, err);
}

/* ---- First moments ----------------------------------------------------------------------------
 */

static struct rp_str totals(struct rp_core *core, const struct rp_experiment *x)
{
    struct rp_buf buf = {0};
    struct rp_jw jw = rp_jw(&buf);
    struct rp_str text;

    rp_jw_array(&jw);
    for (uint32_t i = 0; i < x->arm_count; i++) {
        rp_jw_milli(&jw, rp_enter_total(&core->fold, x->arms[i].model));
    }
    rp_jw_array_end(&jw);
    text = rp_arena_str(&core->arena, rp_buf_view(&buf));
    rp_buf_fini(&buf);
    return text;
}

/* Whether some model has let it into the stage that may be explored. */
static bool entered_by_any(const struct rp_running *running, const struct rp_arm_cell *cell)
{
    bool entered = running->explored == RP_NONE;

    for (uint32_t arm = 0; arm < running->def->arm_count && !entered; arm++) {
        entered = cell->entered >> (arm * RP_DECIDED_STAGES_MAX + running->explored) & 1;
    }
    return entered;
}

/* What becomes of leads that the control turns away is not known: of those that another arm would
 * let in, the first time, a hash hands some on. Who they are does not depend on their arm or share.
 */
static void explore(struct rp_core *core, const struct rp_running *running,
                    const struct rp_cached *lead, bool asked, struct rp_entry_row *row)
{
    const struct rp_experiment *x = running->def;
    struct rp_str unit = rp_str_from(lead->lead.public_id);

    row->chance = asked ? x->explore : 0;
    row->explored =
        asked && rp_assign_bucket(x->explore_seed, unit) < x->explore * RP_ASSIGN_BUCKETS;
    if (row->explored) {
        core->fold.explore = running->stages[running->explored] + 1;
    }
}

static int note_entries(struct rp_core *core, const struct rp_running *running,
                        struct rp_cached *lead, struct rp_arm_cell *cell, int64_t now_ms,
                        struct rp_err *err)
{
    const struct rp_experiment *x = running->def;
    struct rp_entry_row row = {.experiment = running->row.id,
                               .lead = lead->lead.id,
                               .period = running->period.number,
                               .at_ms = now_ms};
    bool first;
    bool control = false;
    int status = 0;

    if (cell->period != running->period.number) { /* other models: their moments are new */
        cell->period = running->period.number;
        cell->entered = 0;
    }
    first = !entered_by_any(running, cell);
    for (uint32_t i = 0; i < x->arm_count * running->stage_count && status == 0; i++) {
        uint32_t arm = i / running->stage_count;
        uint32_t slot = i % running->stage_count;
        uint64_t bit = UINT64_C(1) << (arm * RP_DECIDED_STAGES_MAX + slot);

        if ((cell->entered & bit) || x->arms[arm].hold_out ||
            !rp_enter_holds(&core->fold, x->arms[arm].model, running->stages[slot])) {
            continue;
        }
        row.scores = row.scores.len > 0 ? row.scores : totals(core, x);
        control |= arm == 0 && slot == running->explored;
        explore(core, running, lead, first && !control && slot == running->explored, &row);
        row.arm = (int)arm;
        row.stage = core->rules->stages[running->stages[slot]].name;
        cell->entered |= bit;
        status = rp_entry_add(core->store, &row, err);
    }
    return status;
}

static int note(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                int64_t now_ms, struct rp_err *err)
{
    const struct rp_trying *trying = rp_core_trying_list(core);
    bool begun = false;
    int status = 0;

    for (size_t i = 0; i < trying->count && status == 0; i++) {
        struct rp_arm_cell *cell = cell_of(&lead->lead, trying->items[i].row.id);

        if (!cell || cell->arm == RP_ARM_NONE || (cell->flags & RP_ARM_EXCLUDED)) {
            continue;
        }
        if (!begun) {
            rp_enter_begin(&core->fold, &lead->lead, event, now_ms);
            begun = true;
        }
        status = note_entries(core, &trying->items[i], lead, cell, now_ms, err);
    }
    return status;
}

int rp_core_deal(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                 const struct rp_decision *decision, int64_t now_ms, struct rp_err *err)
{
    const struct rp_trying *trying;
    int status = 0;

    core->fold.explore = 0;
    if (!core->trying || core->no_actions) {
        return 0;
    }
    trying = rp_core_trying_list(core);
    for (size_t i = 0; i < trying->count && status == 0 && event; i++) {
        const struct rp_running *running = &trying->items[i];
        struct rp_arm_cell *cell = cell_of(&lead->lead, running->row.id);

        if (decision->excluded) {
            status = mark_excluded(core, running, lead, cell, now_ms, err);
        } else if (cell) {
            status = look_again(core, running, lead, cell, event, now_ms, err);
        } else {
            status = first_look(core, running, lead, event, now_ms, err);
        }
    }
    if (status == 0 && !decision->excluded) {
        status = note(core, lead, event, now_ms, err);
    }
    rp_core_act_as(core, &lead->lead);
    return status;
}

void rp_core_hold_out(struct rp_core *core, const struct rp_cached *lead,
                      const struct rp_decision *decision)
{
    const struct rp_running *running =
        core->trying ? rp_trying_held(rp_core_trying_list(core), &lead->lead) : NULL;
    struct rp_str reason;

    if (!running || decision->intent_count == 0) {
        return;
    }
    reason = rp_arena_printf(&core->arena, "in the hold-out arm of experiment \"%.*s\"",
                             RP_STR_ARG(running->row.name));
    for (size_t i = 0; i < decision->intent_count; i++) {
        struct rp_intent *intent = &decision->intents[i];

        if (intent->kind != RP_ACTION_SET && intent->kind != RP_ACTION_ASSIGN &&
            intent->held.len == 0) {
            intent->held = reason;
        }
    }
}
