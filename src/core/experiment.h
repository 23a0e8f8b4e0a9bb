/* SPDX-License-Identifier: MIT */
/* Experiments that run: which leads were dealt to which arm, and whose model acts on them. The core
 * deals, when a lead becomes known, in the transaction of the event that makes it so; an arm is
 * never computed again. Readers ask the same lists, with rules of their own.
 *
 *   declared ──start──▶ running ──rules changed──▶ running, in a new period
 *                               ──stop, promote, gone from the rules──▶ stopped: the control acts
 *
 * Without an experiment that runs everything here is one test of a pointer. */
#ifndef RP_CORE_EXPERIMENT_H
#define RP_CORE_EXPERIMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "model/assign_hash.h"
#include "store/db.h"
#include "store/experiments.h"

#include <stdbool.h>
#include <stddef.h>

struct rp_core;
struct rp_cached;
struct rp_merge;

/* Stages whose `enter` depends on scores: those of which first moments are kept. */
#define RP_DECIDED_STAGES_MAX 4

/* What the cell RP_CELL_ARMS holds, one for each experiment that ran when the lead was looked at.
 */
struct rp_arm_cell {
    int64_t experiment; /* its row */
    uint64_t entered;   /* bit arm * 4 + stage: its first moment is on record, in this period */
    uint32_t bucket, period;
    int32_t arm; /* RP_ARM_NONE */
    uint32_t flags;
};
enum {
    RP_ARM_BEFORE = 1,   /* known before the experiment: in it never */
    RP_ARM_WAITS = 2,    /* for the id of its company */
    RP_ARM_EXCLUDED = 4, /* an `exclude` holds: told to its row */
    RP_ARM_MOVED = 8,    /* to another company, of another arm: told to its row */
};

struct rp_running {
    struct rp_experiment_row row;
    const struct rp_experiment *def; /* of the rules that the list was made with */
    struct rp_period_row period;
    int64_t since_ms; /* leads that become known from here on take part */
    struct rp_assign_range ranges[RP_ASSIGN_ARMS_MAX];
    uint32_t stages[RP_DECIDED_STAGES_MAX];
    uint32_t stage_count;
    uint32_t explored; /* in stages: the one that reports are about; RP_NONE */
};

struct rp_trying {
    struct rp_running *items;
    size_t count; /* 0: none runs */
    bool splits;  /* some of them acts */
};

/* Those that run and that these rules declare; everything in the arena. */
int rp_trying_load(struct rp_arena *arena, struct rp_store *store, const struct rp_rules *rules,
                   struct rp_trying *ret_trying, struct rp_err *err);
/* The lead's element of an experiment; NULL: it was not looked at yet. */
const struct rp_arm_cell *rp_arm_of(const struct rp_lead *lead, int64_t experiment);
/* The model that acts on the lead: its arm's, else the control, 0. */
uint32_t rp_trying_model(const struct rp_trying *trying, const struct rp_lead *lead);
/* The experiment in whose hold-out arm it is; NULL. */
const struct rp_running *rp_trying_held(const struct rp_trying *trying, const struct rp_lead *lead);

/* The stages of these rules that models decide differently, in order; how many. */
uint32_t rp_decided_stages(const struct rp_rules *rules, uint32_t *ret_stages, uint32_t max);
/* An experiment as JSON: what reports need of it when no rules declare it any more. */
struct rp_str rp_experiment_json(struct rp_arena *arena, const struct rp_rules *rules,
                                 const struct rp_experiment *x);
/* What must stay as it is within a period, as JSON. */
struct rp_str rp_period_json(struct rp_arena *arena, const struct rp_rules *rules,
                             const struct rp_experiment *x);

/* ---- In the core ------------------------------------------------------------------------------
 */

/* In the transaction of a swap: ends periods whose models change, stops what is gone. Then, when
 * the rules are in force: the list made ready. */
int rp_core_trying_ready(struct rp_core *core, const struct rp_rules *rules, struct rp_err *err);
void rp_core_trying_take(struct rp_core *core);
void rp_core_trying_drop(struct rp_core *core);

/* Lets the model act that acts on this lead, for the folds and judgements that follow. */
void rp_core_act_as(struct rp_core *core, const struct rp_lead *lead);

/* Between the fold of an event and its judgement: deals the lead if it has just become known, and
 * keeps what models would do now. event NULL: a timer. */
struct rp_event;
struct rp_decision;
int rp_core_deal(struct rp_core *core, struct rp_cached *lead, const struct rp_event *event,
                 const struct rp_decision *decision, int64_t now_ms, struct rp_err *err);

/* Of a lead in a hold-out arm nothing goes out: holds the decision's intents, with the reason. */
void rp_core_hold_out(struct rp_core *core, const struct rp_cached *lead,
                      const struct rp_decision *decision);

/* `from` becomes part of `into`: the older assignment stands. And taken apart again. */
int rp_core_dealt_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                         struct rp_err *err);
int rp_core_dealt_apart(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                        struct rp_err *err);

/* Verbs of core/amend.h: "experiment_start", "experiment_stop" (why), "experiment_promoted". The
 * answer is a JSON object with the experiment's name and state. */
int rp_core_experiment_start(struct rp_core *core, struct rp_str name, struct rp_str author,
                             struct rp_buf *out, struct rp_err *err);
int rp_core_experiment_stop(struct rp_core *core, struct rp_str name, struct rp_str why,
                            struct rp_str author, enum rp_experiment_state state,
                            struct rp_buf *out, struct rp_err *err);

#endif
