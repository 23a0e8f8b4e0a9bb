/* SPDX-License-Identifier: MIT */
/* Who did what by hand or by configuration: keys, rule sets, deliveries. Appended, never changed.
 */
#ifndef RP_STORE_AUDIT_H
#define RP_STORE_AUDIT_H

#include "base/arena.h"
#include "store/db.h"

struct rp_audit_row {
    int64_t id, at_ms;
    struct rp_str actor;   /* "" when nobody said */
    struct rp_str verb;    /* "key.create", "rules.activate", "outbox.retry" … */
    struct rp_str subject; /* what it was done to: a key's prefix, a generation, a row */
    struct rp_str detail;  /* free text or JSON; never a secret */
};

RP_MUST_USE int rp_audit_add(struct rp_store *store, const struct rp_audit_row *row,
                             struct rp_err *err);
/* Newest first, rows before before_id (0: from the newest); texts in the arena. */
RP_MUST_USE int rp_audit_list(struct rp_arena *arena, struct rp_store *store, int64_t before_id,
                              size_t max, struct rp_audit_row **ret_rows, size_t *ret_count,
                              struct rp_err *err);

#endif
