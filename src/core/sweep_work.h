/* SPDX-License-Identifier: MIT */
/* The workers of the rebuild sweep, and what they hand over. Internal to core/. */
#ifndef RP_CORE_SWEEP_WORK_H
#define RP_CORE_SWEEP_WORK_H

#include "base/err.h"
#include "model/lead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RP_SWEPT_PORTION = 128 };

/* Finished states of one range of leads. heads: the nodes with events, each with the newest event
 * that the state holds. */
struct rp_swept {
    struct rp_swept *next;
    struct rp_lead leads[RP_SWEPT_PORTION];
    size_t count;
    int64_t range; /* number of the range */
    bool last;     /* of its range */
};
void rp_swept_free(struct rp_swept *swept); /* NULL: no effect */

struct rp_sweep_work;
struct rp_sweep_options {
    const char *db_path; /* copied */
    uint32_t generation; /* each worker loads its sources from the file */
    unsigned workers;
    int64_t first_range, range_leads, leads_end; /* ranges [n * range_leads, …) up to leads_end */
};

/* Starts the threads. */
int rp_sweep_work_start(const struct rp_sweep_options *options, struct rp_sweep_work **ret_work,
                        struct rp_err *err);
/* What is ready, NULL when nothing is; the caller frees it. ret_status: why a worker gave up, 0
 * while all go on. ret_ended: all ranges were handed over. */
struct rp_swept *rp_sweep_work_take(struct rp_sweep_work *work, int *ret_status, bool *ret_ended);
void rp_sweep_work_traffic(struct rp_sweep_work *work);
uint64_t rp_sweep_work_events(struct rp_sweep_work *work); /* folded so far */
void rp_sweep_work_halt(struct rp_sweep_work *work);       /* does not wait */
bool rp_sweep_work_ended(struct rp_sweep_work *work);      /* all threads have: freeing is quick */
void rp_sweep_work_free(struct rp_sweep_work *work);       /* halts, joins; NULL: no effect */

#endif
