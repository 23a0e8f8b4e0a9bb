/* SPDX-License-Identifier: MIT */
/* What report trends collects, between its counting, its statistics and its printing. Internal to
 * core/. */
#ifndef RP_CORE_REPORT_TRENDS_H
#define RP_CORE_REPORT_TRENDS_H

#include "core/reader_priv.h"
#include "core/report.h"
#include "core/report_by.h"
#include "model/stats.h"

/* The newest four are compared with the twelve before. */
#define RP_TREND_WEEKS  16
#define RP_TREND_RECENT 4

/* One thing that leads do or bring along: "event Demo Requested", "page /pricing". */
struct rp_trend_thing {
    struct rp_str name;
    uint32_t *leads; /* numbers in trends->leads, ascending */
    size_t lead_count, lead_cap;
    bool event;                   /* a track's name: its volume is known */
    double weeks[RP_TREND_WEEKS]; /* how often anybody did it, the newest week first */

    /* Lift now: leads with it against leads without. */
    double with, right_with;
    struct rp_lift lift;
    double raw_q;
    bool adjusted; /* the regression could be fitted */
    double coef, coef_se, coef_p, coef_q;
    /* When its lift changed most. */
    bool split;
    int64_t split_ms;
    struct rp_lift before, after;
    double change_z, change_p, change_q;
    /* How often it happens: the newest four weeks against the twelve before. */
    struct rp_rate_ratio volume;
    double volume_p, volume_q; /* with what weeks vary by themselves */
    double newest, earlier;    /* hits */
};

/* A lead whose decision is old enough. */
struct rp_trend_lead {
    int64_t lead, at_ms;
    double activity; /* events within the time before */
    uint32_t group;
    uint8_t right;
};

struct rp_trends {
    struct rp_arena arena;
    const struct rp_report_query *query;
    struct rp_str stage, outcome;
    int64_t until_ms, window_ms, within_ms;
    struct rp_trend_lead *leads; /* by at_ms */
    size_t lead_count, lead_cap, young;
    double right;
    struct rp_trend_thing *things;
    size_t thing_count, thing_cap;
    size_t left_out; /* times that something was met past the bound of things */
    uint32_t *slots; /* hash table of names: number + 1 */
    size_t slot_count;
    struct rp_trend rate; /* of the outcome, week by week */
    bool rising;
    size_t weeks;
    bool by_group;
};

/* report_trends_judge.c */
void rp_trends_judge(struct rp_trends *trends, const struct rp_by *by);
/* "lift", "loss", "activity", "nothing seen", "too few". */
const char *rp_trends_verdict(const struct rp_trend_thing *thing, const struct rp_trends *trends);
bool rp_trends_changed(const struct rp_trend_thing *thing);
/* report_trends_print.c */
void rp_trends_print(struct rp_trends *trends, enum rp_format format, struct rp_buf *out);

#endif
