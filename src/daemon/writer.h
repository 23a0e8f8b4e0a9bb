/* SPDX-License-Identifier: MIT */
/* The writer: the one thread that owns the core. Takes what gathered in the queue, runs it as one
 * group, hands it back, looks after the outbox and writes behind when there is time. */
#ifndef RP_DAEMON_WRITER_H
#define RP_DAEMON_WRITER_H

#include "core/core.h"
#include "ingest/queue.h"
#include "store/pauses.h"

struct rp_writer;

/* Leased outbox rows on their way to delivery; freed by the loop with rp_claimed_free. */
struct rp_claimed {
    struct rp_claimed *next;
    struct rp_arena arena;
    struct rp_outbox_row *rows;
    size_t count;
};
void rp_claimed_free(struct rp_claimed *claimed);

/* Something to be done on the core between two groups, by a function that may begin and commit
 * transactions. Owned by whoever asks, until it comes back or the writer was joined. */
struct rp_errand {
    struct rp_errand *next;
    int (*run)(struct rp_core *core, void *ctx, struct rp_err *err); /* writer thread */
    void (*done)(struct rp_errand *errand);                          /* loop thread */
    void *ctx;
    int status;
    struct rp_err err;
    int64_t took_us;
};

/* Starts the thread. `wake` is called on it when claimed rows wait. The core belongs to the thread
 * until rp_writer_join. Rows of the outbox stay where they are until rp_writer_lease. */
int rp_writer_start(struct rp_core *core, struct rp_queue *queue, void (*wake)(void *ctx),
                    void *ctx, struct rp_writer **ret_writer, struct rp_err *err);
/* After rp_queue_close: waits until everything taken is committed and written. Frees the writer. */
void rp_writer_join(struct rp_writer *writer);

/* Loop thread. */
void rp_writer_ask(struct rp_writer *writer, struct rp_errand *errand);
/* Calls `done` of the errands that were run; to be called when woken. */
void rp_writer_answer(struct rp_writer *writer);
/* For how long rows of a way are leased, from the next lease on; 0: they stay where they are. */
void rp_writer_lease(struct rp_writer *writer, enum rp_outbox_way way, int64_t lease_ms);
/* How many rows that way can take now. */
void rp_writer_room(struct rp_writer *writer, enum rp_outbox_way way, size_t room);
void rp_writer_result(struct rp_writer *writer, const struct rp_outbox_result *result);
struct rp_claimed *rp_writer_claimed(struct rp_writer *writer, enum rp_outbox_way way);
void rp_writer_stats(struct rp_writer *writer, struct rp_core_stats *ret_stats);
/* Adds the rules' rows of /metrics, as of a moment at most a second before the last group. */
struct rp_buf;
void rp_writer_rules(struct rp_writer *writer, struct rp_buf *out);
/* Copies the pauses when they changed since `seen` (0: never looked); returns what to pass next. */
uint64_t rp_writer_pauses(struct rp_writer *writer, uint64_t seen, struct rp_pauses *ret_pauses);
/* What went wrong with the last group; "" when it went well. */
void rp_writer_trouble(struct rp_writer *writer, char *text, size_t size);

#endif
