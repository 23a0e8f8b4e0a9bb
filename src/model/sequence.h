/* SPDX-License-Identifier: MIT */
/* The sequences that a lead is in, or was: decided, like the stage, so they stand in a cell that a
 * rebuild keeps. Names are kept as hashes (rp_hash), so that an instance outlives the rules that
 * started it. Plain reading and writing; how a sequence runs is known in engine/. */
#ifndef RP_MODEL_SEQUENCE_H
#define RP_MODEL_SEQUENCE_H

#include "model/lead.h"

/* The numbers stand in the store. */
enum rp_instance_state {
    RP_INSTANCE_RUNNING,
    RP_INSTANCE_PAUSED, /* by a person */
    RP_INSTANCE_DONE,   /* came to its end */
    RP_INSTANCE_EXITED,
    RP_INSTANCE_CANCELLED, /* by a person */
    RP_INSTANCE_MERGED,    /* its lead became part of another */
};
#define RP_INSTANCE_STATES 6
const char *rp_instance_state_name(enum rp_instance_state state);
static inline bool rp_instance_is_live(uint32_t state)
{
    return state <= RP_INSTANCE_PAUSED;
}

enum rp_instance_wait {
    RP_WAIT_NONE,
    RP_WAIT_SPAN,  /* wait */
    RP_WAIT_UNTIL, /* wait_until */
    RP_WAIT_HOURS, /* the hours in which it may send */
};

struct rp_instance {
    uint64_t sequence, step; /* hashes of the names */
    int64_t row;             /* of sequence_rows; 0: not written yet */
    int64_t started_ms, entered_ms;
    int64_t due_ms;  /* when its wait ends; 0: no time ends it */
    uint32_t number; /* the how many-th of this sequence for this lead, from 1 on */
    uint16_t passed; /* waits and branches of the step that are behind it */
    uint8_t state;   /* enum rp_instance_state */
    uint8_t waits;   /* enum rp_instance_wait */
};

/* Newest last; NULL and 0 when there are none. Valid until the cells change. */
struct rp_instance *rp_instances(const struct rp_lead *lead, uint32_t *ret_count);
/* Appends one. When the lead has RP_INSTANCES_MAX, one that has ended goes: the oldest that was
 * followed by another of its sequence, else the oldest; false: none has, or only now.
 */
bool rp_instance_add(struct rp_lead *lead, const struct rp_instance *instance);
/* The newest of this sequence; NULL: the lead never was in it. */
struct rp_instance *rp_instance_find(const struct rp_lead *lead, uint64_t sequence);

#endif
