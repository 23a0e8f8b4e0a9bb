/* SPDX-License-Identifier: MIT */
/* What the funnel counts, between its counting and its printing. Internal to core/. */
#ifndef RP_CORE_REPORT_FUNNEL_H
#define RP_CORE_REPORT_FUNNEL_H

#include "core/reader_priv.h"
#include "core/report.h"
#include "core/report_by.h"

/* One stage of one group. */
struct rp_funnel_stage {
    int64_t entries, passed; /* decisions that entered it; of these left in the same moment */
    int64_t leads, went_on; /* that entered it; of these came into a later stage of the main line */
    int64_t still, fell_back; /* are there; moved back or aside, next */
    double *times;            /* milliseconds of each stay that did not pass … */
    uint8_t *ended;           /* … and whether it is over */
    size_t time_count, time_cap;
};
struct rp_funnel_group {
    struct rp_funnel_stage *stages;
    int64_t *moves; /* [from * stage_count + to] */
    int64_t leads;
};
struct rp_funnel_reason {
    struct rp_str event, text;
    int64_t count;
    int64_t *groups; /* [group] */
    size_t group_cap;
};
struct rp_funnel {
    struct rp_arena arena;
    const struct rp_rules *rules;
    uint32_t mql;
    struct rp_funnel_group *groups;
    size_t group_count, group_cap;
    struct rp_funnel_reason *reasons;
    size_t reason_count, reason_cap;
    int64_t *score_ids, *rejected_by; /* [score]: of those rejected, who had its points */
    int64_t rejected, unknown;        /* unknown: moves into stages that the rules do not know */
};
void rp_funnel_fini(struct rp_funnel *funnel);
void rp_funnel_print(struct rp_funnel *funnel, const struct rp_by *by,
                     const struct rp_report_query *query, enum rp_format format,
                     struct rp_buf *out);

#endif
