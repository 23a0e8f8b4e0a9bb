/* SPDX-License-Identifier: MIT */
/* The table of reports. */
#include "core/report.h"

const struct rp_report rp_reports[] = {
    {"funnel", rp_report_funnel, false},        {"rules", rp_report_rules, false},
    {"actions", rp_report_actions_done, false}, {"thresholds", rp_report_thresholds, false},
    {"trends", rp_report_trends, false},        {"sla", rp_report_sla, false},
    {"experiment", rp_report_experiment, true}, {NULL, NULL, false},
};

const struct rp_report *rp_report_find(struct rp_str name)
{
    for (const struct rp_report *report = rp_reports; report->name; report++) {
        if (rp_str_is(name, report->name)) {
            return report;
        }
    }
    return NULL;
}
