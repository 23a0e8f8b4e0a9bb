/* SPDX-License-Identifier: MIT */
/* Each worker takes a range of leads, reads the event table in order and folds the events of those
 * leads into states of its own, then hands the states over in portions, ordered by lead. A lead
 * whose events do not stand in effective order in the table, or that may hold copies of a message,
 * is folded from its own history at the end. Workers run at the lowest priority and rest while
 * there is traffic.
 *
 *   next range ──▶ scan the table ──▶ finish and hand over ──▶ next range … none left ──▶ end
 *
 * Invariants: nothing is written; no snapshot outlives a portion of the scan, and nobody rests
 * under one, since the WAL cannot begin anew meanwhile; what was read is named by the heads of the
 * state, so that the writer sees whether it is still all. */
#include "core/sweep_work.h"

#include "base/hash.h"
#include "base/mem.h"
#include "core/history.h"
#include "engine/fold.h"
#include "engine/load.h"
#include "engine/vm.h"
#include "model/correction.h"
#include "store/events.h"
#include "store/generations.h"
#include "store/scan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    SCAN_ROWS = 256,         /* under one snapshot */
    WAITING_MAX = 16,        /* portions that wait for the writer */
    COPIES_EVENTS_MAX = 512, /* of a lead with several nodes; beyond, its history is read */
    WORK_NS = 1000000,       /* without a look at the traffic */
    TRAFFIC_NS = 300000000,
    REST_FACTOR = 2,
    LOWEST_PRIORITY = 19
};

/* A lead of the range under way. */
struct sweeping {
    struct rp_lead lead;
    uint64_t *messages; /* hashes, while copies may be found by them */
    size_t message_count, message_cap;
    int64_t first_node;
    bool several; /* nodes */
    bool apart;   /* to be folded from its own history */
};

struct rp_sweep_work {
    struct rp_sweep_options options;
    char *db_path;
    pthread_t *threads;
    unsigned started;
    atomic_bool stop;
    atomic_llong next_range, traffic_until_ns;
    atomic_ullong events;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    unsigned running;
    struct rp_swept *first, **end;
    size_t waiting;
    int status;
};

struct worker {
    struct rp_sweep_work *work;
    struct rp_store *store;
    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_fold fold;
    struct rp_arena arena;
    int64_t *node_leads;
    size_t node_count;
    struct sweeping **leads; /* of the range, by id */
    unsigned char *other;
    int64_t first, end, range;
    int64_t worked_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void rp_swept_free(struct rp_swept *swept)
{
    for (size_t i = 0; swept && i < swept->count; i++) {
        rp_lead_fini(&swept->leads[i]);
    }
    free(swept);
}

static bool stopped(struct worker *w)
{
    return atomic_load_explicit(&w->work->stop, memory_order_relaxed);
}

/* A halt ends the rest: the writer waits for it. */
static void rest_until(struct worker *w, int64_t until_ns)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = until_ns % 1000000000};
    int status = 0;

    pthread_mutex_lock(&w->work->lock);
    while (!stopped(w) && status == 0) {
        status = pthread_cond_clockwait(&w->work->changed, &w->work->lock, CLOCK_MONOTONIC, &until);
    }
    pthread_mutex_unlock(&w->work->lock);
}

/* Rests twice as long as it worked while there is traffic. */
static void yield_to_traffic(struct worker *w)
{
    int64_t now = now_ns();

    if (now - w->worked_ns < WORK_NS) {
        return;
    }
    if (now < atomic_load_explicit(&w->work->traffic_until_ns, memory_order_relaxed)) {
        int64_t rest = (now - w->worked_ns) * REST_FACTOR;

        rest_until(w, now + (rest < 20000000 ? rest : 20000000));
        now = now_ns();
    }
    w->worked_ns = now;
}

/* ---- One lead ---------------------------------------------------------------------------------
 */

static void sweeping_free(struct sweeping *s)
{
    if (s) {
        rp_lead_fini(&s->lead);
        free(s->messages);
        free(s);
    }
}

static void note_message(struct worker *w, struct sweeping *s, const struct rp_event *event)
{
    if (s->first_node == 0) {
        s->first_node = event->node;
    }
    s->several = s->several || s->first_node != event->node;
    if (s->message_count == COPIES_EVENTS_MAX) {
        s->apart = s->apart || s->several;
        return;
    }
    if (s->message_count == s->message_cap) {
        s->messages =
            rp_grow(s->messages, &s->message_cap, s->message_count + 1, sizeof(*s->messages));
    }
    s->messages[s->message_count++] = rp_hash_keyed(rp_store_secret(w->store), event->message_id);
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Copies stand under different nodes of a lead only. */
static bool may_hold_copies(struct sweeping *s)
{
    if (!s->several || s->message_count < 2) {
        return false;
    }
    qsort(s->messages, s->message_count, sizeof(*s->messages), by_hash);
    for (size_t i = 1; i < s->message_count; i++) {
        if (s->messages[i] == s->messages[i - 1]) {
            return true;
        }
    }
    return false;
}

static int take_event(struct worker *w, int64_t row, int64_t lead, struct rp_err *err)
{
    struct sweeping **slot = &w->leads[lead - w->first];
    struct rp_decision decision = {0};
    struct rp_event event;
    int64_t prev;
    int status = rp_event_read(&w->arena, w->store, row, &event, &prev, err);

    if (status == 0) {
        status = rp_event_body_parse(&w->arena, &event);
    }
    if (status != 0) {
        return status;
    }
    if (!*slot) {
        *slot = rp_calloc(1, sizeof(**slot));
        rp_lead_init(&(*slot)->lead);
        (*slot)->lead.id = lead;
    }
    struct sweeping *s = *slot;

    s->apart = s->apart || !rp_fold_in_order(&s->lead, &event) ||
               rp_event_correction(&event) == RP_CORRECTION_VOID;
    note_message(w, s, &event);
    if (!s->apart) {
        rp_fold_event(&w->fold, &s->lead, &event, &decision);
    }
    rp_lead_head_set(&s->lead, event.node, event.id);
    s->lead.through = event.id;
    atomic_fetch_add_explicit(&w->work->events, 1, memory_order_relaxed);
    return 0;
}

/* Folds a lead's own history; in portions, so that a halt does not wait for a long one. */
static int fold_history(struct worker *w, struct rp_lead *lead, struct rp_err *err)
{
    struct rp_history_reading *reading = rp_history_reading_new(&w->arena, w->store, lead);
    struct rp_history history;
    int status;

    while ((status = rp_history_reading_more(reading, SCAN_ROWS, err)) > 0 && !stopped(w)) {
        yield_to_traffic(w);
    }
    if (status != 0) {
        rp_history_reading_free(reading);
        return status < 0 ? status : 0;
    }
    rp_history_reading_end(reading, &history);
    rp_lead_cells_clear_fold(lead);
    for (size_t i = 0; i < history.count && !stopped(w); i++) {
        struct rp_decision decision = {0};

        rp_fold_event(&w->fold, lead, &history.events[i], &decision);
        yield_to_traffic(w);
    }
    return 0;
}

/* ---- A range ----------------------------------------------------------------------------------
 */

static void hand_over(struct worker *w, struct rp_swept *swept)
{
    struct rp_sweep_work *work = w->work;

    pthread_mutex_lock(&work->lock);
    while (work->waiting >= WAITING_MAX && !stopped(w)) {
        pthread_cond_wait(&work->changed, &work->lock);
    }
    *work->end = swept;
    work->end = &swept->next;
    work->waiting++;
    pthread_mutex_unlock(&work->lock);
}

static struct rp_swept *swept_new(const struct worker *w)
{
    struct rp_swept *swept = rp_calloc(1, sizeof(*swept));

    swept->range = w->range;
    return swept;
}

static int finish_range(struct worker *w, struct rp_err *err)
{
    struct rp_swept *swept = swept_new(w);
    int status = 0;

    for (int64_t i = 0; i < w->end - w->first && status == 0 && !stopped(w); i++) {
        struct sweeping *s = w->leads[i];

        if (!s) {
            continue;
        }
        if (s->apart || may_hold_copies(s)) {
            status = fold_history(w, &s->lead, err);
            rp_arena_reset(&w->arena);
        }
        if (swept->count == RP_SWEPT_PORTION) {
            hand_over(w, swept);
            swept = swept_new(w);
        }
        s->lead.generation = w->rules->number;
        swept->leads[swept->count++] = s->lead;
        rp_lead_init(&s->lead); /* moved */
        sweeping_free(s);
        w->leads[i] = NULL;
    }
    if (status != 0 || stopped(w)) {
        rp_swept_free(swept);
        return status;
    }
    swept->last = true;
    hand_over(w, swept);
    return 0;
}

static int scan_range(struct worker *w, struct rp_err *err)
{
    int64_t ids[SCAN_ROWS];
    int64_t nodes[SCAN_ROWS];
    int64_t after = 0;
    int got = SCAN_ROWS;
    int status = 0;

    while (status == 0 && got > 0 && !stopped(w)) {
        status = rp_store_snapshot(w->store, err);
        got = status == 0 ? rp_scan_events(w->store, after, ids, nodes, SCAN_ROWS, err) : 0;
        status = got < 0 ? got : status;
        for (int i = 0; i < got && status == 0 && !stopped(w); i++) {
            int64_t lead = nodes[i] < (int64_t)w->node_count ? w->node_leads[nodes[i]] : 0;

            if (lead >= w->first && lead < w->end && w->other[lead - w->first]) {
                status = take_event(w, ids[i], lead, err);
                rp_arena_reset(&w->arena);
            }
            after = ids[i];
        }
        rp_store_snapshot_end(w->store);
        yield_to_traffic(w);
    }
    return status;
}

static int sweep_range(struct worker *w, struct rp_err *err)
{
    size_t size = (size_t)(w->end - w->first);
    int status;

    w->leads = rp_calloc(size, sizeof(*w->leads));
    w->other = rp_calloc(size, 1);
    status = rp_scan_states(w->store, w->first, w->end, w->rules->number, w->other, err);
    if (status > 0) {
        status = rp_scan_nodes(w->store, &w->node_leads, &w->node_count, err);
        if (status == 0) {
            status = scan_range(w, err);
        }
    }
    if (status == 0 && !stopped(w)) {
        status = finish_range(w, err);
    }
    return status;
}

static void range_free(struct worker *w)
{
    for (int64_t i = 0; w->leads && i < w->end - w->first; i++) {
        sweeping_free(w->leads[i]);
    }
    free(w->leads);
    free(w->other);
    free(w->node_leads);
    w->leads = NULL;
    w->other = NULL;
    w->node_leads = NULL;
    w->node_count = 0;
}

/* ---- Threads ----------------------------------------------------------------------------------
 */

static int load_rules(struct worker *w, struct rp_err *err)
{
    struct rp_load_options options = {0};
    struct rp_findings findings = {0};
    struct rp_generation_row row;
    struct rp_files files;
    int status = rp_generation_get(&w->arena, w->store, w->work->options.generation, &row, err);

    if (status == 0) {
        status = rp_files_unpack(&w->arena, row.sources, &files, err);
    }
    if (status == 0) {
        options.disabled = rp_generation_disabled(&w->arena, row.disabled, &options.disabled_count);
        status = rp_load(&w->arena, &files, &options, &w->rules, &findings, err);
    }
    if (status == 0) {
        w->rules->number = row.number;
    }
    rp_arena_reset(&w->arena);
    return status;
}

static int worker_open(struct worker *w, struct rp_err *err)
{
    int status = rp_store_open(w->work->db_path, RP_STORE_READ, &w->store, err);

    if (status == 0) {
        status = load_rules(w, err);
    }
    if (status == 0) {
        w->vm = rp_vm_new(w->rules, err);
        status = w->vm ? 0 : RIPEN_ERULE;
    }
    if (status == 0) {
        rp_fold_init(&w->fold, w->rules, w->vm, &w->arena);
    }
    return status;
}

static void worker_close(struct worker *w)
{
    range_free(w);
    if (w->fold.scratch) {
        rp_fold_fini(&w->fold);
    }
    rp_vm_free(w->vm);
    rp_rules_free(w->rules);
    rp_store_close(w->store);
    rp_arena_fini(&w->arena);
}

static bool next_range(struct worker *w)
{
    const struct rp_sweep_options *options = &w->work->options;

    w->range = atomic_fetch_add(&w->work->next_range, 1);
    w->first = w->range * options->range_leads;
    w->end = w->first + options->range_leads;
    w->end = w->end < options->leads_end ? w->end : options->leads_end;
    return w->first < options->leads_end;
}

static void *worker_main(void *arg)
{
    struct worker w = {.work = arg};
    struct rp_err err = {0};
    int status;

    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_PRIORITY);
    rp_arena_init(&w.arena);
    w.worked_ns = now_ns();
    status = worker_open(&w, &err);
    while (status == 0 && !stopped(&w) && next_range(&w)) {
        status = sweep_range(&w, &err);
        if (status == 0 && !stopped(&w)) {
            range_free(&w);
        }
    }
    worker_close(&w);
    pthread_mutex_lock(&w.work->lock);
    w.work->running--;
    if (status != 0 && w.work->status == 0) {
        w.work->status = status;
    }
    pthread_cond_broadcast(&w.work->changed);
    pthread_mutex_unlock(&w.work->lock);
    return NULL;
}

int rp_sweep_work_start(const struct rp_sweep_options *options, struct rp_sweep_work **ret_work,
                        struct rp_err *err)
{
    struct rp_sweep_work *work = rp_calloc(1, sizeof(*work));

    work->options = *options;
    work->db_path = rp_strdup(options->db_path);
    work->threads = rp_calloc(options->workers, sizeof(*work->threads));
    work->end = &work->first;
    atomic_init(&work->next_range, options->first_range);
    pthread_mutex_init(&work->lock, NULL);
    pthread_cond_init(&work->changed, NULL);
    work->running = options->workers;
    for (unsigned i = 0; i < options->workers; i++) {
        if (pthread_create(&work->threads[i], NULL, worker_main, work) != 0) {
            pthread_mutex_lock(&work->lock);
            work->running -= options->workers - i;
            pthread_mutex_unlock(&work->lock);
            break;
        }
        work->started++;
    }
    if (work->started == 0) {
        rp_sweep_work_free(work);
        return rp_err_set(err, RIPEN_EIO, "no thread could be started for the rebuild of leads");
    }
    *ret_work = work;
    return 0;
}

struct rp_swept *rp_sweep_work_take(struct rp_sweep_work *work, int *ret_status, bool *ret_ended)
{
    struct rp_swept *swept;

    pthread_mutex_lock(&work->lock);
    swept = work->first;
    if (swept) {
        work->first = swept->next;
        if (!work->first) {
            work->end = &work->first;
        }
        work->waiting--;
        pthread_cond_broadcast(&work->changed);
    }
    *ret_status = work->status;
    *ret_ended = !work->first && work->running == 0;
    pthread_mutex_unlock(&work->lock);
    return swept;
}

void rp_sweep_work_traffic(struct rp_sweep_work *work)
{
    atomic_store_explicit(&work->traffic_until_ns, now_ns() + TRAFFIC_NS, memory_order_relaxed);
}

uint64_t rp_sweep_work_events(struct rp_sweep_work *work)
{
    return atomic_load_explicit(&work->events, memory_order_relaxed);
}

void rp_sweep_work_halt(struct rp_sweep_work *work)
{
    pthread_mutex_lock(&work->lock);
    atomic_store(&work->stop, true);
    pthread_cond_broadcast(&work->changed);
    pthread_mutex_unlock(&work->lock);
}

bool rp_sweep_work_ended(struct rp_sweep_work *work)
{
    bool ended;

    pthread_mutex_lock(&work->lock);
    ended = work->running == 0;
    pthread_mutex_unlock(&work->lock);
    return ended;
}

void rp_sweep_work_free(struct rp_sweep_work *work)
{
    if (!work) {
        return;
    }
    rp_sweep_work_halt(work);
    for (unsigned i = 0; i < work->started; i++) {
        pthread_join(work->threads[i], NULL);
    }
    while (work->first) {
        struct rp_swept *next = work->first->next;

        rp_swept_free(work->first);
        work->first = next;
    }
    pthread_cond_destroy(&work->changed);
    pthread_mutex_destroy(&work->lock);
    free(work->threads);
    free(work->db_path);
    free(work);
}
