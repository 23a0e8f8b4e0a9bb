/* SPDX-License-Identifier: MIT */
/* Questions about experiments, answered by a reader: which there are, and what one would need. The
 * report on one is rp_report_experiment. */
#ifndef RP_CORE_EXPERIMENTS_H
#define RP_CORE_EXPERIMENTS_H

#include "base/buf.h"
#include "base/err.h"
#include "core/reader.h"

#include <stdint.h>

/* JSON: {"experiments":[{"name","salt","mode","by","state","declared","arms":[…],"goal",
 * "startedAt","stoppedAt","why","period","units"}]}. Text: a table. */
int rp_reader_experiments(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                          struct rp_err *err);

struct rp_plan_wish {
    double effect; /* relative rise worth having: 0.10 */
    double power;  /* 0.80 */
    double rate;   /* that succeeds today; 0: as the file says */
    int64_t now_ms;
};
/* How many units an arm and how many days an experiment of the rules in force needs, and what a
 * shadow would need for as much. ENOTFOUND: the rules declare none of that name. */
int rp_reader_experiment_plan(struct rp_reader *reader, struct rp_str name,
                              const struct rp_plan_wish *wish, enum rp_format format,
                              struct rp_buf *out, struct rp_err *err);

#endif
