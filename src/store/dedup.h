/* SPDX-License-Identifier: MIT */
/* Which messageIds were seen, exactly, for as long as events are kept, without a random index:
 * sorted runs of (64-bit keyed hash, event row) with a filter each; the newest rows in memory. A
 * match is a candidate: the caller confirms it on the event row. A client that uses one messageId
 * for many leads costs no more than others: of rows with one id, the first 64 among some 32,768 are
 * remembered. */
#ifndef RP_STORE_DEDUP_H
#define RP_STORE_DEDUP_H

#include "store/db.h"

/* Loads the filters and the tail of events behind the newest run. Called once after open. */
RP_MUST_USE int rp_dedup_open(struct rp_store *store, struct rp_err *err);

/* By `hash`, which is rp_hash_keyed of the messageId with rp_store_secret: who asks more than once
 * makes it once.
 *
 * Event rows whose messageId may be this one, newest first; returns how many, at most `max`. */
int rp_dedup_find(struct rp_store *store, uint64_t hash, int64_t *ret_rows, int max,
                  struct rp_err *err);
/* Memory that finding it will need is fetched meanwhile. */
void rp_dedup_ahead(const struct rp_store *store, uint64_t hash);
/* Remembers a row just appended; to be called for every row, before the next flush. A rollback of
 * the transaction forgets the row again. */
void rp_dedup_add(struct rp_store *store, uint64_t hash, int64_t row);
/* Forgets rows behind `newest`. rp_store_rollback does it by itself. */
void rp_dedup_rollback(struct rp_store *store, int64_t newest);
/* Writes the rows in memory as a run when there are enough (32,768), or merges a slice of older
 * runs; bounded work; inside an open transaction. To be called with every group: mostly there is
 * nothing to do, and merging keeps up only when it is called at least every few thousand events. */
RP_MUST_USE int rp_dedup_flush(struct rp_store *store, struct rp_err *err);
size_t rp_dedup_bytes(const struct rp_store *store); /* memory in use */

#endif
