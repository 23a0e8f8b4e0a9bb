/* SPDX-License-Identifier: MIT */
/* What tests of the evaluation share: rules from text, events from JSON, folds in any order. */
#ifndef RP_UNIT_ENGINE_EVAL_RIG_H
#define RP_UNIT_ENGINE_EVAL_RIG_H

#include "engine/fold.h"
#include "engine/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define RIG_START_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

struct rig {
    struct rp_arena arena;
    struct rp_rules *rules;
    struct rp_vm *vm;
    struct rp_fold fold;
};

/* Loads one file of rules; fails the test with the findings when it has errors. */
void rig_open(struct rig *rig, struct rp_str lua);
void rig_close(struct rig *rig);

/* An event of anonymous "a" at the start plus `at_ms`. `rest`: further members,
 * ",\"properties\":{}". */
struct rp_event rig_event(struct rig *rig, const char *type, const char *id, int64_t at_ms,
                          int64_t received_ms, struct rp_str rest);

/* All events in effective order, from nothing. */
void rig_fold_sorted(struct rig *rig, struct rp_lead *lead, const struct rp_event *events,
                     size_t count);
/* One after the other as they arrive: late ones fold the history again. Judges each when `judge`.
 */
void rig_fold_arriving(struct rig *rig, struct rp_lead *lead, const struct rp_event *events,
                       size_t count, bool judge);

/* A small generator with a fixed seed: the same numbers everywhere. */
struct rig_random {
    uint64_t state;
};
uint32_t rig_random(struct rig_random *random, uint32_t below);

#endif
