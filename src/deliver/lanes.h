/* SPDX-License-Identifier: MIT */
/* The rows of one endpoint that wait in memory, in lanes: a lane is a lead, and of a lane at most
 * one row is out at a time, so that order is kept a (lead, endpoint) and other leads do not wait.
 *
 *   (no lane) ──add──▶ ready ──take──▶ busy ──free, none waits──▶ (no lane)
 *                        ▲              │
 *                        └─free, waits──┘
 *
 * Pure; loop thread only. Bodies are copied into the job. */
#ifndef RP_DELIVER_LANES_H
#define RP_DELIVER_LANES_H

#include "store/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_lane;
struct rp_webhook;
struct rp_crm_attempt;

/* A leased row. Owned by the lanes while it waits or is out, by the caller after cut or free. */
struct rp_job {
    struct rp_job *next,
        *prev;               /* among the waiting, in order of arrival; or in the caller's list */
    struct rp_job *follower; /* the next of the same lead */
    struct rp_lane *lane;
    int64_t id, lead;
    int64_t lease_ms;    /* end of the lease; RP_NEVER: none */
    int64_t start_by_ms; /* latest start that leaves time for an answer; RP_NEVER: any time */
    int64_t due_ms;      /* the caller's, for a job that was cut */
    int attempts;
    uint64_t started_ms;        /* of the loop's clock, while out */
    struct rp_webhook *webhook; /* while out; or */
    struct rp_crm_attempt *crm;
    void *owner; /* the caller's */
    enum rp_action_kind kind;
    struct rp_str key, body, memory;
};

/* Copies the row; free with free(). */
struct rp_job *rp_job_new(const struct rp_outbox_row *row);

#define RP_LANE_BUCKETS 512

struct rp_lanes {
    struct rp_lane *buckets[RP_LANE_BUCKETS];
    struct rp_lane *ready_first, *ready_last;
    struct rp_job *first, *last; /* the waiting */
    size_t waiting;
};

/* Zero-initialise to start; nothing to free once nothing waits and nothing is out. */

/* False, and the job stays the caller's, when a job of the same id and lead waits or is out. */
bool rp_lanes_add(struct rp_lanes *lanes, struct rp_job *job);
/* The next job whose lead is free; its lane is busy until rp_lanes_free. NULL: none can go now. */
struct rp_job *rp_lanes_take(struct rp_lanes *lanes);
/* The job that was out is over: frees it, and its lead is free again. */
void rp_lanes_free(struct rp_lanes *lanes, struct rp_job *job);
/* Takes a waiting job and all later ones of its lead out; returns them linked by `next`, oldest
 * first. */
struct rp_job *rp_lanes_cut(struct rp_lanes *lanes, struct rp_job *job);
/* The oldest waiting job of the lane of a job that is out; NULL: none. */
struct rp_job *rp_lanes_follower(const struct rp_job *job);

#endif
