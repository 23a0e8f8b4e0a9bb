/* SPDX-License-Identifier: MIT */
/* Walks of whole tables and of chains, for the rebuild sweep and for dedup: cheap, in row order, a
 * portion at a time, so that no snapshot is held for long. Events are appended only, so portions of
 * different moments fit together. */
#ifndef RP_STORE_SCAN_H
#define RP_STORE_SCAN_H

#include "store/db.h"

#include <stddef.h>

/* The lead of each node, by node id, 0 where there is none; malloc'd. ret_count: the highest id
 * + 1.
 */
RP_MUST_USE int rp_scan_nodes(struct rp_store *store, int64_t **ret_leads, size_t *ret_count,
                              struct rp_err *err);
/* Event rows behind `after`: ids and nodes, at most `max`. Returns how many, < 0 an error. */
int rp_scan_events(struct rp_store *store, int64_t after, int64_t *ret_ids, int64_t *ret_nodes,
                   int max, struct rp_err *err);
/* Sets other[lead - first] where the state of a lead in [first, end) is of another generation.
 * Returns how many, < 0 an error. */
int rp_scan_states(struct rp_store *store, int64_t first, int64_t end, uint32_t generation,
                   unsigned char *other, struct rp_err *err);
/* Whether an event has this messageId, and its node's event before it (0: none); reads neither body
 * nor identity. 1 or 0, ENOTFOUND. */
int rp_scan_message(struct rp_store *store, int64_t event, struct rp_str message_id,
                    int64_t *ret_prev, struct rp_err *err);
int64_t rp_scan_last_lead(struct rp_store *store); /* the highest lead id; 0: none */

#endif
