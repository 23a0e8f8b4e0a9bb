/* SPDX-License-Identifier: MIT */
/* Which messageIds were seen, exactly, for as long as events are kept, without a random index: sorted
 * runs of (64-bit keyed hash, event row) with a filter each; the newest rows in memory. A match is a
 * candidate: the caller confirms it on the event row. */
#ifndef RP_STORE_DEDUP_H
#define RP_STORE_DEDUP_H

#include "store/db.h"

/* Loads the filters and the tail of events behind the newest run. Called once after open. */
RP_MUST_USE int rp_dedup_open(struct rp_store *store, struct rp_err *err);

/* Event rows whose messageId may be this one, newest first; returns how many, at most `max`. */
int rp_dedup_find(struct rp_store *store, struct rp_str message_id, int64_t *ret_rows, int max,
                  struct rp_err *err);
/* Remembers a row just appended (also undone by a rollback: rows above the newest event are ignored). */
void rp_dedup_add(struct rp_store *store, struct rp_str message_id, int64_t row);
/* After a rollback: forgets rows behind `newest`. */
void rp_dedup_rollback(struct rp_store *store, int64_t newest);
/* Writes the rows in memory as a run when there are enough, or merges two runs; bounded work; inside an
 * open transaction. */
RP_MUST_USE int rp_dedup_flush(struct rp_store *store, struct rp_err *err);
size_t rp_dedup_bytes(const struct rp_store *store); /* memory in use */

#endif
