/* SPDX-License-Identifier: MIT */
/* replay DB RULES [played|replay]: the whole history of a file, without writing, in two ways.
 *
 *   played  lead by lead with their timers and merges, as a back-test does (core/replay.h), on one
 *           thread and on two: events a second of the wall clock, two ÷ one (goal 9), and the most
 *           memory that it took, which does not grow with the history
 *   replay  in row order through parse, fold and judge on one thread: events a second of CPU and
 *           check values; keeps all leads in memory (goal 8: ÷ bare Lua's rate on ready events) */
#include "core/replay.h"

#include "common.h"
#include "core/cache.h"
#include "core/reader_priv.h"
#include "engine/fold.h"
#include "engine/vm.h"
#include "store/events.h"
#include "store/generations.h"
#include "store/identities.h"
#include "store/states.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* ---- Lead by lead ---------------------------------------------------------------------------- */

enum { PAGE = 256, CACHE_KIB = 32768, EVENTS_MAX = 100000, WORKERS = 2 };

struct playing {
    const char *db;
    const struct rp_rules *rules;
    struct rp_families *families;
    int64_t last_lead, newest, until_ms;
    atomic_llong next_page;
    atomic_ullong events, moves, too_long;
};

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void count_moves(void *ctx, const struct rp_replayed *what)
{
    size_t *moves = ctx;

    *moves += what->decision->move_count;
}

static void play_page(struct playing *p, struct rp_reader *reader, struct rp_replay *replay,
                      int64_t page)
{
    struct rp_err err = {0};
    int64_t ids[PAGE];
    int got = rp_state_ids(reader->store, page * PAGE, ids, PAGE, &err);

    for (int i = 0; i < got && ids[i] <= (page + 1) * PAGE; i++) {
        struct rp_family family;
        size_t events = 0;
        int status;

        if (!rp_family_of(p->families, &ids[i], &family)) {
            continue;
        }
        status = rp_replay_family(replay, &family, &events, &err);
        if (status == RIPEN_ELIMIT) {
            atomic_fetch_add(&p->too_long, 1);
        } else if (status != 0) {
            bench_die("replay", err.text);
        }
        atomic_fetch_add(&p->events, events);
    }
}

static void *play(void *arg)
{
    struct playing *p = arg;
    struct rp_reader *reader = NULL;
    struct rp_replay *replay;
    struct rp_err err = {0};
    size_t moves = 0;
    int64_t page;

    if (rp_reader_open(p->db, NULL, p->rules, &reader, &err) != 0 ||
        rp_store_cache(reader->store, CACHE_KIB, &err) != 0) {
        bench_die(p->db, err.text);
    }
    replay = rp_replay_new(&(struct rp_replay_options){.store = reader->store,
                                                       .recent = &reader->recent,
                                                       .rules = {p->rules},
                                                       .vms = {reader->vm},
                                                       .sides = 1,
                                                       .until_ms = p->until_ms,
                                                       .newest = p->newest,
                                                       .events_max = EVENTS_MAX,
                                                       .judged = count_moves,
                                                       .ctx = &moves});
    while ((page = atomic_fetch_add(&p->next_page, 1)) * PAGE < p->last_lead) {
        if (rp_reader_begin(reader, &err) != 0) {
            bench_die(p->db, err.text);
        }
        play_page(p, reader, replay, page);
        (void)rp_reader_end(reader, 0);
    }
    atomic_fetch_add(&p->moves, moves);
    rp_replay_free(replay);
    rp_reader_close(reader);
    return NULL;
}

static double played(struct playing *p, int threads)
{
    pthread_t workers[WORKERS];
    struct rusage usage;
    double start = wall_s(), seconds;

    atomic_store(&p->next_page, 0);
    atomic_store(&p->events, 0);
    atomic_store(&p->moves, 0);
    atomic_store(&p->too_long, 0);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&workers[i], NULL, play, p) != 0) {
            bench_die("threads", "cannot start one");
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(workers[i], NULL);
    }
    seconds = wall_s() - start;
    getrusage(RUSAGE_SELF, &usage);
    printf("played threads=%d ev/s=%.0f events=%llu moves=%llu too_long=%llu seconds=%.2f "
           "max_rss_kb=%ld\n",
           threads, (double)atomic_load(&p->events) / seconds, atomic_load(&p->events),
           atomic_load(&p->moves), atomic_load(&p->too_long), seconds, usage.ru_maxrss);
    fflush(stdout);
    return (double)atomic_load(&p->events) / seconds;
}

/* A file that was made for a bench may lie in the future. */
static int64_t received_ms(struct rp_store *store, int64_t row, int64_t otherwise)
{
    struct rp_arena arena;
    struct rp_event event = {0};
    struct rp_err err = {0};
    int64_t prev;

    rp_arena_init(&arena);
    if (row > 0 && rp_event_read(&arena, store, row, &event, &prev, &err) != 0) {
        bench_die("the newest event", err.text);
    }
    rp_arena_fini(&arena);
    return event.received_ms > otherwise ? event.received_ms : otherwise;
}

static void play_all(const char *db, const struct rp_rules *rules)
{
    struct playing p = {.db = db, .rules = rules, .until_ms = rp_clock_system().now_ms(NULL)};
    struct rp_store *store = NULL;
    struct rp_err err = {0};
    double one;

    if (rp_store_open(db, RP_STORE_READ, &store, &err) != 0 ||
        rp_families_load(store, &p.families, &err) != 0) {
        bench_die(db, err.text);
    }
    p.newest = rp_event_newest(store);
    p.until_ms = received_ms(store, p.newest, p.until_ms);
    p.last_lead = rp_lead_newest(store);
    rp_store_close(store);
    one = played(&p, 1);
    printf("goal 9: played on two threads ÷ one=%.2f\n", played(&p, WORKERS) / one);
    rp_families_free(p.families);
}

/* ---- In row order ---------------------------------------------------------------------------- */

/* Events read ahead of the fold: their leads come into the processor's cache meanwhile. */
enum { PORTION = 32, CELLS = 256, LINE = 64 };

struct portion {
    size_t count;
    struct {
        struct rp_event event;
        struct rp_cached *lead;
    } at[PORTION];
};

struct totals {
    size_t events, grants, moves, late;
    int64_t points;
};

/* In steps over all of them: what one waits for in memory is on its way for the others, too. */
static void read_portion(struct rp_arena *work, struct rp_store *store,
                         struct rp_event_cursor **cursor, struct rp_cache *cache,
                         struct portion *portion)
{
    struct rp_err err = {0};
    int64_t prev;
    size_t count = 0;

    while (count < PORTION &&
           rp_event_next(work, store, cursor, 0, &portion->at[count].event, &prev, &err) > 0) {
        count++;
    }
    portion->count = count;
    for (size_t i = 0; i < count; i++) {
        int64_t id = rp_identity_lead(store, portion->at[i].event.node);
        struct rp_cached *lead = rp_cache_find(cache, id);

        portion->at[i].lead = lead ? lead : rp_cache_add(cache, id);
    }
    for (size_t i = 0; i < count; i++) {
        const uint8_t *cells = portion->at[i].lead->lead.cells;

        for (size_t at = 0; cells && at < CELLS; at += LINE) {
            __builtin_prefetch(cells + at);
        }
        if (rp_event_body_parse(work, &portion->at[i].event) != 0) {
            bench_die("body", "not JSON");
        }
    }
}

static void fold_portion(struct rp_fold *fold, struct portion *portion, struct totals *totals)
{
    for (size_t at = 0; at < portion->count; at++) {
        struct rp_event *event = &portion->at[at].event;
        struct rp_lead *lead = &portion->at[at].lead->lead;
        struct rp_decision decision = {0};

        totals->late += !rp_fold_in_order(lead, event);
        rp_fold_event(fold, lead, event, &decision);
        rp_judge(fold, lead, event, event->received_ms, &decision);
        for (size_t i = 0; i < decision.grant_count; i++) {
            totals->grants += decision.grants[i].granted != 0;
            totals->points += decision.grants[i].granted;
        }
        totals->moves += decision.move_count;
        totals->events++;
    }
}

static void in_row_order(const char *db, const struct rp_rules *rules)
{
    static struct portion portion;
    struct rp_store *store = NULL;
    struct rp_event_cursor *cursor = NULL;
    struct rp_arena work;
    struct rp_cache cache;
    struct rp_fold fold;
    struct rp_err err = {0};
    struct totals totals = {0};
    double start;

    rp_arena_init(&work);
    if (rp_store_open(db, RP_STORE_READ, &store, &err) != 0 ||
        rp_store_snapshot(store, &err) != 0) {
        bench_die(db, err.text);
    }
    rp_cache_init(&cache, SIZE_MAX);
    rp_fold_init(&fold, rules, rp_vm_new(rules, &err), &work);
    start = bench_cpu_s();
    do {
        read_portion(&work, store, &cursor, &cache, &portion);
        fold_portion(&fold, &portion, &totals);
        rp_arena_reset(&work);
    } while (portion.count > 0);
    printf("replay ev/s=%.0f events=%zu hits=%zu moves=%zu points=%lld leads=%zu late=%zu\n",
           (double)totals.events / (bench_cpu_s() - start), totals.events, totals.grants,
           totals.moves, (long long)(totals.points / 1000), cache.count, totals.late);
    rp_event_cursor_free(cursor);
    rp_vm_free(fold.vm);
    rp_fold_fini(&fold);
    rp_cache_fini(&cache);
    rp_store_close(store);
    rp_arena_fini(&work);
}

int main(int argc, char **argv)
{
    struct rp_files files;
    struct rp_arena arena;
    struct rp_rules *rules;
    const char *way;

    if (argc < 3) {
        bench_die("usage", "replay DB RULES [played|replay]");
    }
    way = argc > 3 ? argv[3] : "";
    rp_arena_init(&arena);
    rules = bench_rules(NULL, argv[2], &files, &arena);
    if (strcmp(way, "replay") != 0) {
        play_all(argv[1], rules);
    }
    if (strcmp(way, "played") != 0) {
        in_row_order(argv[1], rules);
    }
    rp_rules_free(rules);
    rp_arena_fini(&arena);
    return 0;
}
