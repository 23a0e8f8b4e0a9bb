/* SPDX-License-Identifier: MIT */
/* What can be loaded and is probably not meant: the checks behind the form and the names. Each
 * reads and reports; none changes anything. */
#ifndef RP_ENGINE_LINT_H
#define RP_ENGINE_LINT_H

#include "engine/compile.h"
#include "engine/declare.h"

/* lint_reads.c: names and fields in the functions of the file that ran last; its declarations
 * start at `first`. Uses the sandbox's names. */
void rp_lint_reads(struct rp_recorder *recorder, struct rp_sandbox *sandbox, uint32_t file,
                   uint32_t first);

/* lint_reach.c: what a dimension (RP_NONE: the total) can hold, in thousandths, seen with a
 * model's points. */
struct rp_reach {
    int64_t highest, lowest; /* INT64_MAX, INT64_MIN: without bound */
    bool rises, falls, used;
};
struct rp_reach rp_reach_of(const struct rp_rules *rules, const struct rp_model *model,
                            uint32_t dim);
void rp_lint_thresholds(struct rp_compile *compile);

/* lint_dispatch.c: what costs at every event. Reads the index. */
void rp_lint_dispatch(struct rp_diagnosis *diagnosis, const struct rp_rules *rules);

/* lint_rules.c, lint_stages.c, lint_fields.c */
void rp_lint_rules(struct rp_compile *compile);
void rp_lint_stages(struct rp_compile *compile);
void rp_lint_fields(struct rp_compile *compile);

#endif
