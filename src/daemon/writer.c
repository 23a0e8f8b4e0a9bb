/* SPDX-License-Identifier: MIT */
/* Group commit without timers: while one group commits, the next gathers in the queue; while it is
 * synced (syncer.c), the next is run. Between groups the writer books delivery results and leases
 * due rows; when the queue is empty it writes behind. Everything shared with the loop stands behind
 * one mutex and is copied. */
#include "daemon/writer.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/counts.h"
#include "core/outgoing.h"
#include "daemon/syncer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAIT_MS = 200,
    CLAIM_MAX = 256,
    PROBE_MS = 2000,
    TIMERS_MAX = 256,
    RULES_MS = 1000,
    LOOK_MS = 1000
};

struct result_node {
    struct result_node *next;
    struct rp_outbox_result result;
    char *error, *memory;
};

/* One way of the outbox. */
struct way {
    _Atomic int64_t lease_ms; /* 0: nothing is delivered */
    int64_t due_ms;           /* when it is to be looked at again; RP_NEVER: not known */
    size_t room;              /* from here on under the lock */
    struct rp_claimed *claimed, **claimed_end;
};

struct rp_writer {
    struct rp_core *core;
    struct rp_queue *queue;
    struct rp_syncer *syncer;
    pthread_t thread;
    struct way ways[RP_WAYS];
    void (*wake)(void *ctx);
    void *ctx;

    pthread_mutex_t lock; /* guards what follows */
    struct result_node *results, **results_end;
    struct rp_errand *errands, **errands_end, *answered, **answered_end;
    struct rp_core_stats stats;
    struct rp_buf rule_metrics; /* as of a moment at most a second before the last group */
    char trouble[400];
    struct rp_pauses pauses; /* as the core has them, and how often they changed */
    uint64_t pauses_changed;

    uint64_t intents_seen; /* the thread's own */
    bool troubled;
    int64_t probe_ms; /* when a troubled store is to be tried again */
    int64_t rules_ms; /* when the rules' counts were last shown */
};

void rp_claimed_free(struct rp_claimed *claimed)
{
    rp_arena_fini(&claimed->arena);
    free(claimed);
}

static void note_trouble(struct rp_writer *writer, int status, const struct rp_err *err)
{
    bool news = status != 0 && !writer->troubled;

    pthread_mutex_lock(&writer->lock);
    snprintf(writer->trouble, sizeof(writer->trouble), "%s", status ? err->text : "");
    pthread_mutex_unlock(&writer->lock);
    writer->troubled = status != 0;
    writer->probe_ms = rp_clock_system().now_ms(NULL) + PROBE_MS;
    if (news) {
        rp_log(RP_LOG_ERROR, "store", "status=%s problem=\"%s\"", ripen_status_name(status),
               err->text);
    }
}

static void run_group(struct rp_writer *writer, struct rp_batch *batches)
{
    struct rp_err err = {0};
    int status = rp_core_run_ahead(writer->core, batches, &err);

    note_trouble(writer, status, &err);
    if (status == 0) {
        rp_syncer_take(writer->syncer, batches);
    } else {
        rp_queue_finish(writer->queue, batches);
    }
}

/* A server that says it is not ready gets no events that could show that it is again. */
static void probe(struct rp_writer *writer)
{
    struct rp_err err = {0};

    if (writer->troubled && rp_clock_system().now_ms(NULL) >= writer->probe_ms) {
        note_trouble(writer, rp_core_flush(writer->core, &err), &err);
    }
}

/* Judges leads whose moment has come, by the wall clock as it is now: a clock that jumps ahead is
 * caught up with, one that is put back is waited for. True when more are due. */
static bool run_timers(struct rp_writer *writer)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    struct rp_err err = {0};
    int status;

    if (writer->troubled || rp_core_timers_due(writer->core) > now_ms) {
        return false;
    }
    status = rp_core_timers_run(writer->core, now_ms, TIMERS_MAX, &err);
    if (status < 0) {
        note_trouble(writer, status, &err);
    }
    return status == TIMERS_MAX;
}

/* How long may be waited for events. */
static int wait_ms(const struct rp_writer *writer)
{
    int64_t due_ms = rp_core_timers_due(writer->core);
    int64_t left_ms = due_ms == RP_TIMERS_NEVER ? WAIT_MS : due_ms - rp_clock_system().now_ms(NULL);

    return left_ms < 0 ? 0 : left_ms < WAIT_MS ? (int)left_ms : WAIT_MS;
}

static void look_again(struct rp_writer *writer)
{
    for (size_t i = 0; i < RP_WAYS; i++) {
        writer->ways[i].due_ms = 0;
    }
}

static struct result_node *take_results(struct rp_writer *writer)
{
    struct result_node *first;

    pthread_mutex_lock(&writer->lock);
    first = writer->results;
    writer->results = NULL;
    writer->results_end = &writer->results;
    pthread_mutex_unlock(&writer->lock);
    return first;
}

/* Books results in one transaction. On a full disk they are dropped: the leases run out and the
 * rows are delivered again under the same keys. */
static void book_results(struct rp_writer *writer)
{
    struct result_node *first = take_results(writer);
    struct rp_outbox_result *results;
    struct rp_err err = {0};
    size_t count = 0;
    int status;

    if (!first) {
        return;
    }
    for (struct result_node *node = first; node; node = node->next) {
        count++;
    }
    results = rp_malloc(count * sizeof(*results));
    count = 0;
    for (struct result_node *node = first; node; node = node->next) {
        results[count++] = node->result;
    }
    status = rp_core_outbox_finish(writer->core, results, count, &err);
    if (status != 0) { /* that these few rows fit does not say that events do */
        note_trouble(writer, status, &err);
    }
    look_again(writer);
    free(results);
    while (first) {
        struct result_node *next = first->next;

        free(first->error);
        free(first->memory);
        free(first);
        first = next;
    }
}

static void claim_rows(struct rp_writer *writer, enum rp_outbox_way which, int64_t now_ms)
{
    struct way *way = &writer->ways[which];
    struct rp_claimed *claimed;
    struct rp_err err = {0};
    size_t room;

    pthread_mutex_lock(&writer->lock);
    room = way->room < CLAIM_MAX ? way->room : CLAIM_MAX;
    pthread_mutex_unlock(&writer->lock);
    if (room == 0) {
        return;
    }
    claimed = rp_calloc(1, sizeof(*claimed));
    rp_arena_init(&claimed->arena);
    if (rp_core_outbox_claim(writer->core, &claimed->arena, which, way->lease_ms, room,
                             &claimed->rows, &claimed->count, &err) != 0 ||
        claimed->count == 0) {
        rp_claimed_free(claimed);
        way->due_ms = rp_outbox_due(rp_core_store(writer->core), which);
        if (way->due_ms != RP_NEVER && way->due_ms <= now_ms) {
            way->due_ms = now_ms + WAIT_MS; /* waits behind an older row of its lead */
        }
        if (way->due_ms == RP_NEVER ||
            way->due_ms > now_ms + LOOK_MS) { /* a command beside us may make rows due */
            way->due_ms = now_ms + LOOK_MS;
        }
        return;
    }
    pthread_mutex_lock(&writer->lock);
    way->room -= claimed->count < way->room ? claimed->count : way->room;
    *way->claimed_end = claimed;
    way->claimed_end = &claimed->next;
    pthread_mutex_unlock(&writer->lock);
    writer->wake(writer->ctx);
}

/* Made here, where the core is, and read by the loop thread. */
static void show_rules(struct rp_writer *writer, int64_t now_ms)
{
    struct rp_buf metrics = {0};

    if (now_ms >= writer->rules_ms && now_ms - writer->rules_ms < RULES_MS) {
        return;
    }
    writer->rules_ms = now_ms;
    rp_core_counts_print(writer->core, &metrics);
    pthread_mutex_lock(&writer->lock);
    rp_buf_fini(&writer->rule_metrics);
    writer->rule_metrics = metrics;
    pthread_mutex_unlock(&writer->lock);
}

void rp_writer_rules(struct rp_writer *writer, struct rp_buf *out)
{
    pthread_mutex_lock(&writer->lock);
    rp_buf_str(out, rp_buf_view(&writer->rule_metrics));
    pthread_mutex_unlock(&writer->lock);
}

static void look_after_outbox(struct rp_writer *writer)
{
    struct rp_core_stats stats;
    int64_t now_ms = rp_clock_system().now_ms(NULL);

    book_results(writer);
    show_rules(writer, now_ms);
    rp_core_stats(writer->core, &stats);
    if (stats.intents != writer->intents_seen) {
        writer->intents_seen = stats.intents;
        look_again(writer);
    }
    for (int i = 0; i < RP_WAYS; i++) {
        const struct way *way = &writer->ways[i];

        if (way->lease_ms > 0 && way->due_ms != RP_NEVER && way->due_ms <= now_ms) {
            claim_rows(writer, (enum rp_outbox_way)i, now_ms);
        }
    }
    pthread_mutex_lock(&writer->lock);
    writer->stats = stats;
    pthread_mutex_unlock(&writer->lock);
}

/* Behind each errand, since one may have been a pause: before whoever asked is answered. */
static void show_pauses(struct rp_writer *writer)
{
    const struct rp_pauses *now = rp_core_pauses(writer->core);

    pthread_mutex_lock(&writer->lock);
    /* Bytes of filling that differ only tell the same twice. */
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c) */
    if (memcmp(&writer->pauses, now, sizeof(*now)) != 0) {
        writer->pauses = *now;
        writer->pauses_changed++;
        look_again(writer);
    }
    pthread_mutex_unlock(&writer->lock);
}

uint64_t rp_writer_pauses(struct rp_writer *writer, uint64_t seen, struct rp_pauses *ret_pauses)
{
    uint64_t changed;

    pthread_mutex_lock(&writer->lock);
    changed = writer->pauses_changed;
    if (changed != seen) {
        *ret_pauses = writer->pauses;
    }
    pthread_mutex_unlock(&writer->lock);
    return changed;
}

/* Rows that were claimed and that delivery never saw, since it stops: no attempt was made. */
static void give_back_way(struct rp_writer *writer, enum rp_outbox_way way)
{
    int64_t now_ms = rp_clock_system().now_ms(NULL);
    struct rp_claimed *claimed = rp_writer_claimed(writer, way);

    while (claimed) {
        struct rp_claimed *next = claimed->next;

        for (size_t i = 0; i < claimed->count; i++) {
            struct rp_outbox_result result = {
                .id = claimed->rows[i].id, .outcome = RP_OUTCOME_RETURNED, .due_ms = now_ms};

            rp_writer_result(writer, &result);
        }
        rp_claimed_free(claimed);
        claimed = next;
    }
}

static void give_back(struct rp_writer *writer)
{
    give_back_way(writer, RP_WAY_HTTP);
    give_back_way(writer, RP_WAY_MAIL);
    book_results(writer);
}

/* Between two groups. */
static void run_errands(struct rp_writer *writer)
{
    struct rp_errand *first;

    pthread_mutex_lock(&writer->lock);
    first = writer->errands;
    writer->errands = NULL;
    writer->errands_end = &writer->errands;
    pthread_mutex_unlock(&writer->lock);
    while (first) {
        struct rp_errand *errand = first;
        int64_t started_us = rp_mono_us();

        first = errand->next;
        errand->next = NULL;
        errand->status = errand->run(writer->core, errand->ctx, &errand->err);
        errand->took_us = rp_mono_us() - started_us;
        show_pauses(writer);
        pthread_mutex_lock(&writer->lock);
        *writer->answered_end = errand;
        writer->answered_end = &errand->next;
        pthread_mutex_unlock(&writer->lock);
        writer->wake(writer->ctx);
    }
}

static void *writer_main(void *arg)
{
    struct rp_writer *writer = arg;
    bool closed = false;
    bool busy = false;
    bool more;

    while (!closed) {
        struct rp_batch *batches =
            rp_queue_take(writer->queue, RP_GROUP_EVENTS_MAX, busy ? 0 : wait_ms(writer), &closed);

        if (batches) {
            run_group(writer, batches);
        }
        run_errands(writer);
        more = run_timers(writer);
        look_after_outbox(writer);
        probe(writer);
        busy = more || (!batches && rp_core_idle(writer->core));
    }
    rp_syncer_stop(writer->syncer);
    run_errands(writer);
    give_back(writer);
    (void)rp_core_flush(writer->core,
                        NULL); /* what is not written is recovered at the next start */
    return NULL;
}

int rp_writer_start(struct rp_core *core, struct rp_queue *queue, void (*wake)(void *ctx),
                    void *ctx, struct rp_writer **ret_writer, struct rp_err *err)
{
    struct rp_writer *writer = rp_calloc(1, sizeof(*writer));
    int failed;

    writer->core = core;
    writer->queue = queue;
    writer->wake = wake;
    writer->ctx = ctx;
    writer->results_end = &writer->results;
    for (size_t i = 0; i < RP_WAYS; i++) {
        writer->ways[i].claimed_end = &writer->ways[i].claimed;
    }
    writer->errands_end = &writer->errands;
    writer->answered_end = &writer->answered;
    writer->pauses = *rp_core_pauses(core);
    writer->pauses_changed = 1;
    if (rp_syncer_start(core, queue, &writer->syncer, err) != 0) {
        free(writer);
        return RIPEN_EIO;
    }
    pthread_mutex_init(&writer->lock, NULL);
    failed = pthread_create(&writer->thread, NULL, writer_main, writer);
    if (failed) {
        rp_syncer_stop(writer->syncer);
        pthread_mutex_destroy(&writer->lock);
        free(writer);
        return rp_err_set(err, RIPEN_EIO, "no thread could be started: %s", strerror(failed));
    }
    *ret_writer = writer;
    return 0;
}

void rp_writer_join(struct rp_writer *writer)
{
    pthread_join(writer->thread, NULL);
    pthread_mutex_destroy(&writer->lock);
    rp_buf_fini(&writer->rule_metrics);
    free(writer);
}

void rp_writer_room(struct rp_writer *writer, enum rp_outbox_way way, size_t room)
{
    bool more;

    pthread_mutex_lock(&writer->lock);
    more = room > writer->ways[way].room;
    writer->ways[way].room = room;
    pthread_mutex_unlock(&writer->lock);
    if (more) {
        rp_queue_nudge(writer->queue);
    }
}

void rp_writer_lease(struct rp_writer *writer, enum rp_outbox_way way, int64_t lease_ms)
{
    writer->ways[way].lease_ms = lease_ms;
    rp_queue_nudge(writer->queue);
}

void rp_writer_ask(struct rp_writer *writer, struct rp_errand *errand)
{
    errand->next = NULL;
    pthread_mutex_lock(&writer->lock);
    *writer->errands_end = errand;
    writer->errands_end = &errand->next;
    pthread_mutex_unlock(&writer->lock);
    rp_queue_nudge(writer->queue);
}

void rp_writer_answer(struct rp_writer *writer)
{
    struct rp_errand *first;

    pthread_mutex_lock(&writer->lock);
    first = writer->answered;
    writer->answered = NULL;
    writer->answered_end = &writer->answered;
    pthread_mutex_unlock(&writer->lock);
    while (first) {
        struct rp_errand *next = first->next;

        first->done(first); /* may free it, may ask anew */
        first = next;
    }
}

void rp_writer_result(struct rp_writer *writer, const struct rp_outbox_result *result)
{
    struct result_node *node = rp_calloc(1, sizeof(*node));

    node->result = *result;
    node->error = rp_strndup(result->error.ptr ? result->error.ptr : "", result->error.len);
    node->result.error.ptr = node->error;
    node->memory = rp_strndup(result->memory.ptr ? result->memory.ptr : "", result->memory.len);
    node->result.memory.ptr = node->memory;
    pthread_mutex_lock(&writer->lock);
    *writer->results_end = node;
    writer->results_end = &node->next;
    pthread_mutex_unlock(&writer->lock);
    rp_queue_nudge(writer->queue);
}

struct rp_claimed *rp_writer_claimed(struct rp_writer *writer, enum rp_outbox_way way)
{
    struct way *from = &writer->ways[way];
    struct rp_claimed *first;

    pthread_mutex_lock(&writer->lock);
    first = from->claimed;
    from->claimed = NULL;
    from->claimed_end = &from->claimed;
    pthread_mutex_unlock(&writer->lock);
    return first;
}

void rp_writer_stats(struct rp_writer *writer, struct rp_core_stats *ret_stats)
{
    pthread_mutex_lock(&writer->lock);
    *ret_stats = writer->stats;
    pthread_mutex_unlock(&writer->lock);
}

void rp_writer_trouble(struct rp_writer *writer, char *text, size_t size)
{
    pthread_mutex_lock(&writer->lock);
    snprintf(text, size, "%s", writer->trouble);
    pthread_mutex_unlock(&writer->lock);
}
