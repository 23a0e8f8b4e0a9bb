/* SPDX-License-Identifier: MIT */
/* What verification reads beside states and events: the columns that only people and SQL read. */
#ifndef RP_STORE_VERIFY_H
#define RP_STORE_VERIFY_H

#include "base/arena.h"
#include "store/db.h"

struct rp_written {
    int64_t total, scored_ms; /* thousandths; the moment that they are of */
    struct rp_str scores;     /* JSON; arena */
};
/* ENOTFOUND: the lead has no state. */
RP_MUST_USE int rp_written_get(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                               struct rp_written *ret_written, struct rp_err *err);
/* Contributions of an event as they were granted; "" for none. */
RP_MUST_USE int rp_written_granted(struct rp_arena *arena, struct rp_store *store, int64_t event,
                                   struct rp_str *ret_granted, struct rp_err *err);

#endif
