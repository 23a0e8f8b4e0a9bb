/* SPDX-License-Identifier: MIT */
/* What the tables hold of one person beside events, stages and deliveries: the rows that a copy of
 * it needs and that nobody else reads at once. */
#ifndef RP_STORE_COPY_H
#define RP_STORE_COPY_H

#include "base/json_write.h"
#include "store/db.h"

/* Writes each kind as a member of the open object: "tasks": [{…}, …], "hits", "attempts" …, of the
 * lead and those merged into it, oldest first. Kinds without rows are empty arrays. */
RP_MUST_USE int rp_copy_write(struct rp_store *store, int64_t lead, struct rp_jw *jw,
                              struct rp_err *err);

#endif
