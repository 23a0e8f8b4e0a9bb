/* SPDX-License-Identifier: MIT */
/* Two lists under one mutex: batches that wait for the writer, and batches that it has finished.
 * Both are first in, first out. The count of events covers a batch from push to finish, so that the
 * bound holds for all that is in memory and not committed. Knows nothing of what is inside a batch
 * but its number of items. */
#include "ingest/queue.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct list {
    struct rp_batch *first, *last;
};

struct rp_queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct list waiting, finished;
    size_t events, events_max;
    size_t unsent; /* batches pushed since the writer was last woken */
    bool closed, nudged;
    void (*wake)(void *ctx);
    void *ctx;
};

static size_t events_of(const struct rp_batch *batch)
{
    return batch->item_count ? batch->item_count : 1;
}

static void append(struct list *list, struct rp_batch *first, struct rp_batch *last)
{
    last->next = NULL;
    if (list->last)
        list->last->next = first;
    else
        list->first = first;
    list->last = last;
}

struct rp_queue *rp_queue_new(size_t events_max, void (*wake)(void *ctx), void *ctx)
{
    struct rp_queue *queue = rp_calloc(1, sizeof(*queue));
    pthread_condattr_t attr;

    RP_ASSERT(events_max > 0 && wake != NULL);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attr);
    pthread_condattr_destroy(&attr);
    queue->events_max = events_max;
    queue->wake = wake;
    queue->ctx = ctx;
    return queue;
}

void rp_queue_free(struct rp_queue *queue)
{
    if (!queue)
        return;
    RP_ASSERT(!queue->waiting.first && !queue->finished.first);
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

/* With the mutex held. */
static void send(struct rp_queue *queue)
{
    queue->unsent = 0;
    if (queue->waiting.first)
        pthread_cond_signal(&queue->filled);
}

bool rp_queue_push(struct rp_queue *queue, struct rp_batch *batch)
{
    size_t events = events_of(batch);
    bool taken = false;

    pthread_mutex_lock(&queue->mutex);
    /* A batch larger than the whole bound goes in alone: else it could never go. */
    if (!queue->closed && (queue->events == 0 || (events <= queue->events_max &&
                                                  queue->events <= queue->events_max - events))) {
        append(&queue->waiting, batch, batch);
        queue->events += events;
        taken = true;
        if (++queue->unsent >= RP_QUEUE_SEND_AFTER)
            send(queue);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

void rp_queue_send(struct rp_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    send(queue);
    pthread_mutex_unlock(&queue->mutex);
}

struct rp_batch *rp_queue_finished(struct rp_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct rp_batch *first = queue->finished.first;
    queue->finished = (struct list){NULL, NULL};
    pthread_mutex_unlock(&queue->mutex);
    return first;
}

void rp_queue_close(struct rp_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

void rp_queue_nudge(struct rp_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->nudged = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

size_t rp_queue_events(struct rp_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t events = queue->events;
    pthread_mutex_unlock(&queue->mutex);
    return events;
}

static struct timespec deadline_in(int64_t wait_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(wait_ms / 1000);
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* With the mutex held: until there is a batch, a nudge, a close, or the time is over. */
static void wait_for_work(struct rp_queue *queue, int64_t wait_ms)
{
    struct timespec until = deadline_in(wait_ms > 0 ? wait_ms : 0);
    int result = 0;

    while (!queue->waiting.first && !queue->nudged && !queue->closed && wait_ms > 0 &&
           result != ETIMEDOUT)
        result = pthread_cond_timedwait(&queue->filled, &queue->mutex, &until);
    queue->nudged = false;
}

struct rp_batch *rp_queue_take(struct rp_queue *queue, size_t events_max, int64_t wait_ms,
                               bool *ret_closed)
{
    size_t events = 0;

    pthread_mutex_lock(&queue->mutex);
    wait_for_work(queue, wait_ms);
    struct rp_batch *first = queue->waiting.first, *last = NULL;
    for (struct rp_batch *batch = first; batch; batch = batch->next) {
        events += events_of(batch);
        if (last && events > events_max)
            break;
        last = batch;
    }
    if (last) {
        queue->waiting.first = last->next;
        if (!last->next)
            queue->waiting.last = NULL;
        last->next = NULL;
    }
    *ret_closed = queue->closed && !first;
    pthread_mutex_unlock(&queue->mutex);
    return first;
}

void rp_queue_finish(struct rp_queue *queue, struct rp_batch *first)
{
    struct rp_batch *last = first;
    size_t events = events_of(first);

    while (last->next) {
        last = last->next;
        events += events_of(last);
    }
    pthread_mutex_lock(&queue->mutex);
    RP_ASSERT(queue->events >= events);
    bool was_empty = queue->finished.first == NULL;
    append(&queue->finished, first, last);
    queue->events -= events;
    pthread_mutex_unlock(&queue->mutex);
    if (was_empty) /* else a wake is on its way already */
        queue->wake(queue->ctx);
}
