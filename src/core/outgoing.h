/* SPDX-License-Identifier: MIT */
/* What stands between the outbox and those who deliver: pauses that people set, what a CRM was told
 * before, and the failed attempts that are kept. On the core's thread. */
#ifndef RP_CORE_OUTGOING_H
#define RP_CORE_OUTGOING_H

#include "base/buf.h"
#include "core/core.h"
#include "store/pauses.h"

/* Inside an open transaction. At start: reads the pauses, drops old attempts. */
int rp_core_outgoing_open(struct rp_core *core, struct rp_err *err);
/* Rows that were just leased: those that a pause covers go back at once and are taken out of the
 * list; those of CRMs get what was written there before. */
int rp_core_outgoing_leased(struct rp_core *core, struct rp_arena *arena,
                            struct rp_outbox_row *rows, size_t *count, int64_t now_ms,
                            struct rp_err *err);
/* A result that was booked. */
int rp_core_outgoing_ended(struct rp_core *core, const struct rp_outbox_result *result,
                           int64_t now_ms, struct rp_err *err);

/* "pause" and "resume" of core/amend.h, in transactions of their own; `said` as rp_pause_scope
 * takes it. The answer is {"paused":[…]} as it is then. */
int rp_core_pause(struct rp_core *core, struct rp_str said, struct rp_str reason,
                  struct rp_str author, struct rp_buf *out, struct rp_err *err);
int rp_core_resume(struct rp_core *core, struct rp_str said, struct rp_str author,
                   struct rp_buf *out, struct rp_err *err);
/* As of now; on the core's thread. */
const struct rp_pauses *rp_core_pauses(const struct rp_core *core);
/* [{"scope","reason","author","since"}] */
struct rp_jw;
void rp_pauses_json(const struct rp_pauses *pauses, struct rp_jw *jw);

#endif
