/* SPDX-License-Identifier: MIT */
/* The generation in force, and its swap. Nothing in a cached lead is looked at when rules change:
 * its cells name the generation that folded them, and are folded again when the lead is touched
 * (run.c), written (behind.c) or swept. Its stage is an index, so the core remembers the lists of
 * stages that were in force, and a cached lead which of them its index means.
 *
 *   made ready ──rp_core_swap──▶ in force ──the next swap──▶ given back, freed by whoever swapped
 *
 * Invariant: rules, vm, fold and interned names of the core always belong to one generation. */
#include "core/rules.h"

#include "base/mem.h"
#include "core/assign.h"
#include "core/core_priv.h"
#include "core/sequences.h"
#include "model/correction.h"
#include "store/events.h"
#include "store/generations.h"

#include <stdlib.h>

struct rp_ready {
    struct rp_arena arena; /* the notes and the packed sources */
    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_generation_new row;
    int64_t *score_names, *dim_names; /* of one that was in force */
    bool stored;
    bool lent; /* the rules are somebody else's */
};

int rp_ready_new(struct rp_rules *rules, const struct rp_files *files,
                 const struct rp_ready_notes *notes, struct rp_ready **ret_ready,
                 struct rp_err *err)
{
    struct rp_ready *ready = rp_calloc(1, sizeof(*ready));

    ready->rules = rules;
    ready->lent = notes->lent;
    ready->stored = notes->stored;
    rp_arena_init(&ready->arena);
    ready->row = (struct rp_generation_new){
        .hash = rp_arena_str(&ready->arena, rp_str_from(rules->hash)),
        .sources = rp_files_pack(&ready->arena, files),
        .author = rp_arena_str(&ready->arena, notes->author),
        .effect = rp_arena_str(&ready->arena, notes->effect),
        .disabled = rp_arena_str(&ready->arena, notes->disabled),
        .reason = rp_arena_str(&ready->arena, notes->reason),
    };
    ready->vm = rp_vm_new(rules, err);
    if (!ready->vm) {
        rp_ready_free(ready);
        return RIPEN_ERULE;
    }
    *ret_ready = ready;
    return 0;
}

void rp_ready_free(struct rp_ready *ready)
{
    if (!ready) {
        return;
    }
    rp_vm_free(ready->vm);
    if (!ready->lent) {
        rp_rules_free(ready->rules);
    }
    free(ready->score_names);
    free(ready->dim_names);
    rp_arena_fini(&ready->arena);
    free(ready);
}

const struct rp_rules *rp_ready_rules(const struct rp_ready *ready)
{
    return ready->rules;
}

/* {reasons.top(n)}: folds the lead's history again with a trace. */
static struct rp_str reasons_of(void *ctx, struct rp_arena *arena, const struct rp_lead *lead,
                                int64_t now_ms, uint32_t top)
{
    struct rp_core *core = ctx;

    return rp_history_reasons(arena, core->store, core->rules, core->vm, lead, now_ms, top,
                              core->fold.model);
}

static int intern_names(struct rp_core *core, struct rp_ready *ready, struct rp_err *err)
{
    const struct rp_rules *rules = ready->rules;
    int status = 0;

    ready->score_names = rp_calloc(rules->score_count + 1, sizeof(int64_t));
    ready->dim_names = rp_calloc(rules->dim_count + 1, sizeof(int64_t));
    for (uint32_t i = 0; i < rules->score_count && status == 0; i++) {
        status = rp_store_name_id(core->store, rules->scores[i].name, &ready->score_names[i], err);
    }
    if (status == 0) { /* behind the rules: what is given by hand */
        status =
            rp_store_name_id(core->store, rp_str_from(rp_correction_event(RP_CORRECTION_POINTS)),
                             &ready->score_names[rules->score_count], err);
    }
    for (uint32_t i = 0; i < rules->dim_count && status == 0; i++) {
        status = rp_store_name_id(core->store, rules->dims[i].name, &ready->dim_names[i], err);
    }
    return status;
}

static int activate(struct rp_core *core, struct rp_ready *ready, struct rp_err *err)
{
    int64_t before = rp_store_meta(core->store, "active_generation", 0);
    int status = rp_store_begin(core->store, err);

    if (status != 0) {
        return status;
    }
    status = rp_generation_activate(core->store, &ready->row, rp_clock_now(&core->clock),
                                    &ready->rules->number, err);
    if (status == 0 && ready->rules->number != before) {
        status = rp_store_meta_set(core->store, RP_META_ACTIVATED_EVENT,
                                   rp_event_newest(core->store), err);
    }
    if (status == 0 && !ready->stored) {
        status = rp_store_meta_set(core->store, RP_META_DISK_GENERATION, ready->rules->number, err);
    }
    if (status == 0) {
        status = intern_names(core, ready, err);
    }
    if (status == 0) {
        status = rp_core_counts_ready(core, ready->rules, err);
    }
    if (status == 0) {
        status = rp_core_trying_ready(core, ready->rules, err);
    }
    if (status == 0) {
        status = rp_store_commit(core->store, err);
    }
    if (status != 0) {
        rp_store_rollback(core->store);
        free(ready->score_names);
        free(ready->dim_names);
        ready->score_names = ready->dim_names = NULL;
    }
    return status;
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static bool same_stages(const struct rp_stage_list *list, const struct rp_rules *rules)
{
    if (list->count != rules->stage_count) {
        return false;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (!rp_str_eq(list->names[i], rules->stages[i].name)) {
            return false;
        }
    }
    return true;
}

/* Most edits leave the stages as they are: then every index stays as it is. */
static void remember_stages(struct rp_core *core, const struct rp_rules *rules)
{
    struct rp_stage_list *list;

    for (size_t i = 0; i < core->stage_list_count; i++) {
        if (same_stages(&core->stage_lists[i], rules)) {
            core->stage_list = (uint32_t)i;
            return;
        }
    }
    core->stage_lists = rp_grow(core->stage_lists, &core->stage_list_cap,
                                core->stage_list_count + 1, sizeof(*core->stage_lists));
    list = &core->stage_lists[core->stage_list_count];
    list->count = rules->stage_count;
    list->names = RP_ARENA_ARRAY(&core->stage_arena, struct rp_str, rules->stage_count + 1);
    for (uint32_t i = 0; i < rules->stage_count; i++) {
        list->names[i] = rp_arena_str(&core->stage_arena, rules->stages[i].name);
    }
    core->stage_list = (uint32_t)core->stage_list_count++;
}

int rp_core_fresh(struct rp_core *core, struct rp_cached *cached, struct rp_err *err)
{
    const struct rp_stage_list *list = &core->stage_lists[cached->stage_list];
    uint32_t stage = RP_NONE;

    if (cached->stage_list == core->stage_list) {
        return 0;
    }
    cached->stage_list = core->stage_list;
    if (cached->lead.stage < list->count) {
        stage = rp_rules_stage(core->rules, list->names[cached->lead.stage]);
    }
    if (stage != RP_NONE) {
        cached->lead.stage = (uint16_t)stage;
        return 0;
    }
    return rp_core_stage_on_record(core, &cached->lead, err);
}

/* ---- The swap -------------------------------------------------------------------------------- */

/* Puts the new ones into the core and the old ones into *ready. */
static void exchange(struct rp_core *core, struct rp_ready *ready)
{
    struct rp_ready old = *ready;

    ready->rules = core->rules;
    ready->vm = core->vm;
    ready->lent = core->lent_rules;
    ready->score_names = core->score_names;
    ready->dim_names = core->dim_names;
    if (core->rules) {
        rp_fold_fini(&core->fold);
    }
    core->rules = old.rules;
    core->vm = old.vm;
    core->score_names = old.score_names;
    core->dim_names = old.dim_names;
    rp_fold_init(&core->fold, core->rules, core->vm, &core->arena);
    core->fold.reasons = reasons_of;
    core->fold.reasons_ctx = core;
    core->fold.no_sequences = core->no_actions;
    rp_core_turns(core);
    rp_core_counts_take(core);
    rp_core_trying_take(core);
    remember_stages(core, core->rules);
}

int rp_core_swap(struct rp_core *core, struct rp_ready **ready, struct rp_err *err)
{
    int status = core->stale && core->rules ? rp_core_recover(core, err) : 0;

    RP_ASSERT(*ready && (*ready)->rules);
    RP_ASSERT(core->touched_count == 0); /* between two runs */
    if (status == 0) {
        status = activate(core, *ready, err);
    }
    if (status != 0) {
        return status;
    }
    rp_core_sweep_halt(core);
    exchange(core, *ready);
    if (!(*ready)->rules) {
        rp_ready_free(*ready);
        *ready = NULL;
    }
    (void)rp_core_sequences_look(core, true, NULL); /* a count alone; the swap is done */
    return 0;
}

int rp_core_begin(struct rp_core *core, struct rp_ready **ready, struct rp_err *err)
{
    bool first = core->rules == NULL;
    int status = rp_core_swap(core, ready, err);

    return status == 0 && first ? rp_core_recover(core, err) : status;
}

int rp_core_rules(struct rp_core *core, struct rp_rules *rules, const struct rp_files *files,
                  struct rp_str author, struct rp_err *err)
{
    struct rp_ready_notes notes = {
        .author = author, .effect = RP_STR(""), .disabled = RP_STR(""), .lent = core->lent_rules};
    struct rp_ready *ready = NULL;
    int status = rp_ready_new(rules, files, &notes, &ready, err);

    if (status == 0) {
        status = rp_core_begin(core, &ready, err);
    }
    rp_ready_free(ready);
    return status;
}

const struct rp_rules *rp_core_active(const struct rp_core *core)
{
    return core->rules;
}

void rp_core_drop_rules(struct rp_core *core)
{
    if (core->rules) {
        rp_fold_fini(&core->fold);
        rp_vm_free(core->vm);
        if (!core->lent_rules) {
            rp_rules_free(core->rules);
        }
        free(core->score_names);
        free(core->dim_names);
        core->rules = NULL;
    }
    rp_core_counts_drop(core);
    rp_core_trying_drop(core);
    free(core->stage_lists);
    core->stage_lists = NULL;
    rp_arena_fini(&core->stage_arena);
}
