/* SPDX-License-Identifier: MIT */
/* The queue of tasks as people use it: read, claim, note, done. What came of a task becomes an
 * event of the lead, so that stages, statuses and reports see it. */
#ifndef RP_CORE_TASKS_H
#define RP_CORE_TASKS_H

#include "base/buf.h"
#include "core/core.h"
#include "core/reader.h"
#include "store/tasks.h"

/* A transaction of its own each, on the core's thread. `task` is its number as text. The answer is
 * the task as JSON. EINPUT, ENOTFOUND; EDENIED: somebody else has it, or it is done.
 *
 * done: `outcome` names what happened: accepted, attempted, meeting, postponed (until says the
 * day), rejected (reason) become the events that they are called by; any other one is Task Done. A
 * second `done` after a failure between the two halves sends no second event. */
struct rp_task_ask {
    struct rp_str task, author, outcome, reason, until, text;
};
int rp_core_task_claim(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                       struct rp_err *err);
int rp_core_task_note(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                      struct rp_err *err);
int rp_core_task_done(struct rp_core *core, const struct rp_task_ask *ask, struct rp_buf *out,
                      struct rp_err *err);

/* The number of a task; EINPUT with a sentence. */
int rp_task_parse(struct rp_str text, int64_t *ret_id, struct rp_err *err);

/* Reading. JSON: an array of tasks; text: two lines a task. */
int rp_reader_tasks(struct rp_reader *reader, const struct rp_task_filter *filter, size_t limit,
                    size_t columns, enum rp_format format, bool colour, struct rp_buf *out,
                    struct rp_err *err);
int rp_reader_task(struct rp_reader *reader, int64_t id, int64_t now_ms, struct rp_buf *out,
                   struct rp_err *err);
struct rp_jw;
void rp_task_json(const struct rp_task_row *row, int64_t now_ms, struct rp_jw *jw);

#endif
