/* SPDX-License-Identifier: MIT */
/* A life: the steps one after the other, until the process ends by a fault, on purpose, or because
 * all steps are done. */
#include "base/log.h"
#include "core/evaluate.h"
#include "sim.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* 2026-03-02T09:00:00Z */
#define T0 INT64_C(1772442000000)

struct sim *sim;
struct life life;

void die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(sim->failure, sizeof(sim->failure), fmt, args);
    va_end(args);
    _exit(1);
}

void say(const char *fmt, ...)
{
    va_list args;

    if (!sim->verbose) {
        return;
    }
    va_start(args, fmt);
    printf("    ");
    vprintf(fmt, args);
    printf("\n");
    (void)fflush(stdout);
    va_end(args);
}

int below(int limit)
{
    return random_below(&sim->random, limit);
}

bool chance(int percent)
{
    return below(100) < percent;
}

static int64_t clock_now(void *ctx)
{
    (void)ctx;
    return sim->now_ms;
}

void pass(int64_t ms)
{
    sim->back_ms = ms < 0 ? sim->newest_ms : sim->back_ms;
    sim->now_ms += ms;
    sim->newest_ms = sim->now_ms > sim->newest_ms ? sim->now_ms : sim->newest_ms;
}

/* ---- Ends of a life ---------------------------------------------------------------------------
 */

static void end_badly(void)
{
    if (chance(60)) {
        disk_cut();
    }
    _exit(DISK_CRASHED);
}

static void end_well(int code)
{
    rp_core_close(life.core);
    _exit(code);
}

void failed(int status, const struct rp_err *err, const char *what)
{
    if (status == 0) {
        return;
    }
    say("%s: %s", what, err->text);
    if (disk_sync_failed()) {
        end_badly();
    }
    if (status != RIPEN_EFULL) {
        die("%s failed: %s", what, err->text);
    }
}

/* ---- Steps ------------------------------------------------------------------------------------
 */

static void clock_step(void)
{
    static const int64_t far[] = {RP_SECOND, RP_MINUTE, RP_HOUR, 6 * RP_HOUR, RP_DAY, 7 * RP_DAY};

    pass(far[below(6)] * (1 + below(4)) + below(1000));
}

static void clock_back_step(void)
{
    pass(-(RP_MINUTE * below(300)));
}

void timers_step(void)
{
    struct counts before = counts_now();
    struct rp_err err = {0};
    int judged = 1;

    for (int i = 0; i < 60 && judged > 0; i++) {
        judged = rp_core_timers_run(life.core, sim->now_ms, 1 + (size_t)below(50), &err);
        sim->timers += judged > 0 ? judged : 0;
    }
    if (judged < 0) {
        failed(judged, &err, "timers");
        return;
    }
    if (judged == 0 && rp_core_timers_due(life.core) <= sim->now_ms) {
        die("a timer of %lld was not judged at %lld", (long long)rp_core_timers_due(life.core),
            (long long)sim->now_ms);
    }
    if (ask("SELECT count(*) FROM move_rows WHERE id > ? AND at_ms > ?", before.moves,
            sim->now_ms) > 0 ||
        ask("SELECT count(*) FROM status_rows WHERE id > ? AND at_ms > ?", before.statuses,
            sim->now_ms) > 0 ||
        ask("SELECT count(*) FROM outbox WHERE id > ? AND created_ms > ?", before.actions,
            sim->now_ms) > 0) {
        die("a timer was early");
    }
}

static void idle_step(void)
{
    for (int i = 1 + below(12); i > 0; i--) {
        pass(chance(30) ? 1100 : 3);
        if (!rp_core_idle(life.core)) {
            break;
        }
    }
    retention_settle();
}

static void flush_step(void)
{
    struct rp_err err = {0};

    failed(rp_core_flush(life.core, &err), &err, "a flush");
}

static void put_rules(const struct knobs *knobs)
{
    struct counts before = counts_now();
    struct knobs now = sim->knobs;
    struct rp_err err = {0};
    int status;

    sim->knobs = *knobs; /* a crash on the way leaves either */
    status = rules_put(knobs, false, &err);
    if (status != 0) {
        sim->knobs = now;
        failed(status, &err, "a swap");
        return;
    }
    sim->knobs_before = now;
    sim->swaps_done++;
    note_swap();
    expect_counts(&before, "a swap");
    check_stuck();
}

static void edit_step(void)
{
    struct knobs knobs = sim->knobs;

    for (int i = 1 + below(3); i > 0; i--) {
        knobs_edit(&knobs);
    }
    put_rules(&knobs);
}

static void rollback_step(void)
{
    struct knobs knobs = sim->knobs_before;

    put_rules(&knobs);
}

static void broken_step(void)
{
    rules_refuse();
}

static void sweep_step(void)
{
    struct counts before = counts_now();
    struct timespec pause = {.tv_nsec = 100000};
    struct rp_sweep_progress progress;
    bool busy = chance(30);

    for (int i = chance(50) ? 400 : 1 + below(20); i > 0 && sim->workers; i--) {
        if (!rp_core_sweep_step(life.core, busy)) {
            nanosleep(&pause, NULL);
        }
        rp_core_sweep_progress(life.core, &progress);
        if (!progress.active) {
            break;
        }
    }
    expect_counts(&before, "the sweep");
}

static void no_matter(void *ctx, const struct rp_would *would)
{
    (void)ctx;
    (void)would;
}

/* Somebody has the leads moved after a change of rules. */
static void evaluate_step(void)
{
    struct rp_evaluate_options options = {.now_ms = sim->now_ms, .would = no_matter};
    struct rp_err err = {0};
    int64_t after = 0;
    size_t leads = 0;
    int got = 1;

    while (got > 0) {
        got = rp_core_evaluate(life.core, &options, &after, 1 + below(40), &leads, &err);
    }
    failed(got, &err, "to evaluate stages");
}

static void crash_step(void)
{
    disk_faults.crash_in = 1 + below(chance(50) ? 12 : 120);
    disk_faults.power_cut = sim->cuts || chance(50);
}

static void full_step(void)
{
    disk_faults.full_in = 1 + below(20);
    disk_faults.full_for = 1 + below(6);
}

static void sync_step(void)
{
    disk_faults.sync_in = 1 + below(8);
}

static void reopen_step(void)
{
    if (chance(30)) { /* days of down-time */
        pass(RP_DAY * below(20));
    }
    if (chance(20)) {
        knobs_edit(&sim->knobs); /* rules were edited meanwhile */
    }
    if (sim->cuts) {
        disk_cut();
    }
    if (chance(30)) {
        end_badly();
    }
    end_well(LIFE_AGAIN);
}

static void check_step(void)
{
    check_all(false);
}

static const struct {
    const char *name;
    int weight;
    void (*run)(void);
} steps[] = {
    {"events", 36, traffic_step},
    {"again", 6, resend_step},
    {"deliveries", 8, deliver_step},
    {"timers", 10, timers_step},
    {"idle", 8, idle_step},
    {"flush", 2, flush_step},
    {"clock", 14, clock_step},
    {"clock back", 1, clock_back_step},
    {"correction", 6, correction_step},
    {"un-merge", 2, unmerge_step},
    {"suppress", 2, suppress_step},
    {"pause", 2, pause_step},
    {"sequence", 3, sequence_step},
    {"forget", 1, forget_step},
    {"export", 1, export_step},
    {"edit", 3, edit_step},
    {"roll back", 1, rollback_step},
    {"broken edit", 1, broken_step},
    {"sweep", 3, sweep_step},
    {"retention", 3, retention_step},
    {"evaluate", 1, evaluate_step},
    {"crash", 3, crash_step},
    {"disk full", 2, full_step},
    {"failed sync", 1, sync_step},
    {"reopen", 2, reopen_step},
    {"check", 2, check_step},
};

static void run_step(void)
{
    struct counts before = {0};
    int weights = 0;
    int at = 0;
    int draw;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        weights += steps[i].weight;
    }
    draw = below(weights);
    while (draw >= steps[at].weight) {
        draw -= steps[at++].weight;
    }
    sim->step++;
    snprintf(sim->doing, sizeof(sim->doing), "step %d (%s)", sim->step, steps[at].name);
    say("%s at %lld, life %d%s", sim->doing, (long long)sim->now_ms, sim->lives,
        sim->history ? ", history" : "");
    if (sim->history) {
        before = counts_now();
    }
    steps[at].run();
    if (sim->history && counts_now().actions != before.actions) {
        die("history caused actions");
    }
    if (disk_sync_failed()) {
        end_badly();
    }
}

/* ---- The whole --------------------------------------------------------------------------------
 */

static void open_core(void)
{
    struct rp_core_options options = {.db_path = "sim.db",
                                      .mode = RP_STORE_SERVE,
                                      .clock = {clock_now, NULL},
                                      .no_actions = sim->history,
                                      .set_aside = sim->seed % 2 == 0,
                                      .retention_ms = sim->keeps ? KEEP_DAYS * RP_DAY : 0,
                                      .sweep_workers = sim->workers ? 1 : 0};
    struct counts before;
    struct rp_err err = {0};
    int status = rp_core_open(&options, &life.core, &err);

    if (status != 0) {
        die("the store does not open: %s", err.text);
    }
    for (int i = 0; i < RECORDS_MAX; i++) { /* who leased has ended */
        sim->deliveries[i].lease_ms = 0;
    }
    before = counts_now();
    status = rules_put(&sim->knobs, true, &err);
    if (status != 0) {
        die("the rules are not taken: %s", err.text);
    }
    note_swap();
    expect_counts(&before, "recovery");
    check_stuck();
    experiment_begin();
    if (sim->forgetting) {
        forget_settle();
    } else {
        retention_settle();
    }
}

static void finish(void)
{
    sim->step = sim->steps + 1;
    disk_faults = (struct disk_faults){.lying = sim->lying};
    snprintf(sim->doing, sizeof(sim->doing), "the end");
    say("the end");
    check_all(true);
    resume_all();
    deliver_all();
    evaluate_step(); /* no sweep looks at leads of rules before */
    for (int i = 0; i < 8; i++) {
        pass(i * 9 * RP_HOUR);
        timers_step();
    }
    check_overdue();
    check_all(true);
    sim->merges += (int)ask("SELECT count(*) FROM merge_rows");
    sim->actions += (int)ask("SELECT count(*) FROM outbox");
    end_well(0);
}

void live(void)
{
    (void)alarm(120);
    rp_log_set(RP_LOG_ERROR, NULL, NULL);
    sim->lives++;
    sim->history = sim->lives % 7 == 5;
    disk_register(&sim->disk_random);
    disk_faults = (struct disk_faults){.lying = sim->lying};
    if (sim->now_ms == 0) {
        sim->now_ms = sim->newest_ms = T0;
        sim->users = chance(50) ? 3 : 12;
        sim->anonymous = chance(50) ? 5 : 30;
        sim->emails = chance(50) ? 3 : 15;
        sim->workers = sim->seed % 5 == 0;
        sim->keeps = sim->seed % 4 == 1;
        sim->ahead = sim->seed % 3 == 0;
        knobs_make(&sim->knobs);
        sim->knobs_before = sim->knobs;
    } else if (chance(15)) { /* the next crash comes while this life begins */
        disk_faults.crash_in = 1 + below(20);
        disk_faults.power_cut = sim->cuts || chance(50);
    }
    snprintf(sim->doing, sizeof(sim->doing), "life %d begins after step %d", sim->lives, sim->step);
    say("%s", sim->doing);
    open_core();
    while (sim->step < sim->steps) {
        run_step();
    }
    finish();
    _exit(0);
}
