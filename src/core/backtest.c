/* SPDX-License-Identifier: MIT */
/* Runs a back-test: threads take portions of leads by number, each in a snapshot of its own, up to
 * the newest event and the moment at which the back-test began, so that a server may go on beside.
 * Results are sums and records by lead: the same for any number of threads. */
#include "core/backtest.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/backtest_priv.h"
#include "core/reader_priv.h"
#include "store/events.h"
#include "store/states.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 256, WORKERS_MAX = 64, LIST_DEFAULT = 1000, POLL_MS = 100, CACHE_KIB = 32768 };

struct testing {
    struct rp_backtest_options options;
    struct rp_backtest *result;
    const struct rp_rules *rules[RP_BT_SIDES];
    uint32_t models[RP_BT_SIDES];
    struct rp_bt_stages stages[RP_BT_SIDES];
    struct rp_families *families;
    struct rp_arms *arms; /* NULL: no split ever ran, or one model is to decide */
    int64_t newest, last_lead;
    atomic_llong next_page;
    atomic_ullong leads_done, events;
    atomic_uint running;
    atomic_bool stop;
};

struct worker {
    struct testing *testing;
    pthread_t thread;
    bool started;
    struct rp_reader *reader;
    struct rp_vm *vm;
    struct rp_replay *replay;
    struct rp_bt_tally tally;
    struct rp_err err;
    int status;
};

/* ---- A worker -------------------------------------------------------------------------------- */

static int worker_open(struct worker *w, struct rp_err *err)
{
    struct testing *t = w->testing;
    int status = rp_reader_open(t->options.db_path, NULL, t->rules[RP_BT_ACTIVE], &w->reader, err);

    if (status == 0) {
        status = rp_store_cache(w->reader->store, CACHE_KIB, err);
    }
    if (status == 0) {
        w->vm = rp_vm_new(t->rules[RP_BT_CANDIDATE], err);
        status = w->vm ? 0 : RIPEN_ERULE;
    }
    rp_bt_tally_init(&w->tally, &t->options, t->result, t->stages, t->rules, t->models);
    if (status != 0) {
        return status;
    }
    w->replay = rp_replay_new(&(struct rp_replay_options){
        .store = w->reader->store,
        .recent = &w->reader->recent,
        .rules = {t->rules[0], t->rules[1]},
        .vms = {w->reader->vm, w->vm},
        .models = {t->models[0], t->models[1]},
        .sides = RP_BT_SIDES,
        .arms = t->arms,
        .until_ms = t->options.now_ms,
        .newest = t->newest,
        .events_max = RP_LEAD_EVENTS_MAX,
        .judged = rp_bt_judged,
        .before = rp_bt_before,
        .after = rp_bt_after,
        .ctx = &w->tally,
    });
    w->tally.replay = w->replay;
    return 0;
}

static void worker_close(struct worker *w)
{
    rp_replay_free(w->replay);
    rp_vm_free(w->vm);
    rp_reader_close(w->reader);
}

static int play(struct worker *w, const int64_t *id, struct rp_err *err)
{
    struct rp_family family;
    size_t events = 0;
    int status;

    if (!rp_family_of(w->testing->families, id, &family)) {
        return 0;
    }
    rp_bt_family_begin(&w->tally, &family);
    status = rp_replay_family(w->replay, &family, &events, err);
    if (status == RIPEN_ELIMIT) {
        w->tally.too_long++;
        return 0;
    }
    if (status == 0) {
        rp_bt_family_end(&w->tally, events);
        atomic_fetch_add_explicit(&w->testing->events, events, memory_order_relaxed);
    }
    return status;
}

static int play_page(struct worker *w, int64_t page, struct rp_err *err)
{
    int64_t ids[PAGE];
    int got = 0;
    int status = rp_reader_begin(w->reader, err);

    if (status == 0) {
        got = rp_state_ids(w->reader->store, page * PAGE, ids, PAGE, err);
        status = got < 0 ? got : 0;
    }
    for (int i = 0; i < got && status == 0 && ids[i] <= (page + 1) * PAGE; i++) {
        if (ids[i] <= w->testing->last_lead) {
            status = play(w, &ids[i], err);
        }
    }
    atomic_fetch_add_explicit(&w->testing->leads_done, PAGE, memory_order_relaxed);
    return rp_reader_end(w->reader, status);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct testing *t = w->testing;
    int status = worker_open(w, &w->err);

    while (status == 0 && !atomic_load(&t->stop)) {
        int64_t page = atomic_fetch_add(&t->next_page, 1);

        if (page * PAGE >= t->last_lead) {
            break;
        }
        status = play_page(w, page, &w->err);
    }
    worker_close(w);
    w->status = status;
    if (status != 0) {
        atomic_store(&t->stop, true);
    }
    atomic_fetch_sub(&t->running, 1);
    return NULL;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void watch(struct testing *t)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};

    while (atomic_load(&t->running) > 0) {
        double share =
            t->last_lead > 0 ? (double)atomic_load(&t->leads_done) / (double)t->last_lead : 1;

        if (t->options.progress) {
            t->options.progress(t->options.ctx, share > 1 ? 1 : share, atomic_load(&t->events));
        }
        nanosleep(&pause, NULL);
    }
}

static int run(struct testing *t, struct rp_err *err)
{
    unsigned count = t->options.workers < 1             ? 1
                     : t->options.workers > WORKERS_MAX ? WORKERS_MAX
                                                        : t->options.workers;
    struct worker *workers = rp_calloc(count, sizeof(*workers));
    unsigned started = 0;
    int status = 0;

    atomic_store(&t->running, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i].testing = t;
        workers[i].started =
            pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0;
        started += workers[i].started;
        if (!workers[i].started) {
            atomic_fetch_sub(&t->running, 1);
        }
    }
    watch(t);
    for (unsigned i = 0; i < count; i++) {
        if (!workers[i].started) {
            continue;
        }
        pthread_join(workers[i].thread, NULL);
        if (workers[i].status != 0 && status == 0) {
            status = workers[i].status;
            if (err) {
                *err = workers[i].err;
            }
        }
        rp_bt_add(t->result, &workers[i].tally);
        rp_bt_tally_fini(&workers[i].tally);
    }
    t->result->workers = started;
    free(workers);
    return started == 0 ? rp_err_set(err, RIPEN_EIO, "no thread could be started for the back-test")
                        : status;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static uint32_t stage_named(struct rp_backtest *b, struct rp_str name)
{
    for (uint32_t i = 0; i < b->stage_count; i++) {
        if (rp_str_eq(b->stages[i], name)) {
            return i;
        }
    }
    b->stages[b->stage_count] = rp_arena_str(&b->arena, name);
    return b->stage_count++;
}

static void name_stages(struct testing *t)
{
    struct rp_backtest *b = t->result;

    b->stages = RP_ARENA_ARRAY(&b->arena, struct rp_str,
                               t->rules[0]->stage_count + t->rules[1]->stage_count + 1);
    for (size_t side = RP_BT_SIDES; side-- > 0;) { /* the candidate's order */
        const struct rp_rules *rules = t->rules[side];

        t->stages[side].to = RP_ARENA_ARRAY(&b->arena, uint32_t, rules->stage_count + 1);
        for (uint32_t i = 0; i < rules->stage_count; i++) {
            t->stages[side].to[i] = stage_named(b, rules->stages[i].name);
        }
    }
}

static int find_stage(struct testing *t, struct rp_str wanted, const char *otherwise,
                      const char *option, uint32_t *ret_stage, struct rp_err *err)
{
    struct rp_backtest *b = t->result;
    struct rp_str name = wanted.len > 0 ? wanted : rp_str_from(otherwise);

    for (uint32_t i = 0; i < b->stage_count; i++) {
        if (rp_str_eq(b->stages[i], name)) {
            *ret_stage = i;
            return 0;
        }
    }
    return rp_err_set(err, RIPEN_EINPUT,
                      "the rules have no stage \"%.*s\"; name one of theirs with --%s",
                      RP_STR_ARG(name), option);
}

static int name_all(struct testing *t, struct rp_err *err)
{
    struct rp_backtest *b = t->result;
    int status;

    name_stages(t);
    status = find_stage(t, t->options.stage, "mql", "stage", &b->stage, err);
    if (status == 0) {
        status = find_stage(t, t->options.outcome, "sql", "outcome", &b->outcome, err);
    }
    for (size_t s = 0; s < RP_BT_SIDES && status == 0; s++) {
        const struct rp_rules *rules = t->rules[s];

        t->stages[s].decide = rp_rules_stage(rules, b->stages[b->stage]);
        t->models[s] =
            t->options.models[s].len > 0 ? rp_rules_model(rules, t->options.models[s]) : 0;
        if (t->models[s] == RP_NONE) {
            status = rp_err_set(
                err, RIPEN_EINPUT, "%s no model \"%.*s\"; name one of theirs with --%s",
                s == RP_BT_ACTIVE ? "the rules in force have" : "the candidate's rules have",
                RP_STR_ARG(t->options.models[s]), s == RP_BT_ACTIVE ? "active-model" : "model");
            break;
        }
        b->hashes[s] = rp_arena_str(&b->arena, rp_str_from(rules->hash));
        b->rule_count[s] = rules->score_count + rules->fit_count;
        b->rules[s] = RP_ARENA_ARRAY(&b->arena, struct rp_bt_rule, b->rule_count[s] + 1);
        for (uint32_t i = 0; i < b->rule_count[s]; i++) {
            b->rules[s][i].name = rp_arena_str(
                &b->arena, i < rules->score_count ? rules->scores[i].name
                                                  : rules->fits[i - rules->score_count].name);
        }
    }
    for (size_t i = 0; i < rp_arms_count(t->arms); i++) {
        b->splits = rp_arena_printf(&b->arena, "%.*s%s%.*s", RP_STR_ARG(b->splits),
                                    i > 0 ? ", " : "", RP_STR_ARG(rp_arms_name(t->arms, i)));
    }
    b->names[RP_BT_ACTIVE] = rp_arena_printf(&b->arena, "generation %u", b->generation);
    b->names[RP_BT_CANDIDATE] = rp_arena_str(&b->arena, t->options.name);
    b->ends = RP_ARENA_ARRAY(&b->arena, int64_t, (size_t)b->stage_count * b->stage_count + 1);
    return status;
}

int rp_backtest_run(const struct rp_backtest_options *options, struct rp_backtest *b,
                    struct rp_err *err)
{
    struct testing t = {.options = *options, .result = b};
    struct rp_reader *reader = NULL;
    int64_t started_us = rp_mono_us();
    int status;

    *b = (struct rp_backtest){.window_ms = options->window_ms ? options->window_ms : 60 * RP_DAY,
                              .since_ms = options->since_ms,
                              .now_ms = options->now_ms};
    rp_arena_init(&b->arena);
    t.options.list_max = options->list_max ? options->list_max : LIST_DEFAULT;
    status = rp_reader_open(options->db_path, NULL, NULL, &reader, err);
    if (status == 0) {
        status = rp_reader_begin(reader, err);
    }
    if (status == 0) {
        t.rules[RP_BT_ACTIVE] = reader->rules;
        t.rules[RP_BT_CANDIDATE] = options->candidate;
        t.newest = rp_event_newest(reader->store);
        t.last_lead = rp_lead_newest(reader->store);
        b->generation = reader->rules->number;
        status = rp_families_load(reader->store, &t.families, err);
    }
    if (status == 0 && options->models[RP_BT_ACTIVE].len == 0) {
        status = rp_arms_load(reader->store, reader->rules, &t.arms, err);
    }
    if (status == 0) {
        status = name_all(&t, err);
    }
    if (reader) {
        (void)rp_reader_end(reader, 0);
    }
    if (status == 0) {
        status = run(&t, err);
    }
    if (status == 0) {
        rp_bt_conclude(b, t.options.list_max);
    }
    rp_arms_free(t.arms);
    rp_families_free(t.families);
    rp_reader_close(reader);
    b->seconds = (double)(rp_mono_us() - started_us) / 1e6;
    return status;
}

void rp_backtest_fini(struct rp_backtest *b)
{
    for (size_t i = 0; i < b->change_count; i++) {
        free(b->changes[i].email);
        free(b->changes[i].why[0]);
        free(b->changes[i].why[1]);
    }
    for (size_t i = 0; i < b->week_count; i++) {
        free(b->weeks[i].entered);
    }
    free(b->changes);
    free(b->weeks);
    free(b->records);
    rp_arena_fini(&b->arena);
}
