/* SPDX-License-Identifier: MIT */
/* One group is being synced, at most one waits, the writer runs a third: a group is answered one
 * sync after it was committed, and the time of a sync is the writer's for work. Groups are synced
 * in the order in which they were committed.
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
    struct rp_batch *waiting;
    bool stopping;
};

static struct rp_batch *next_group(struct rp_syncer *syncer)
{
    struct rp_batch *group;

    pthread_mutex_lock(&syncer->mutex);
    while (!syncer->waiting && !syncer->stopping) {
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    }
    group = syncer->waiting;
    syncer->waiting = NULL;
    pthread_cond_signal(&syncer->changed);
    pthread_mutex_unlock(&syncer->mutex);
    return group;
}

static void *syncer_main(void *arg)
{
    struct rp_syncer *syncer = arg;
    struct rp_batch *group;

    while ((group = next_group(syncer)) != NULL) {
        struct rp_err err = {0};
        int status = rp_core_sync(syncer->core, &err);

        if (status != 0) {
            rp_log(RP_LOG_ERROR, "store", "status=%s problem=\"%s\"", ripen_status_name(status),
                   err.text);
        }
        for (struct rp_batch *batch = group; batch && status != 0; batch = batch->next) {
            batch->status = status;
        }
        rp_queue_finish(syncer->queue, group);
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
    pthread_mutex_lock(&syncer->mutex);
    while (syncer->waiting) {
        pthread_cond_wait(&syncer->changed, &syncer->mutex);
    }
    syncer->waiting = batches;
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
