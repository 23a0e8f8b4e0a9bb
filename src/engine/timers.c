/* SPDX-License-Identifier: MIT */
/* The timers of a lead. */
#include "engine/timers.h"

#include "engine/eval.h"

const char *rp_timer_kind_name(enum rp_timer_kind kind)
{
    static const char *const names[] = {"none",   "crossing", "held", "inactive", "in_stage",
                                        "window", "due",      "stay", "wake"};

    RP_ASSERT((size_t)kind < RP_COUNT(names));
    return names[kind];
}

struct rp_timer rp_timer_next(struct rp_fold *fold, const struct rp_lead *lead, bool past)
{
    (void)fold;
    (void)lead;
    (void)past;
    return (struct rp_timer){0};
}
