/* SPDX-License-Identifier: MIT */
/* The rebuild sweep: after a change of rules, brings the states of all leads to the generation in
 * force, in the background. It takes no decision and causes no action: stages stay as decided.
 *
 * Threads: the core belongs to the writer as ever, and every function here is the writer's. Workers
 * read the file through their own connections, with their own rules and Lua states, and are never
 * waited for but at the end. When other rules come into force the sweep begins again by itself;
 * rp_core_sweep_halt makes the workers stop at once. A core opened with sweep_workers = 0 (the
 * default), or in memory, has no sweep. */
#ifndef RP_CORE_SWEEP_H
#define RP_CORE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

struct rp_core;

struct rp_sweep_progress {
    uint32_t generation; /* 0: none was begun since the core was opened */
    bool active;
    int64_t leads, leads_done;         /* of the file, by id; those that need nothing included */
    uint64_t events, rebuilt, changed; /* changed: had new events meanwhile, so left to these */
    int64_t started_ms, ended_ms;
};
/* Any time on the writer's thread. */
void rp_core_sweep_progress(const struct rp_core *core, struct rp_sweep_progress *ret_progress);

/* Begins or goes on: takes one portion of finished states in, in a transaction of its own. `busy`:
 * between two groups under load. False: there is nothing to do now (states may still come). */
bool rp_core_sweep_step(struct rp_core *core, bool busy);
/* Tells the workers that there is traffic: they yield to it for a moment. */
void rp_core_sweep_traffic(struct rp_core *core);
/* Tells the workers to stop and does not wait; the sweep begins again when they have. */
void rp_core_sweep_halt(struct rp_core *core);
/* Also waits for the threads to end. */
void rp_core_sweep_stop(struct rp_core *core);

#endif
