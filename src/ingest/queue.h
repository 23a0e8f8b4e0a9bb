/* SPDX-License-Identifier: MIT */
/* Between the loop and the writer: batches go in on the loop thread, are taken whole by the writer,
 * and come back when they are committed. Bounded by events. No loop in here: the owner is told by a
 * callback that finished batches wait. */
#ifndef RP_INGEST_QUEUE_H
#define RP_INGEST_QUEUE_H

#include "core/core.h"

struct rp_queue;

/* A turn of the loop may bring the requests of all connections at once. A writer that got them only
 * at its end would work while the loop waits and wait while the loop works: so many batches wake it
 * before. */
enum { RP_QUEUE_SEND_AFTER = 3 };

/* `wake` is called on the thread that finishes batches when some wait (uv_async_send). */
struct rp_queue *rp_queue_new(size_t events_max, void (*wake)(void *ctx), void *ctx);
void rp_queue_free(struct rp_queue *queue);

/* Loop thread. False: full (answer 503) or closed; the batch stays the caller's. */
bool rp_queue_push(struct rp_queue *queue, struct rp_batch *batch);
/* Loop thread, at the end of a turn: wakes a writer that waits. Until then a few requests of one
 * turn gather to one group. */
void rp_queue_send(struct rp_queue *queue);
/* Loop thread: all that is finished, in order, through `next`; NULL: none. */
struct rp_batch *rp_queue_finished(struct rp_queue *queue);
/* Loop thread: nothing more comes; the writer drains and rp_queue_take returns NULL then. */
void rp_queue_close(struct rp_queue *queue);
/* Wakes the writer for other work than batches. */
void rp_queue_nudge(struct rp_queue *queue);
size_t rp_queue_events(struct rp_queue *queue);

/* Writer thread: waits up to wait_ms for batches or a nudge; takes up to events_max events' worth.
 * NULL: none came; *ret_closed tells whether the queue is closed and empty. */
struct rp_batch *rp_queue_take(struct rp_queue *queue, size_t events_max, int64_t wait_ms,
                               bool *ret_closed);
/* Writer or syncer: hands finished batches back. */
void rp_queue_finish(struct rp_queue *queue, struct rp_batch *first);

#endif
