/* SPDX-License-Identifier: MIT */
/* replay DB [RULES]: all events of a file, in row order, through parse, fold and judge in one
 * thread, without writing. Prints events a second of CPU and check values. (Goal 8.) */
#include "common.h"
#include "core/cache.h"
#include "engine/fold.h"
#include "engine/vm.h"
#include "store/events.h"
#include "store/generations.h"
#include "store/identities.h"

#include <stdio.h>
#include <stdlib.h>

/* Events read ahead of the fold: their leads come into the processor's cache meanwhile. */
enum { PORTION = 32 };

int main(int argc, char **argv)
{
    struct rp_store *store = NULL;
    struct rp_event_cursor *cursor = NULL;
    struct rp_files files;
    struct rp_arena arena;
    struct rp_arena work;
    struct rp_cache cache;
    struct rp_rules *rules;
    struct rp_fold fold;
    static struct {
        struct rp_event event;
        struct rp_cached *lead;
    } portion[PORTION];
    size_t count;
    struct rp_err err = {0};
    size_t events = 0;
    size_t grants = 0;
    size_t moves = 0;
    size_t late = 0;
    int64_t points = 0;
    int64_t prev;
    double start;

    if (argc < 3) {
        bench_die("usage", "replay DB RULES");
    }
    rp_arena_init(&arena);
    rp_arena_init(&work);
    rules = bench_rules(NULL, argv[2], &files, &arena);
    if (rp_store_open(argv[1], RP_STORE_READ, &store, &err) != 0 ||
        rp_store_snapshot(store, &err) != 0) {
        bench_die(argv[1], err.text);
    }
    rp_cache_init(&cache, SIZE_MAX);
    rp_fold_init(&fold, rules, rp_vm_new(rules, &err), &work);
    start = bench_cpu_s();
    do {
        count = 0;
        while (count < PORTION &&
               rp_event_next(&work, store, &cursor, 0, &portion[count].event, &prev, &err) > 0) {
            struct rp_event *event = &portion[count].event;
            int64_t id = rp_identity_lead(store, event->node);
            struct rp_cached *lead = rp_cache_find(&cache, id);

            lead = lead ? lead : rp_cache_add(&cache, id);
            for (uint32_t at = 0; at < 256; at += 64) {
                __builtin_prefetch(lead->lead.cells + at);
            }
            portion[count++].lead = lead;
            if (rp_event_body_parse(&work, event) != 0) {
                bench_die("body", "not JSON");
            }
        }
        for (size_t at = 0; at < count; at++) {
            struct rp_event *event = &portion[at].event;
            struct rp_cached *lead = portion[at].lead;
            struct rp_decision decision = {0};

            late += !rp_fold_in_order(&lead->lead, event);
            rp_fold_event(&fold, &lead->lead, event, &decision);
            rp_judge(&fold, &lead->lead, event, event->received_ms, &decision);
            for (size_t i = 0; i < decision.grant_count; i++) {
                grants += decision.grants[i].granted != 0;
                points += decision.grants[i].granted;
            }
            moves += decision.move_count;
            events++;
        }
        rp_arena_reset(&work);
    } while (count > 0);
    printf("replay ev/s=%.0f events=%zu hits=%zu moves=%zu points=%lld leads=%zu late=%zu\n",
           (double)events / (bench_cpu_s() - start), events, grants, moves,
           (long long)(points / 1000), cache.count, late);
    rp_event_cursor_free(cursor);
    rp_vm_free(fold.vm);
    rp_fold_fini(&fold);
    rp_cache_fini(&cache);
    rp_rules_free(rules);
    rp_store_close(store);
    rp_arena_fini(&work);
    rp_arena_fini(&arena);
    return 0;
}
