/* SPDX-License-Identifier: MIT */
/* Timers of the leads in core/: which lead is to be looked at next, and judging it then. Internal
 * to core/; the writer's thread. */
#ifndef RP_CORE_TIMERS_H
#define RP_CORE_TIMERS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct rp_core;
struct rp_cached;
struct rp_lead;

/* Which leads are due when: a heap of 16 bytes a lead. An entry may be too early (the lead's own
 * due_ms tells then), never too late. */
struct rp_timer_heap {
    struct rp_timer_entry {
        int64_t due_ms, lead;
    } * entries;
    size_t count, cap;
};
void rp_timer_heap_push(struct rp_timer_heap *heap, int64_t due_ms, int64_t lead);
struct rp_timer_entry rp_timer_heap_pop(struct rp_timer_heap *heap); /* of a heap that has some */
void rp_timer_heap_clear(struct rp_timer_heap *heap);

/* Derives the next timer of a lead whose cells, stage or moment changed. The lead is of the active
 * generation. */
void rp_core_timer_derive(struct rp_core *core, struct rp_cached *lead);
/* The same after a rebuild under other rules: what is past under them falls due within the hour
 * behind base_ms, at a moment that the lead's id tells. */
void rp_core_timer_rederive(struct rp_core *core, struct rp_cached *lead, int64_t base_ms);

/* After a rebuild of a lead that was of that generation: one of the two. */
void rp_core_timer_rebuilt(struct rp_core *core, struct rp_cached *lead, uint32_t generation,
                           int64_t base_ms);

/* Judges the lead's timers that are due at or before until_ms, within a run. A lead of other rules
 * is left alone: its rebuild derives them anew. */
int rp_core_timers_before(struct rp_core *core, struct rp_cached *lead, int64_t until_ms,
                          struct rp_err *err);

/* The same between two events of one run: what is due is derived first. */
int rp_core_timers_between(struct rp_core *core, struct rp_cached *lead, int64_t until_ms,
                           struct rp_err *err);

/* How long the oldest timer is over; 0: none is. */
int64_t rp_core_timers_lag(const struct rp_core *core, int64_t now_ms);

/* Writes the lead's timer row, when it says something else. */
int rp_core_timer_save(struct rp_core *core, struct rp_cached *lead, struct rp_err *err);
/* The status as the decisions on record left it. */
int rp_core_status_on_record(struct rp_core *core, struct rp_lead *lead, struct rp_err *err);

/* Fills the heap from the store, and derives the leads that a recovery touched. */
int rp_core_timers_load(struct rp_core *core, struct rp_err *err);

#endif
