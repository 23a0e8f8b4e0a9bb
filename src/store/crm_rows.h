/* SPDX-License-Identifier: MIT */
/* What Ripen wrote into a CRM, a lead and endpoint: JSON that delivery reads and writes. */
#ifndef RP_STORE_CRM_ROWS_H
#define RP_STORE_CRM_ROWS_H

#include "base/arena.h"
#include "store/db.h"

/* "" when nothing was written yet. What was written for a lead that became part of this one counts,
 * the newest first. */
RP_MUST_USE int rp_crm_row_get(struct rp_arena *arena, struct rp_store *store, int64_t lead,
                               struct rp_str endpoint, struct rp_str *ret_memory,
                               struct rp_err *err);
/* For the lead and endpoint of an outbox row. */
RP_MUST_USE int rp_crm_row_set(struct rp_store *store, int64_t outbox_id, struct rp_str memory,
                               int64_t now_ms, struct rp_err *err);

#endif
