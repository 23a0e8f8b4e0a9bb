/* SPDX-License-Identifier: MIT */
/* What time alone will decide for a lead: derived from its cells, stage, status and the rules, in
 * closed form where there is one, else as a lower bound at which one looks again. A timer is never
 * late and never decides by itself: at its moment the lead is judged (rp_judge with no event). */
#ifndef RP_ENGINE_TIMERS_H
#define RP_ENGINE_TIMERS_H

#include "engine/fold.h"

/* The numbers stand in the store. */
enum rp_timer_kind {
    RP_TIMER_NONE,
    RP_TIMER_CROSSING, /* a score reaches or falls below a threshold */
    RP_TIMER_HELD,     /* below {…, held} has held long enough */
    RP_TIMER_INACTIVE,
    RP_TIMER_IN_STAGE,
    RP_TIMER_WINDOW, /* something falls out of a window */
    RP_TIMER_DUE,    /* what sales owe is late */
    RP_TIMER_STAY,
    RP_TIMER_WAKE,
    RP_TIMER_SEQUENCE, /* a sequence goes on, ends or starts */
};
const char *rp_timer_kind_name(enum rp_timer_kind kind); /* "crossing", "in_stage" … */

struct rp_timer {
    int64_t at_ms; /* 0: none */
    enum rp_timer_kind kind;
    struct rp_str
        what; /* "stage mql", "status open": what may be decided; borrows from the rules */
};

/* The next timer behind lead->judged_ms. `past`: also what would have fallen due before it, had
 * these rules been there (after a change of rules); its moment is then at or before judged_ms. */
struct rp_timer rp_timer_next(struct rp_fold *fold, const struct rp_lead *lead, bool past);

/* All of a lead's timers behind `after_ms`, soonest first, one a thing that may be decided. Results
 * in the fold's arena. */
struct rp_timer *rp_timer_list(struct rp_fold *fold, const struct rp_lead *lead, int64_t after_ms,
                               size_t *ret_count);

#endif
