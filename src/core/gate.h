/* SPDX-License-Identifier: MIT */
/* The one place that says whether a message may go to a lead: the suppression list, consent by
 * purpose, and how many went already. Asked when an outbox row is written and once more when it is
 * leased; what it holds back keeps its row, with the reason. On the core's thread. */
#ifndef RP_CORE_GATE_H
#define RP_CORE_GATE_H

#include "core/core_priv.h"
#include "store/suppressions.h"

/* Fills row->error and makes it held when an intent that was to go out may not. In the decision's
 * transaction, before the row is added. */
int rp_gate_intent(struct rp_core *core, const struct rp_cached *lead,
                   const struct rp_intent *intent, struct rp_outbox_row *row, struct rp_err *err);
/* A row just leased: true in *ret_stays when it may not go out any more, and is held then; or not
 * yet, since its lead is set aside (core/aside.h): it is pending again then. */
int rp_gate_leased(struct rp_core *core, struct rp_arena *arena, const struct rp_outbox_row *row,
                   int64_t now_ms, bool *ret_stays, struct rp_err *err);
/* An event that says of an address that no mail is to go there: a bounce for good, a complaint.
 * Events of public keys say nothing. */
int rp_gate_event(struct rp_core *core, const struct rp_event *event, struct rp_err *err);

/* "suppress" and "unsuppress" of core/amend.h, in transactions of their own: an address, or all
 * those of a lead. EINPUT, ENOTFOUND. The answer is {"suppressed":[…]} or {"removed":[…]}. */
int rp_core_suppress(struct rp_core *core, struct rp_str who, struct rp_str reason,
                     struct rp_str author, struct rp_buf *out, struct rp_err *err);
int rp_core_unsuppress(struct rp_core *core, struct rp_str who, struct rp_str reason,
                       struct rp_str author, struct rp_buf *out, struct rp_err *err);

#endif
