/* SPDX-License-Identifier: MIT */
/* What rules that are not in force yet would do: the leads whose stage they would change now, by
 * folding and judging each lead under them beside the server. Writes nothing. Any thread. */
#ifndef RP_CORE_EFFECT_H
#define RP_CORE_EFFECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_effect_options {
    const char *db_path;
    int64_t now_ms;
    size_t leads_max;  /* looked at: a sample spread evenly when there are more */
    int64_t budget_us; /* and not longer than this; 0: no bound */
    bool replay;       /* also compare the scores; twice the work */
};

struct rp_effect {
    size_t leads, seen, moved; /* in the store; looked at; of these, would move */
    size_t rescored,
        failed; /* with replay: would get another total; rules that failed on an event */
    struct rp_effect_stage {
        struct rp_str name; /* arena */
        int64_t net;        /* leads that it would gain; negative: lose */
    } * stages;
    size_t stage_count;
    size_t
        actions; /* that would follow for the leads looked at, those that only set facts left out */
    bool whole;  /* every lead was looked at */
};

/* A lead counts as moved when the candidate puts it into another stage than the rules in force
 * would. 0 with leads 0 when the store has none or no rules yet. */
int rp_effect_measure(struct rp_arena *arena, const struct rp_rules *candidate,
                      const struct rp_effect_options *options, struct rp_effect *ret_effect,
                      struct rp_err *err);

/* "143 of 1000 leads would move: +40 mql, -40 lead; 9 actions would follow" */
void rp_effect_say(const struct rp_effect *effect, struct rp_buf *out);

#endif
