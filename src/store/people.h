/* SPDX-License-Identifier: MIT */
/* What was decided about who is who: merges with the nodes that they moved, joins refused, pairs
 * taken apart; and the rows that a forgotten lead leaves. */
#ifndef RP_STORE_PEOPLE_H
#define RP_STORE_PEOPLE_H

#include "base/arena.h"
#include "store/db.h"

/* One merge. The nodes are those that moved from `from` to `into`. */
struct rp_merge {
    int64_t id, at_ms, from, into;
    int64_t *nodes;
    size_t node_count;
};

RP_MUST_USE int rp_merge_add(struct rp_store *store, const struct rp_merge *merge,
                             struct rp_err *err);
/* The newest merge of `lead` into another or of another into `lead` that stands; ENOTFOUND. */
RP_MUST_USE int rp_merge_newest(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                struct rp_merge *ret_merge, struct rp_err *err);
/* Marks it undone, and the two as a pair that events do not join again. */
RP_MUST_USE int rp_merge_undo(struct rp_store *store, const struct rp_merge *merge, int64_t now_ms,
                              struct rp_err *err);
/* Whether a person took the two apart. */
bool rp_people_apart(struct rp_store *store, int64_t lead, int64_t other);
/* Whether a person took this lead, or one that was merged into it, apart from any other. */
bool rp_people_apart_ever(struct rp_store *store, int64_t lead);

/* Records the first refusal of a pair for this reason; again: no effect. */
RP_MUST_USE int rp_refusal_add(struct rp_store *store, int64_t lead, int64_t other,
                               struct rp_str reason, int64_t at_ms, struct rp_err *err);

/* Leads that were merged into this one, directly. */
RP_MUST_USE int rp_merged_into(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                               int64_t **ret_leads, size_t *ret_count, struct rp_err *err);

/* What is left of a forgotten lead. */
struct rp_forgotten {
    int64_t at_ms, events, actions;
    struct rp_str stage;
};
RP_MUST_USE int rp_forgotten_count(struct rp_store *store, const struct rp_forgotten *forgotten,
                                   struct rp_err *err);
/* Remembers the keyed digest of an identifier ("2:anonymous-id"); whether it is remembered. */
RP_MUST_USE int rp_forgotten_add(struct rp_store *store, struct rp_str identifier, int64_t at_ms,
                                 struct rp_err *err);
bool rp_forgotten_has(struct rp_store *store, struct rp_str identifier);

/* Empties an event's row and removes its faults. A row without a node stays. */
RP_MUST_USE int rp_event_remove(struct rp_store *store, int64_t event, struct rp_err *err);
/* Removes all other rows of a lead: nodes, state, decisions, actions and what a lead has besides.
 * ret_actions: how many actions there were. */
RP_MUST_USE int rp_lead_remove(struct rp_store *store, int64_t lead, int64_t *ret_actions,
                               struct rp_err *err);

#endif
