/* SPDX-License-Identifier: MIT */
/* Leads that are set aside, and their events that wait for judgement. */
#ifndef RP_STORE_ASIDE_H
#define RP_STORE_ASIDE_H

#include "base/arena.h"
#include "store/db.h"

struct rp_aside_row {
    int64_t lead, since_ms;
};

/* All of them, by lead; in the arena. */
RP_MUST_USE int rp_aside_list(struct rp_arena *arena, struct rp_store *store,
                              struct rp_aside_row **ret_rows, size_t *ret_count,
                              struct rp_err *err);

/* Inside a transaction. Adding a lead twice and removing one that is not there have no effect. */
RP_MUST_USE int rp_aside_put(struct rp_store *store, int64_t lead, int64_t since_ms,
                             struct rp_err *err);
RP_MUST_USE int rp_aside_remove(struct rp_store *store, int64_t lead, struct rp_err *err);
/* The lead and its events become those of `into`. */
RP_MUST_USE int rp_aside_move(struct rp_store *store, int64_t lead, int64_t into,
                              struct rp_err *err);

/* Events that wait. */
RP_MUST_USE int rp_aside_event_add(struct rp_store *store, int64_t lead, int64_t event,
                                   struct rp_err *err);
/* Those of the lead up to a row, in row order; in the arena. */
RP_MUST_USE int rp_aside_events(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                int64_t last, int64_t **ret_events, size_t *ret_count,
                                struct rp_err *err);
RP_MUST_USE int rp_aside_events_done(struct rp_store *store, int64_t lead, int64_t last,
                                     struct rp_err *err);

#endif
