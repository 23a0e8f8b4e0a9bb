/* SPDX-License-Identifier: MIT */
/* Reports: questions about all leads, answered from the file by a reader. Each stands in its own
 * file report_<name>.c and in the table, so that the command line and the API have it. Read-only;
 * one thread a reader. */
#ifndef RP_CORE_REPORT_H
#define RP_CORE_REPORT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/when.h"
#include "core/reader.h"

#include <stddef.h>
#include <stdint.h>

struct rp_report_query {
    struct rp_str name; /* of what is reported, where a report has one: an experiment; "" */
    struct rp_str by;   /* "source", "campaign", "owner", "country", a trait … ; "": not split */
    int64_t since_ms;   /* RP_NEVER: from the beginning */
    int64_t until_ms;   /* RP_NEVER: until now */
    int64_t now_ms;
    struct rp_str stage, outcome; /* what is decided, and what makes it right; "": mql, sql */
    int64_t within_ms;            /* how far back from a decision trends look; 0: 30 days */
    int64_t window_ms;            /* in which the outcome must come; 0: 60 days */
    double capacity;              /* leads that sales can take a week; 0: not said */
    double value, cost;           /* of an outcome, of working a lead; 0: not said */
};

/* Writes text (80 columns) or JSON onto out. EINPUT, ENOTFOUND with a sentence. */
typedef int rp_report_fn(struct rp_reader *reader, const struct rp_report_query *query,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err);

rp_report_fn rp_report_funnel, rp_report_rules, rp_report_actions_done, rp_report_thresholds,
    rp_report_trends, rp_report_sla;

rp_report_fn rp_report_experiment; /* query->name says which */

struct rp_report {
    const char *name; /* NULL ends the table */
    rp_report_fn *run;
    bool named; /* needs query->name */
};
extern const struct rp_report rp_reports[];
/* NULL: there is none of this name. */
const struct rp_report *rp_report_find(struct rp_str name);

#endif
