/* SPDX-License-Identifier: MIT */
/* What history gave a lead and no replay decides again: owners that actions and sequences chose,
 * facts that sequences set. Conditions of stages and actions can read both, and see them at the
 * next moment at which the lead is judged, be it that of a sequence. Whose turn it was in a team,
 * and where a sequence stood, depends on more than the lead, so it is taken from the record, under
 * every rule set that is played. Internal to core/. */
#ifndef RP_CORE_REPLAY_TOLD_H
#define RP_CORE_REPLAY_TOLD_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "model/lead.h"
#include "store/db.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rp_told_what {
    RP_TOLD_MOMENT, /* nothing but that the lead was judged */
    RP_TOLD_OWNER,
    RP_TOLD_FACTS,
};

struct rp_told {
    int64_t lead, at_ms;
    int64_t event; /* behind whose judgement it came; 0: behind that of a moment */
    enum rp_told_what what;
    struct rp_str text; /* the owner, "": nobody; a JSON object */
};

/* What of it these rules can see. */
struct rp_told_kinds {
    bool owners, facts;
};
void rp_told_kinds_add(const struct rp_rules *rules, struct rp_told_kinds *kinds);

/* Of one lead, in the order in which it came; everything in the arena. */
int rp_told_load(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                 const struct rp_told_kinds *kinds, struct rp_told **ret_told, size_t *ret_count,
                 struct rp_err *err);
void rp_told_apply(struct rp_arena *arena, const struct rp_told *told, struct rp_lead *lead);

#endif
