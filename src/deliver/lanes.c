/* SPDX-License-Identifier: MIT */
/* Lanes: see the header for the states. A lane exists while a job of its lead waits or is out; it
 * is in the ready list exactly while its lead is free and a job waits. Knows jobs; must not know
 * endpoints, time or HTTP. */
#include "deliver/lanes.h"

#include "base/mem.h"
#include "base/when.h"

#include <stdlib.h>

struct rp_lane {
    int64_t lead;
    struct rp_lane *next; /* in the bucket */
    struct rp_lane *ready_next, *ready_prev;
    struct rp_job *first, *last; /* that wait */
    struct rp_job *out;
};

struct rp_job *rp_job_new(const struct rp_outbox_row *row)
{
    size_t text_len = row->key.len + row->body.len + row->memory.len;
    struct rp_job *job = rp_malloc(sizeof(*job) + text_len + 1);
    char *text = (char *)(job + 1);

    *job = (struct rp_job){.id = row->id,
                           .lead = row->lead,
                           .attempts = row->attempts,
                           .kind = row->kind,
                           .lease_ms = row->lease_ms > 0 ? row->lease_ms : RP_NEVER,
                           .start_by_ms = RP_NEVER};
    if (row->key.len > 0)
        memcpy(text, row->key.ptr, row->key.len);
    if (row->body.len > 0)
        memcpy(text + row->key.len, row->body.ptr, row->body.len);
    if (row->memory.len > 0)
        memcpy(text + row->key.len + row->body.len, row->memory.ptr, row->memory.len);
    text[text_len] = '\0';
    job->key = (struct rp_str){text, row->key.len};
    job->body = (struct rp_str){text + row->key.len, row->body.len};
    job->memory = (struct rp_str){text + row->key.len + row->body.len, row->memory.len};
    return job;
}

static struct rp_lane **bucket_of(struct rp_lanes *lanes, int64_t lead)
{
    uint64_t mixed = (uint64_t)lead * UINT64_C(0x9e3779b97f4a7c15);

    return &lanes->buckets[(mixed >> 32) % RP_LANE_BUCKETS];
}

static struct rp_lane *find_lane(struct rp_lanes *lanes, int64_t lead)
{
    struct rp_lane *lane = *bucket_of(lanes, lead);

    while (lane && lane->lead != lead)
        lane = lane->next;
    return lane;
}

static struct rp_lane *new_lane(struct rp_lanes *lanes, int64_t lead)
{
    struct rp_lane **bucket = bucket_of(lanes, lead);
    struct rp_lane *lane = rp_calloc(1, sizeof(*lane));

    lane->lead = lead;
    lane->next = *bucket;
    *bucket = lane;
    return lane;
}

static void free_lane(struct rp_lanes *lanes, struct rp_lane *lane)
{
    struct rp_lane **link = bucket_of(lanes, lane->lead);

    RP_ASSERT(!lane->first && !lane->out);
    while (*link != lane)
        link = &(*link)->next;
    *link = lane->next;
    free(lane);
}

static void push_ready(struct rp_lanes *lanes, struct rp_lane *lane)
{
    lane->ready_next = NULL;
    lane->ready_prev = lanes->ready_last;
    if (lanes->ready_last)
        lanes->ready_last->ready_next = lane;
    else
        lanes->ready_first = lane;
    lanes->ready_last = lane;
}

static void drop_ready(struct rp_lanes *lanes, struct rp_lane *lane)
{
    if (lane->ready_prev)
        lane->ready_prev->ready_next = lane->ready_next;
    else
        lanes->ready_first = lane->ready_next;
    if (lane->ready_next)
        lane->ready_next->ready_prev = lane->ready_prev;
    else
        lanes->ready_last = lane->ready_prev;
    lane->ready_next = lane->ready_prev = NULL;
}

static void unlink_waiting(struct rp_lanes *lanes, struct rp_job *job)
{
    if (job->prev)
        job->prev->next = job->next;
    else
        lanes->first = job->next;
    if (job->next)
        job->next->prev = job->prev;
    else
        lanes->last = job->prev;
    job->next = job->prev = NULL;
    lanes->waiting--;
}

bool rp_lanes_add(struct rp_lanes *lanes, struct rp_job *job)
{
    struct rp_lane *lane = find_lane(lanes, job->lead);

    if (lane && lane->out && lane->out->id == job->id)
        return false;
    for (struct rp_job *j = lane ? lane->first : NULL; j; j = j->follower) {
        if (j->id == job->id)
            return false;
    }
    if (!lane)
        lane = new_lane(lanes, job->lead);
    if (lane->last)
        lane->last->follower = job;
    else
        lane->first = job;
    lane->last = job;
    job->lane = lane;
    if (lane->first == job && !lane->out)
        push_ready(lanes, lane);
    job->prev = lanes->last;
    if (lanes->last)
        lanes->last->next = job;
    else
        lanes->first = job;
    lanes->last = job;
    lanes->waiting++;
    return true;
}

struct rp_job *rp_lanes_take(struct rp_lanes *lanes)
{
    struct rp_lane *lane = lanes->ready_first;

    if (!lane)
        return NULL;
    drop_ready(lanes, lane);
    struct rp_job *job = lane->first;
    RP_ASSERT(job != NULL && !lane->out);
    lane->first = job->follower;
    if (!lane->first)
        lane->last = NULL;
    job->follower = NULL;
    lane->out = job;
    unlink_waiting(lanes, job);
    return job;
}

void rp_lanes_free(struct rp_lanes *lanes, struct rp_job *job)
{
    struct rp_lane *lane = job->lane;

    RP_ASSERT(lane->out == job);
    lane->out = NULL;
    if (lane->first)
        push_ready(lanes, lane);
    else
        free_lane(lanes, lane);
    free(job);
}

struct rp_job *rp_lanes_cut(struct rp_lanes *lanes, struct rp_job *job)
{
    struct rp_lane *lane = job->lane;
    struct rp_job *before = NULL;

    for (struct rp_job *j = lane->first; j != job; j = j->follower) {
        RP_ASSERT(j != NULL);
        before = j;
    }
    for (struct rp_job *j = job; j; j = j->follower) {
        unlink_waiting(lanes, j);
        j->next = j->follower;
        j->lane = NULL;
    }
    lane->last = before;
    if (before) {
        before->follower = NULL;
        return job;
    }
    lane->first = NULL;
    if (!lane->out) {
        drop_ready(lanes, lane);
        free_lane(lanes, lane);
    }
    return job;
}

struct rp_job *rp_lanes_follower(const struct rp_job *job)
{
    RP_ASSERT(job->lane->out == job);
    return job->lane->first;
}
