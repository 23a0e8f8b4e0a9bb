/* SPDX-License-Identifier: MIT */
/* Amendments: what people decide, asked for as data. Corrections of a lead, who is who, its tasks
 * and sequences; and beside leads: experiments, deliveries, the suppression list. The command line
 * without a server, a server for the command line and the API all come through here. */
#ifndef RP_CORE_AMEND_H
#define RP_CORE_AMEND_H

#include "base/buf.h"
#include "core/core.h"

/* Does what `verb` asks, in transactions of its own on the core's thread:
 *   "stage"   {"lead","stage","reason","author"}
 *   "points"  {"lead","points","dimension","reason","author","until"}
 *   "void"    {"messageId","lead"?,"reason","author"}
 *   "note"    {"lead","text","author"}
 *   "assign"  {"lead","owner","reason","author"}; EDENIED: whom the lead's cool-down bars
 *   "task-claim" {"task","author"}, "task-note" {"task","text","author"},
 *   "task-done" {"task","outcome","reason","until","text","author"}: core/tasks.h
 *   "bulk"    core/bulk.h
 *   "sequence-pause", "sequence-cancel" {"lead","sequence"?,"reason","author"},
 *   "sequence-resume" {"lead","sequence"?,"step"?,"author"}: core/sequences.h
 *   "evaluate" {"stage"?,"after"?}: a portion, core/evaluate.h
 *   "suppress", "unsuppress" {"lead","reason","author"}: an address or a lead, core/gate.h
 *   "unmerge" {"lead","author"}
 *   "forget"  {"lead"}
 *   "experiment_start" {"experiment"}, "experiment_stop", "experiment_promoted" with "reason" too
 *   "pause"   {"scope","reason","author"}: deliveries (core/outgoing.h)
 *   "resume"  {"scope","author"}
 * `author` is who asks when the body names nobody. The first five are corrections. Returns 0 with
 * the answer as a JSON object on `out`; EINPUT (what is wrong with the body), ENOTFOUND, EDENIED,
 * or the store's errors. */
int rp_core_amend(struct rp_core *core, struct rp_str verb, struct rp_str body,
                  struct rp_str author, struct rp_buf *out, struct rp_err *err);
bool rp_amend_knows(struct rp_str verb);

#endif
