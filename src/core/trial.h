/* SPDX-License-Identifier: MIT */
/* Runs the authors' tests: each in a store of its own in memory, through the same run, fold,
 * judging and outbox as served events, in virtual time. Nothing is sent, nothing global is kept,
 * and two runs give the same bytes; several threads may run trials of the same rules at once. */
#ifndef RP_CORE_TRIAL_H
#define RP_CORE_TRIAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/ruleset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rp_trial_options {
    /* Which tests, by name; NULL: all. */
    bool (*wants)(void *ctx, struct rp_str name);
    void *ctx;
    int64_t deadline_us; /* of rp_mono_us; 0: none. Past it no further moment is played */
    bool coverage;       /* fill result->goals */
};

/* An expectation that does not hold. */
struct rp_trial_failure {
    struct rp_str file;
    int line;
    struct rp_str what;             /* "engagement", "fired viewed_pricing" */
    struct rp_str expected, actual; /* as people read them */
    struct rp_str moment;           /* "2h" */
};

struct rp_trial_test {
    struct rp_str name, file;
    int line;
    bool ok;
    struct rp_trial_failure *failures;
    size_t failure_count;
    struct rp_str trace; /* of a failed test: what happened and what nearly did; lines of text */
};

/* Something that tests should reach. */
enum rp_goal_kind {
    RP_GOAL_SCORE,
    RP_GOAL_FIT,
    RP_GOAL_STAGE,
    RP_GOAL_STATUS,
    RP_GOAL_ACTION,
    RP_GOAL_STEP
};
const char *rp_goal_kind_name(enum rp_goal_kind kind);
struct rp_goal {
    enum rp_goal_kind kind;
    struct rp_str name; /* of the rule, stage, action; sequence.step */
    struct rp_str what; /* "fired", "not fired", "entered", "below 50" … */
    struct rp_str file;
    int line;
    bool reached;
};

struct rp_trial_result {
    struct rp_arena arena; /* owns all of it */
    struct rp_trial_test *tests;
    size_t test_count, passed, failed;
    struct rp_goal *goals;
    size_t goal_count, reached, reachable;
};

/* Runs the tests that `rules` were loaded with (rp_load_options.tests). 0 when they could be run,
 * whatever came out: result->failed tells. ENOTFOUND: there are no tests, or none is wanted;
 * EBUDGET: the deadline passed; ESTORE. Free the result in every case. `rules` are only read. */
int rp_trial_run(const struct rp_rules *rules, const struct rp_trial_options *options,
                 struct rp_trial_result *ret_result, struct rp_err *err);
void rp_trial_result_fini(struct rp_trial_result *result);

/* The result as people and machines read it; `threshold` in percent, negative: none. */
enum rp_trial_format { RP_TRIAL_TEXT, RP_TRIAL_JSON, RP_TRIAL_JUNIT, RP_TRIAL_TAP };
void rp_trial_print(struct rp_buf *out, const struct rp_trial_result *result,
                    enum rp_trial_format format, bool coverage, bool colour);
/* The share of goals reached, thousandths of a percent; 100,000 when there are none. */
int64_t rp_trial_percent(const struct rp_trial_result *result);

#endif
