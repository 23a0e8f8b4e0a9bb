/* SPDX-License-Identifier: MIT */
/* The record of sequences: each instance a row, each step that it came to another. */
#ifndef RP_STORE_SEQUENCES_H
#define RP_STORE_SEQUENCES_H

#include "base/arena.h"
#include "model/sequence.h"
#include "store/db.h"

struct rp_sequence_row {
    int64_t id, lead, event;
    struct rp_str sequence, step; /* names */
    struct rp_instance in;        /* its hashes are set too when it was read */
    uint32_t generation;          /* that started it, or changed it last */
    struct rp_str started_by;     /* `entered "mql"` */
    struct rp_str reason;         /* why it is paused or has ended; "" */
    enum rp_instance_state was;   /* MERGED: before */
};

/* Adds the row (id 0: *ret_id is set), or writes what changed of it: step, times, state, reason. */
RP_MUST_USE int rp_sequence_put(struct rp_store *store, const struct rp_sequence_row *row,
                                int64_t *ret_id, struct rp_err *err);
RP_MUST_USE int rp_sequence_step_add(struct rp_store *store, int64_t lead, int64_t instance,
                                     struct rp_str step, int64_t at_ms, struct rp_err *err);

/* Those of a lead, oldest first; texts in the arena. */
RP_MUST_USE int rp_sequence_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                 struct rp_sequence_row **ret_rows, size_t *ret_count,
                                 struct rp_err *err);
struct rp_sequence_step_row {
    int64_t instance, at_ms;
    struct rp_str step;
};
RP_MUST_USE int rp_sequence_steps(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                  struct rp_sequence_step_row **ret_rows, size_t *ret_count,
                                  struct rp_err *err);
/* What steps of the lead's sequences did, oldest first: out of the outbox's rows. */
struct rp_sequence_act_row {
    int64_t event, at_ms; /* event 0: time alone */
    struct rp_str facts;  /* of a `set`: a JSON object; else "" */
};
RP_MUST_USE int rp_sequence_acts(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                 struct rp_sequence_act_row **ret_rows, size_t *ret_count,
                                 struct rp_err *err);

/* Marks what is live of a lead that became part of another. A list has it as MERGED with in.waits,
 * in.due_ms and `was` as before. */
RP_MUST_USE int rp_sequence_merged(struct rp_store *store, int64_t lead, struct rp_str reason,
                                   struct rp_err *err);

/* How many are where: live ones by sequence and step, and those that have ended by their state. */
struct rp_sequence_count {
    struct rp_str sequence, step; /* step "": of ended ones */
    enum rp_instance_state state;
    int64_t count;
};
typedef void rp_sequence_count_fn(void *ctx, const struct rp_sequence_count *count);
/* The places (sequence, step) at which some are live, count 0: found without reading all of them.
 */
RP_MUST_USE int rp_sequence_places(struct rp_store *store, rp_sequence_count_fn *take, void *ctx,
                                   struct rp_err *err);
/* How many are live at one. */
int64_t rp_sequence_place_count(struct rp_store *store, struct rp_str sequence, struct rp_str step);
RP_MUST_USE int rp_sequence_live_counts(struct rp_store *store, rp_sequence_count_fn *take,
                                        void *ctx, struct rp_err *err);
RP_MUST_USE int rp_sequence_ended_counts(struct rp_store *store, rp_sequence_count_fn *take,
                                         void *ctx, struct rp_err *err);

#endif
