/* SPDX-License-Identifier: MIT */
/* Attempts to deliver an action that failed, kept for a week, for people who want to know why. */
#ifndef RP_STORE_ATTEMPTS_H
#define RP_STORE_ATTEMPTS_H

#include "base/arena.h"
#include "store/db.h"

struct rp_attempt_row {
    int nth; /* from 1 */
    int64_t at_ms;
    int http_status;      /* 0: no answer */
    struct rp_str answer; /* a sentence */
};

/* The failed attempt that an outbox row counts last. */
RP_MUST_USE int rp_attempt_add(struct rp_store *store, int64_t outbox_id, int64_t at_ms,
                               int http_status, struct rp_str answer, struct rp_err *err);
/* Oldest first, at most `max`. */
RP_MUST_USE int rp_attempt_list(struct rp_arena *arena, struct rp_store *store, int64_t outbox_id,
                                size_t max, struct rp_attempt_row **ret_rows, size_t *ret_count,
                                struct rp_err *err);
/* Drops those of before a moment. */
RP_MUST_USE int rp_attempt_prune(struct rp_store *store, int64_t before_ms, struct rp_err *err);

#endif
