/* SPDX-License-Identifier: MIT */
/* What a database holds, for those who count it: leads from the newest on. */
#ifndef RP_STORE_FACTS_H
#define RP_STORE_FACTS_H

#include "store/db.h"

/* Up to `max` leads older than `before` (exclusive; INT64_MAX: from the newest on), the newest
 * first, those merged away left out. Returns their count, 0 at the end. */
int rp_lead_ids_newest(struct rp_store *store, int64_t before, int64_t *ret_ids, int max,
                       struct rp_err *err);

#endif
