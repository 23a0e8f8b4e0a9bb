/* SPDX-License-Identifier: MIT */
/* timers RULES [EVENTS] [PENDING]: what timers cost. The derivation alone, for leads of a rules
 * directory in mid-life: ns a lead. Then a store with so many pending timers: the time and the
 * memory that a start needs for them, the CPU of an idle second, and how many are judged in a
 * second when all of them fall due. */
#include "engine/timers.h"

#include "base/when.h"
#include "common.h"
#include "core/core.h"
#include "engine/fold.h"
#include "store/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEADS = 1000, GROUP = 1000 };

static const char held_rules[] =
    "dimension \"engagement\" { half_life = \"10d\" }\n"
    "score \"page\" { why = \"p\", on = \"page\", points = 40 }\n"
    "stages { \"visitor\", \"mql\"; side = { \"recycled\" } }\n"
    "stage \"mql\" { from = \"visitor\", enter = at_least { engagement = 40 },\n"
    "  leave = below { engagement = 20, held = \"14d\" }, leave_to = \"recycled\" }\n";

static int64_t now_ms = INT64_C(1772442000000);

static int64_t read_clock(void *ctx)
{
    (void)ctx;
    return now_ms;
}

static void send(struct rp_core *core, long first, long count)
{
    struct rp_envelope envelope = {.received_ms = now_ms, .sent_ms = RP_NEVER};
    struct rp_batch *batch = rp_batch_new();
    struct rp_buf body = {0};
    struct rp_err err = {0};

    rp_buf_text(&body, "{\"batch\":[");
    for (long i = 0; i < count; i++) {
        rp_buf_printf(&body, "%s{\"type\":\"page\",\"userId\":\"u%ld\",\"messageId\":\"m%ld\"}",
                      i ? "," : "", first + i, first + i);
    }
    rp_buf_text(&body, "]}");
    if (rp_batch_parse(batch, rp_buf_view(&body), &envelope, NULL, &err) != 0 ||
        rp_core_run(core, batch, &err) != 0) {
        bench_die("run", err.text);
    }
    while (rp_core_idle(core)) {
        continue;
    }
    rp_batch_free(batch);
    rp_buf_fini(&body);
}

static struct rp_core *open_core(const char *path, struct rp_arena *arena)
{
    struct rp_core_options options = {
        .db_path = path, .mode = RP_STORE_SERVE, .clock = {read_clock, NULL}};
    struct rp_files files;
    struct rp_rules *rules = bench_rules(held_rules, NULL, &files, arena);
    struct rp_core *core;
    struct rp_err err = {0};

    if (rp_core_open(&options, &core, &err) != 0 ||
        rp_core_rules(core, rules, &files, RP_STR("bench"), &err) != 0) {
        bench_die("open", err.text);
    }
    return core;
}

static void pending(long count, const char *path)
{
    struct rp_arena arena;
    struct rp_core *core;
    struct rp_err err = {0};
    double start, opened;
    long judged = 0, before_kb, kb;
    int got;

    rp_arena_init(&arena);
    core = open_core(path, &arena);
    for (long at = 0; at < count; at += GROUP) {
        now_ms += 10;
        send(core, at, count - at < GROUP ? count - at : GROUP);
    }
    rp_core_close(core);
    before_kb = bench_rss_kb();
    start = bench_cpu_s();
    core = open_core(path, &arena);
    opened = bench_cpu_s() - start;
    kb = bench_rss_kb();
    start = bench_cpu_s();
    for (int i = 0; i < 5; i++) { /* an idle second of the writer */
        (void)rp_core_timers_due(core);
        (void)rp_core_idle(core);
    }
    printf("pending=%ld open_ms=%.0f heap_mb=%.0f rss_peak_mb=%.0f (before %.0f) idle_us=%.0f\n",
           count, opened * 1e3, (double)count * 16 / 1048576, (double)kb / 1024,
           (double)before_kb / 1024, (bench_cpu_s() - start) * 1e6);
    fflush(stdout);
    now_ms += 60 * RP_DAY;
    start = bench_cpu_s();
    while ((got = rp_core_timers_run(core, now_ms, GROUP, &err)) > 0) {
        judged += got;
    }
    if (got < 0) {
        bench_die("timers", err.text);
    }
    printf("judged=%ld us/timer=%.1f\n", judged, (bench_cpu_s() - start) * 1e6 / (double)judged);
    rp_core_close(core);
    rp_arena_fini(&arena);
}

/* Leads of the directory's rules, each with so many events; then the derivation alone. */
static void derivation(const char *folder, long count)
{
    static const char *const kinds[] = {"page", "track\",\"event\":\"Webinar Attended",
                                        "track\",\"event\":\"Demo Requested", "identify"};
    struct rp_lead *leads = calloc(LEADS, sizeof(*leads));
    struct rp_envelope envelope = {.received_ms = now_ms, .sent_ms = RP_NEVER};
    struct rp_arena arena, work, events;
    struct rp_files files;
    struct rp_rules *rules;
    struct rp_fold fold;
    struct rp_err err = {0};
    struct rp_vm *vm;
    size_t found = 0;
    double start;

    rp_arena_init(&arena);
    rp_arena_init(&work);
    rp_arena_init(&events);
    rules = bench_rules(NULL, folder, &files, &arena);
    vm = rp_vm_new(rules, &err);
    rp_fold_init(&fold, rules, vm, &work);
    for (int i = 0; i < LEADS; i++) {
        rp_lead_init(&leads[i]);
        leads[i].created_ms = now_ms;
        for (int e = 0; e < 20; e++) {
            struct rp_str item = rp_arena_printf(
                &events,
                "{\"type\":\"%s\",\"userId\":\"u%d\",\"messageId\":\"m%d-%d\",\"properties\":{"
                "\"path\":\"/pricing/%d\"},\"traits\":{\"title\":\"VP Sales\",\"email\":"
                "\"u%d@globex.test\",\"employees\":500}}",
                kinds[(i + e) % 17 == 0  ? 1
                      : (i + e) % 5 == 0 ? 3
                                         : 0],
                i, i, e, e, i);
            struct rp_decision decision = {0};
            struct rp_event event;
            struct rp_str why;

            envelope.received_ms = now_ms + e * RP_DAY;
            if (rp_event_parse(&events, item, &envelope, &event, &why) != RP_REJECT_NONE) {
                bench_die("event", why.ptr);
            }
            rp_fold_event(&fold, &leads[i], &event, &decision);
            rp_judge(&fold, &leads[i], &event, event.received_ms, &decision);
            rp_arena_reset(&work);
        }
    }
    start = bench_cpu_s();
    for (long i = 0; i < count; i++) {
        found += rp_timer_next(&fold, &leads[i % LEADS], false).at_ms != 0;
        rp_arena_reset(&work);
    }
    printf("derive ns=%.0f with_timer=%.0f%%\n", (bench_cpu_s() - start) * 1e9 / (double)count,
           100.0 * (double)found / (double)count);
    for (int i = 0; i < LEADS; i++) {
        rp_lead_fini(&leads[i]);
    }
    free(leads);
    rp_fold_fini(&fold);
    rp_vm_free(vm);
    rp_rules_free(rules);
    rp_arena_fini(&events);
    rp_arena_fini(&work);
    rp_arena_fini(&arena);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "rules";
    long count = argc > 2 ? strtol(argv[2], NULL, 10) : 200000;
    long waiting = argc > 3 ? strtol(argv[3], NULL, 10) : 100000;
    char path[] = "/tmp/ripen-timers-XXXXXX";
    char file[64];

    derivation(folder, count);
    if (!mkdtemp(path)) {
        bench_die("folder", path);
    }
    snprintf(file, sizeof(file), "%s/a.db", path);
    pending(waiting, file);
    for (size_t i = 0; i < 4; i++) {
        static const char *const ends[] = {"", "-wal", "-shm", "-lock"};
        char name[80];

        snprintf(name, sizeof(name), "%s%s", file, ends[i]);
        (void)unlink(name);
    }
    (void)rmdir(path);
    return 0;
}
