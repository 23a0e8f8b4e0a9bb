/* SPDX-License-Identifier: MIT */
/* Who owned which lead when, and whose turn it is in a team. Rows are decisions: appended, and
 * ended once. */
#ifndef RP_STORE_ASSIGNMENTS_H
#define RP_STORE_ASSIGNMENTS_H

#include "base/arena.h"
#include "model/decision.h"
#include "store/db.h"

struct rp_assignment_row {
    int64_t id, lead, event; /* event 0: a timer */
    enum rp_assigned_by by;
    int64_t at_ms, ended_ms;       /* RP_NEVER: it stands */
    int64_t barred_ms;             /* RP_NEVER, or of a rejection */
    struct rp_str owner, previous; /* "": nobody */
    struct rp_str team, action, reason, author;
};
const char *rp_assigned_by_name(enum rp_assigned_by by); /* "action", "rejected" … */

/* Ends what stands and adds the row; open tasks that follow the owner change hands too, those of
 * leads that became part of this one included. */
RP_MUST_USE int rp_assignment_add(struct rp_store *store, const struct rp_assignment_row *row,
                                  struct rp_err *err);
/* All of a lead, oldest first. */
RP_MUST_USE int rp_assignment_list(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                   struct rp_assignment_row **ret_rows, size_t *ret_count,
                                   struct rp_err *err);
/* The lead became part of another: what stood ends, and `owner` of that one has its open tasks. And
 * it stands on its own again: *ret_owner is who owned it ("": nobody), and has them back. */
RP_MUST_USE int rp_assignment_merged(struct rp_store *store, int64_t lead, struct rp_str owner,
                                     int64_t at_ms, struct rp_err *err);
RP_MUST_USE int rp_assignment_unmerged(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                                       struct rp_str *ret_owner, int64_t *ret_since_ms,
                                       struct rp_err *err);
/* How many leads somebody owns. */
int64_t rp_assignment_owned(struct rp_store *store, struct rp_str owner);

/* Who of a team got a lead last, in the arena; "": nobody. */
struct rp_str rp_team_last(struct rp_arena *arena, struct rp_store *store, struct rp_str team);
/* One more turn was taken. */
RP_MUST_USE int rp_team_turn(struct rp_store *store, struct rp_str team, struct rp_str owner,
                             struct rp_err *err);

#endif
