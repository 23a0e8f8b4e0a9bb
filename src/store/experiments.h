/* SPDX-License-Identifier: MIT */
/* Experiments on file: what was started, in which periods, who was dealt to which arm, and when
 * each model would have moved a lead. Functions that write need a transaction. */
#ifndef RP_STORE_EXPERIMENTS_H
#define RP_STORE_EXPERIMENTS_H

#include "base/arena.h"
#include "base/when.h"
#include "store/db.h"

#include <stdbool.h>

enum rp_experiment_state {
    RP_EXPERIMENT_RUNNING = 1,
    RP_EXPERIMENT_STOPPED,
    RP_EXPERIMENT_PROMOTED,
};

struct rp_experiment_row {
    int64_t id;
    struct rp_str name, salt;
    enum rp_experiment_state state;
    int64_t started_ms, stopped_ms; /* RP_NEVER: it runs */
    struct rp_str why;              /* it was stopped */
    struct rp_str author;
    struct rp_str definition; /* JSON */
};

/* Adds it, or replaces the row of the same name and salt, which keeps its id and started_ms. */
RP_MUST_USE int rp_experiment_put(struct rp_store *store, const struct rp_experiment_row *row,
                                  int64_t *ret_id, struct rp_err *err);
/* All, in the order in which they were first started; texts in the arena. */
RP_MUST_USE int rp_experiment_list(struct rp_arena *arena, struct rp_store *store,
                                   struct rp_experiment_row **ret_rows, size_t *ret_count,
                                   struct rp_err *err);

struct rp_period_row {
    int64_t experiment;
    uint32_t number, generation;
    int64_t started_ms, ended_ms; /* RP_NEVER: it is under way */
    struct rp_str why;            /* it ended */
    int64_t first_event;
    struct rp_str arms; /* JSON */
};

RP_MUST_USE int rp_period_begin(struct rp_store *store, const struct rp_period_row *row,
                                struct rp_err *err);
/* Ends the one under way, if there is one. */
RP_MUST_USE int rp_period_end(struct rp_store *store, int64_t experiment, int64_t ended_ms,
                              struct rp_str why, struct rp_err *err);
RP_MUST_USE int rp_period_list(struct rp_arena *arena, struct rp_store *store, int64_t experiment,
                               struct rp_period_row **ret_rows, size_t *ret_count,
                               struct rp_err *err);

enum rp_dealt_flag {
    RP_DEALT_MERGED = 1,    /* two known leads are one: left out of reports */
    RP_DEALT_CROSSOVER = 2, /* they were in two arms */
    RP_DEALT_EXCLUDED = 4,
    RP_DEALT_MOVED = 8,    /* another lead has it now */
    RP_DEALT_BEFORE = 16,  /* known before the experiment began */
    RP_DEALT_BROUGHT = 32, /* came from `origin` with a merge */
};
#define RP_ARM_NONE (-1)

struct rp_dealt {
    int64_t experiment, lead;
    struct rp_str unit;
    int arm; /* RP_ARM_NONE */
    uint32_t bucket, period;
    int64_t at_ms;
    int hash_version;
    unsigned flags;
    int64_t origin; /* 0: none */
    int64_t score;  /* the control's total when it was dealt, in thousandths */
    bool scored;    /* false: dealt by a version that did not keep it */
};

RP_MUST_USE int rp_dealt_put(struct rp_store *store, const struct rp_dealt *row,
                             struct rp_err *err);
RP_MUST_USE int rp_dealt_remove(struct rp_store *store, int64_t experiment, int64_t lead,
                                struct rp_err *err);
RP_MUST_USE int rp_dealt_flags(struct rp_store *store, int64_t experiment, int64_t lead,
                               unsigned set, unsigned clear, struct rp_err *err);
/* All of a lead; texts in the arena. */
RP_MUST_USE int rp_dealt_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                              struct rp_dealt **ret_rows, size_t *ret_count, struct rp_err *err);

/* By company: the unit's own row (lead 0); ENOTFOUND. */
RP_MUST_USE int rp_unit_get(struct rp_store *store, int64_t experiment, struct rp_str unit,
                            struct rp_dealt *ret_row, struct rp_err *err);
RP_MUST_USE int rp_unit_put(struct rp_store *store, const struct rp_dealt *row, struct rp_err *err);

/* When a node that makes a lead known (userId, e-mail) came; RP_NEVER for other nodes. */
RP_MUST_USE int rp_node_known(struct rp_store *store, int64_t node, int64_t *ret_ms,
                              struct rp_err *err);

struct rp_entry_row {
    int64_t experiment, lead;
    uint32_t period;
    int arm;
    struct rp_str stage;
    int64_t at_ms;
    struct rp_str scores; /* JSON array of points, an arm each */
    double chance;        /* of being handed on although the control would not; 0: not asked */
    bool explored;        /* it was handed on by that chance */
};
/* Once: a later moment of the same lead, arm and stage in the period is not written. */
RP_MUST_USE int rp_entry_add(struct rp_store *store, const struct rp_entry_row *row,
                             struct rp_err *err);

/* ---- What reports read: streams, in one pass each ------------------------------------------- */

struct rp_outcome_row {
    struct rp_dealt dealt;
    int64_t reached_ms;  /* first entry into the goal at or behind the assignment; RP_NEVER */
    int64_t promoted_ms; /* the same of the stage that the models decide; RP_NEVER */
};
typedef void rp_outcome_fn(void *ctx, const struct rp_outcome_row *row);
/* In the order of assignment. `promoted` may be "". The row lives until the call returns. */
RP_MUST_USE int rp_outcome_each(struct rp_store *store, int64_t experiment, struct rp_str goal,
                                struct rp_str promoted, rp_outcome_fn *take, void *ctx,
                                struct rp_err *err);

struct rp_entry_outcome {
    int64_t lead;
    int arm;
    int64_t at_ms;
    struct rp_str scores;
    int64_t reached_ms; /* behind at_ms; RP_NEVER */
    int64_t before_ms;  /* the newest entry into the goal before at_ms; RP_NEVER */
    double chance;      /* as in rp_entry_row */
    bool explored;
};
typedef void rp_entry_fn(void *ctx, const struct rp_entry_outcome *row);
/* First moments of a stage in a period, in the order of leads. */
RP_MUST_USE int rp_entry_each(struct rp_store *store, int64_t experiment, uint32_t period,
                              struct rp_str stage, struct rp_str goal, rp_entry_fn *take, void *ctx,
                              struct rp_err *err);

struct rp_noted_event {
    int64_t lead, received_ms;
    struct rp_str name;
    double value; /* of revenue, value or amount in its properties; NAN */
};
typedef void rp_noted_fn(void *ctx, const struct rp_noted_event *event);
/* Track events behind a row whose names are in the list; one pass over the events' table. */
RP_MUST_USE int rp_noted_each(struct rp_store *store, int64_t after, const struct rp_str *names,
                              size_t name_count, rp_noted_fn *take, void *ctx, struct rp_err *err);

/* What the file's history says, for plans: leads that became known in [from, until), and how many
 * of them reached the goal within so long. */
struct rp_base_rate {
    int64_t known, reached;
};
RP_MUST_USE int rp_base_rate(struct rp_store *store, int64_t from_ms, int64_t until_ms,
                             struct rp_str goal, int64_t within_ms, struct rp_base_rate *ret_rate,
                             struct rp_err *err);

#endif
