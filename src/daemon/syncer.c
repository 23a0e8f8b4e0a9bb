/* SPDX-License-Identifier: MIT */
/* Groups that were committed while one was synced are synced together by the next. They are
 * answered in the order in which they were committed. How many wait is bounded by the queue, which
 * counts their events until they are finished.
 *
 *   writer ──take──▶ waiting ──▶ syncing ──▶ finished (the queue's)
 */
#include "daemon/syncer.h"

#include "base/log.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct rp_syncer {
    struct rp_core *core;
    struct rp_queue *queue;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct rp_batch *waiting, **waiting_end;
    bool stopping;
};

static struct rp_batch *next_groups(struct rp_syncer *syncer)
{
    struct rp_batch *groups;

    pthread_mutex_lock(&syncer->mutex);
    while (!syncer->waiting && !syncer->stopping) {
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    }
    groups = syncer->waiting;
    syncer->waiting = NULL;
    syncer->waiting_end = &syncer->waiting;
    pthread_mutex_unlock(&syncer->mutex);
    return groups;
}

static void *syncer_main(void *arg)
{
    struct rp_syncer *syncer = arg;
    struct rp_batch *groups;

    while ((groups = next_groups(syncer)) != NULL) {
        struct rp_err err = {0};
        int status = rp_core_sync(syncer->core, &err);

        if (status != 0) {
            rp_log(RP_LOG_ERROR, "store", "status=%s problem=\"%s\"", ripen_status_name(status),
                   err.text);
        }
        for (struct rp_batch *batch = groups; batch && status != 0; batch = batch->next) {
            batch->status = status;
        }
        rp_queue_finish(syncer->queue, groups);
    }
    return NULL;
}

int rp_syncer_start(struct rp_core *core, struct rp_queue *queue, struct rp_syncer **ret_syncer,
                    struct rp_err *err)
{
    struct rp_syncer *syncer = rp_calloc(1, sizeof(*syncer));
    int failed;

    syncer->core = core;
    syncer->queue = queue;
    syncer->waiting_end = &syncer->waiting;
    pthread_mutex_init(&syncer->mutex, NULL);
    pthread_cond_init(&syncer->changed, NULL);
    failed = pthread_create(&syncer->thread, NULL, syncer_main, syncer);
    if (failed) {
        pthread_cond_destroy(&syncer->changed);
        pthread_mutex_destroy(&syncer->mutex);
        free(syncer);
        return rp_err_set(err, RIPEN_EIO, "no thread could be started: %s", strerror(failed));
    }
    *ret_syncer = syncer;
    return 0;
}

void rp_syncer_take(struct rp_syncer *syncer, struct rp_batch *batches)
{
    struct rp_batch *last = batches;

    while (last->next) {
        last = last->next;
    }
    pthread_mutex_lock(&syncer->mutex);
    *syncer->waiting_end = batches;
    syncer->waiting_end = &last->next;
    pthread_cond_signal(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
}

void rp_syncer_stop(struct rp_syncer *syncer)
{
    pthread_mutex_lock(&syncer->mutex);
    syncer->stopping = true;
    pthread_cond_signal(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
    pthread_join(syncer->thread, NULL);
    pthread_cond_destroy(&syncer->changed);
    pthread_mutex_destroy(&syncer->mutex);
    free(syncer);
}
