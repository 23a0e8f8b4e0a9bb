/* SPDX-License-Identifier: MIT */
/* Experiments on record: when each split ran, which arm it dealt a lead, and so whose model acted
 * on whom when. Arms are never dealt anew: what the rows say stands. A split that ran under models
 * of other numbers is followed with the models of these rules, by their names. Internal to core/.
 */
#ifndef RP_CORE_REPLAY_ARMS_H
#define RP_CORE_REPLAY_ARMS_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/ruleset.h"
#include "model/lead.h"
#include "store/db.h"

/* Immutable once loaded; shared by threads. */
struct rp_arms;

/* All that ever ran. *ret_arms NULL: no experiment was ever started. */
int rp_arms_load(struct rp_store *store, const struct rp_rules *rules, struct rp_arms **ret_arms,
                 struct rp_err *err);
void rp_arms_free(struct rp_arms *arms);          /* NULL: no effect */
size_t rp_arms_count(const struct rp_arms *arms); /* splits, in shadows no arm acts; of NULL: 0 */
struct rp_str rp_arms_name(const struct rp_arms *arms, size_t split);

/* What one split dealt one lead. */
struct rp_arm_held {
    int64_t at_ms; /* RP_NEVER: nothing */
    int arm;       /* RP_ARM_NONE: outside of the share */
    /* The same as a merge brought it: it counts until the lead is dealt an arm itself. */
    int64_t lent_ms, lender; /* lender: the lead that brought it; 0: it stays for good */
    int lent;
    bool before; /* the lead was known before: nobody brings it an arm */
    bool joined; /* its own was given up for an older one; what it was nothing tells */
};

/* What the lead was dealt itself; `ret_held`: one for each split. `lead` has its id, and its cells
 * as they are now. Texts of rows go into the arena. */
int rp_arms_own(const struct rp_arms *arms, struct rp_arena *arena, struct rp_store *store,
                const struct rp_lead *lead, struct rp_arm_held *ret_held, struct rp_err *err);
/* As core/experiment_merge.c does it, with what was dealt before that moment; and takes it back. */
void rp_arms_merge(const struct rp_arms *arms, const struct rp_arm_held *from, int64_t from_lead,
                   int64_t at_ms, struct rp_arm_held *into);
void rp_arms_apart(const struct rp_arms *arms, int64_t from_lead, struct rp_arm_held *into);

/* The model that acts at a moment: of an arm, else `otherwise`. An event that deals a lead is
 * decided by the arm; a timer of the same millisecond came before it (by_event false). */
uint32_t rp_arms_model(const struct rp_arms *arms, const struct rp_arm_held *held, int64_t at_ms,
                       bool by_event, uint32_t otherwise);

enum rp_arms_in {
    RP_ARMS_IN_NONE,
    RP_ARMS_IN_ONE,
    RP_ARMS_IN_LOST, /* in one at least whose model these rules do not have: `otherwise` acts */
};
/* Whether an arm acted on the lead up to the moment. */
enum rp_arms_in rp_arms_in(const struct rp_arms *arms, const struct rp_arm_held *held,
                           int64_t until_ms);

#endif
