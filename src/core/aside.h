/* SPDX-License-Identifier: MIT */
/* Leads set aside: a hostile or endless history costs its own lead only. A lead whose late events
 * made more than RP_REFOLD_EVENTS_MAX events fold again within a minute, or with more than
 * RP_LEAD_EVENTS_MAX events when one of them is late, is set aside: its events are stored and
 * acknowledged, its history is folded in slices when the core is idle, and its events are judged
 * then. The writer's thread. Only with rp_core_options.set_aside. */
#ifndef RP_CORE_ASIDE_H
#define RP_CORE_ASIDE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_core;
struct rp_cached;
struct rp_aside_job;

struct rp_aside {
    bool enabled;
    int64_t *leads; /* ascending */
    size_t lead_count, lead_cap;
    int64_t minute; /* of what follows: events folded again, by lead */
    struct rp_aside_cost {
        int64_t lead;
        size_t events;
    } * costs;
    size_t cost_count, cost_cap;
    struct rp_aside_job *job;  /* NULL: none under way */
    int64_t next_ms, slice_ms; /* when a job may begin; when the last slice was */
    int64_t last_lead;         /* of the last job: the others come first */
};

void rp_aside_fini(struct rp_aside *aside);
/* Reads which leads are aside; drops the job under way. */
int rp_aside_load(struct rp_core *core, struct rp_err *err);

/* How many events the lead may still fold again in this minute, and what it did. */
size_t rp_aside_room(struct rp_core *core, int64_t lead);
void rp_aside_spend(struct rp_core *core, int64_t lead, size_t events);

bool rp_aside_has(const struct rp_core *core, int64_t lead);
/* Inside a transaction: sets a lead aside; notes an event of such a lead; a merge. */
int rp_aside_add(struct rp_core *core, struct rp_cached *lead, struct rp_err *err);
int rp_aside_event(struct rp_core *core, const struct rp_cached *lead, int64_t event,
                   struct rp_err *err);
int rp_aside_merged(struct rp_core *core, struct rp_cached *from, struct rp_cached *into,
                    struct rp_err *err);

/* A slice of the job, some milliseconds, in a transaction of its own where it writes. False: there
 * is nothing to do now. `busy`: between groups under load; then most calls do nothing. */
bool rp_aside_step(struct rp_core *core, bool busy);

#endif
