/* SPDX-License-Identifier: MIT */
/* The syncer: a thread that waits for the disk while the writer runs the next group. */
#ifndef RP_DAEMON_SYNCER_H
#define RP_DAEMON_SYNCER_H

#include "core/core.h"
#include "ingest/queue.h"

struct rp_syncer;

int rp_syncer_start(struct rp_core *core, struct rp_queue *queue, struct rp_syncer **ret_syncer,
                    struct rp_err *err);
/* Writer thread: takes a group that ran ahead. It goes back to the queue, as finished, when it is
 * on the disk, or with ESTORE when that failed. */
void rp_syncer_take(struct rp_syncer *syncer, struct rp_batch *batches);
/* Waits until all that was taken is finished. Frees the syncer. */
void rp_syncer_stop(struct rp_syncer *syncer);

#endif
