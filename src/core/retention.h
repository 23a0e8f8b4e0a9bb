/* SPDX-License-Identifier: MIT */
/* retention { events = … }: events older than that become a base a lead (engine/base_event.h), in
 * small portions when there is nothing else to do. Off when no time is given: nothing is removed.
 * Law 1 reads base + events from there; events that are older are rejected as too_old. */
#ifndef RP_CORE_RETENTION_H
#define RP_CORE_RETENTION_H

#include "base/err.h"
#include "model/event.h"
#include "store/people.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_core;
struct rp_lead;

struct rp_core_retention {
    int64_t keep_ms;          /* 0: for ever */
    int64_t horizon_ms;       /* what was compacted is older than this; INT64_MIN: nothing was */
    int64_t cutoff_ms, after; /* of the pass under way: its time, the last row looked at */
    int64_t next_ms;          /* when the next pass begins */
    bool passing;
    int64_t refused; /* the lead that was passed over last */
};

/* When the core opens. */
void rp_core_retention_init(struct rp_core *core, int64_t keep_ms);
/* One portion. False: there is nothing to do now. */
bool rp_core_retention_step(struct rp_core *core);
/* The event is older than what is kept. */
bool rp_core_retention_too_old(const struct rp_core *core, const struct rp_event *event);
/* EDENIED when the histories of both sides of the merge were compacted into one base. */
RP_MUST_USE int rp_core_retention_apart(struct rp_core *core, const struct rp_merge *merge,
                                        const struct rp_lead *into, struct rp_err *err);

#endif
