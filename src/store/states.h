/* SPDX-License-Identifier: MIT */
/* Lead states: the write-behind cache of the fold, one narrow row a lead. Rows of events behind the
 * watermark (meta "watermark") may be missing from them and are folded again at start. */
#ifndef RP_STORE_STATES_H
#define RP_STORE_STATES_H

#include "base/arena.h"
#include "model/lead.h"
#include "store/db.h"

/* What SQL readers see beside the cells. */
struct rp_state_summary {
    struct rp_str stage;  /* name */
    struct rp_str status; /* name; "" */
    struct rp_str grade;
    struct rp_str scores;  /* JSON object {"fit":45} */
    struct rp_str profile; /* JSON object: userId, email, first_name, last_name, company, title */
    int64_t total;         /* thousandths */
    int64_t scored_ms;     /* the moment of reading */
};

/* ENOTFOUND: no state yet (created_ms and public_id are filled from the lead's row). A state of
 * another generation comes with its cells; the caller compares lead->generation. ret_stage: the
 * stage's name (until close). */
RP_MUST_USE int rp_state_load(struct rp_store *store, int64_t lead, struct rp_lead *ret_lead,
                              struct rp_str *ret_stage, struct rp_err *err);
RP_MUST_USE int rp_state_save(struct rp_store *store, const struct rp_lead *lead,
                              const struct rp_state_summary *summary, struct rp_err *err);
RP_MUST_USE int rp_state_remove(struct rp_store *store, int64_t lead, struct rp_err *err);

/* Leads in id order from `after` (exclusive), those merged away left out: their ids. Returns the
 * count. */
int rp_state_ids(struct rp_store *store, int64_t after, int64_t *ret_ids, int max,
                 struct rp_err *err);
int64_t rp_state_count(struct rp_store *store);
int64_t rp_lead_newest(struct rp_store *store); /* the greatest lead row, merged or not; 0: none */

#endif
