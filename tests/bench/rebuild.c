/* SPDX-License-Identifier: MIT */
/* rebuild RULES DB [LEADS] [EVENTS_A_LEAD]: goal 13. Makes a database of that many leads (default
 * 20,000 × 10) unless DB exists, opens it with other rules and lets the sweep bring all leads to
 * them with two workers. Prints the seconds of the wall clock. */
#include "common.h"
#include "core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 1000 };

static int64_t clock_now(void *ctx)
{
    struct timespec now;

    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void send_group(struct rp_core *core, struct rp_batch *batch, uint64_t first, uint64_t leads)
{
    static char text[GROUP * 420];
    struct rp_envelope envelope = {.sent_ms = RP_NEVER, .received_ms = clock_now(NULL)};
    struct rp_err err = {0};
    size_t len = (size_t)snprintf(text, sizeof(text), "{\"batch\":[");

    for (uint64_t i = first; i < first + GROUP; i++) {
        uint64_t lead = i * UINT64_C(2654435761) % leads; /* spread over all of them */

        len += (size_t)snprintf(
            text + len, sizeof(text) - len,
            "%s{\"type\":\"%s\",\"userId\":\"user-%llu\",\"messageId\":\"m-%llu\","
            "\"properties\":{\"path\":\"/%s\",\"title\":\"A page of the site\","
            "\"referrer\":\"https://example.com/search\"},\"traits\":{\"title\":\"VP Sales\"}}",
            i == first ? "" : ",", i % 10 ? "page" : "identify", (unsigned long long)lead,
            (unsigned long long)i, i % 4 ? "blog" : "pricing");
    }
    snprintf(text + len, sizeof(text) - len, "]}");
    if (rp_batch_parse(batch, rp_str_from(text), &envelope, NULL, &err) != 0 ||
        rp_core_run(core, batch, &err) != 0 || batch->accepted != GROUP) {
        bench_die("run", err.text);
    }
    rp_batch_reset(batch);
    while (first % 16000 == 0 && rp_core_idle(core)) {
    }
}

/* The bench's rules, and once more with one rule added. */
static struct rp_core *open_core(const char *dir, const char *db, const char *added)
{
    struct rp_core_options options = {.db_path = db,
                                      .mode = RP_STORE_SERVE,
                                      .clock = {clock_now, NULL},
                                      .sweep_workers = added ? 2 : 0};
    struct rp_source sources[64];
    struct rp_files files;
    struct rp_arena arena;
    struct rp_core *core;
    struct rp_rules *rules;
    struct rp_load_options load = {0};
    struct rp_findings findings = {0};
    struct rp_err err = {0};

    rp_arena_init(&arena);
    rules = bench_rules(NULL, dir, &files, &arena);
    if (added && files.count + 1 < sizeof(sources) / sizeof(sources[0])) {
        memcpy(sources, files.items, files.count * sizeof(sources[0]));
        sources[files.count] = (struct rp_source){RP_STR("zz_added.lua"), rp_str_from(added)};
        files = (struct rp_files){sources, files.count + 1};
        rp_rules_free(rules);
        if (rp_load(&arena, &files, &load, &rules, &findings, &err) != 0) {
            bench_die("rules", err.text);
        }
    }
    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_core_rules(core, rules, &files, RP_STR("bench"), &err) != 0) {
        bench_die(db, err.text);
    }
    rp_arena_fini(&arena);
    return core;
}

static void make(const char *dir, const char *db, uint64_t leads, uint64_t events)
{
    struct rp_core *core = open_core(dir, db, NULL);
    struct rp_batch *batch = rp_batch_new();
    double start = wall_s();

    for (uint64_t n = 0; n < leads * events; n += GROUP) {
        send_group(core, batch, n, leads);
    }
    rp_batch_free(batch);
    rp_core_close(core);
    printf("rebuild made leads=%llu events=%llu seconds=%.1f\n", (unsigned long long)leads,
           (unsigned long long)(leads * events), wall_s() - start);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char added[160];
    struct rp_sweep_progress progress = {0};
    struct rp_core *core;
    double start, cpu;

    if (argc < 3) {
        bench_die("usage", "rebuild RULES DB [LEADS] [EVENTS_A_LEAD]");
    }
    if (access(argv[2], F_OK) != 0) {
        make(argv[1], argv[2], argc > 3 ? strtoull(argv[3], NULL, 10) : 20000,
             argc > 4 ? strtoull(argv[4], NULL, 10) : 10);
    }
    snprintf(added, sizeof(added),
             "score \"added_%lld\" { why = \"Added\", on = \"page\", dimension = \"b\", "
             "points = 2 }\n",
             (long long)clock_now(NULL));
    core = open_core(argv[1], argv[2], added);
    start = wall_s();
    cpu = bench_cpu_s();
    do {
        if (!rp_core_idle(core)) {
            struct timespec pause = {.tv_nsec = 1000000};

            nanosleep(&pause, NULL);
        }
        rp_core_sweep_progress(core, &progress);
    } while (progress.generation == 0 || progress.active);
    printf("rebuild leads=%lld rebuilt=%llu changed=%llu events=%llu seconds=%.2f cpu_s=%.2f "
           "rss_kb=%ld\n",
           (long long)progress.leads, (unsigned long long)progress.rebuilt,
           (unsigned long long)progress.changed, (unsigned long long)progress.events,
           wall_s() - start, bench_cpu_s() - cpu, bench_rss_kb());
    rp_core_close(core);
    return 0;
}
