/* SPDX-License-Identifier: MIT */
/* Old event rows: finding them, and a base in their place. The only code that rewrites a row; the
 * chains of a node's events stay whole. In a transaction of the caller, but for the scan. */
#ifndef RP_STORE_RETENTION_H
#define RP_STORE_RETENTION_H

#include "model/event.h"
#include "store/db.h"

/* Looks through at most `rows` rows behind *after (which moves along) for one that is no base and
 * whose effective time is before `before_ms`. Its node is *ret_node, 0: none of them is. 1: there
 * are rows left, 0: the end, < 0: an error. */
int rp_retention_scan(struct rp_store *store, int64_t *after, int64_t before_ms, int rows,
                      int64_t *ret_node, struct rp_err *err);

/* Makes the row of `base` (whose id, node and times stay) the base with this body. */
RP_MUST_USE int rp_retention_base(struct rp_store *store, const struct rp_event *base,
                                  struct rp_err *err);
/* Sets which event of the node precedes; 0: none. */
RP_MUST_USE int rp_retention_link(struct rp_store *store, int64_t event, int64_t prev,
                                  struct rp_err *err);

#endif
