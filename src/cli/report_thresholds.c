/* SPDX-License-Identifier: MIT */
/* ripen report thresholds */
#include "cli/report.h"

int rp_cmd_report_thresholds(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const char *stage = NULL, *outcome = NULL, *window = NULL;
    const char *capacity = NULL, *value = NULL, *cost = NULL;
    const struct rp_option options[] = {
        {"stage", "STAGE", "whose threshold is asked for (mql)", &stage, NULL},
        {"outcome", "STAGE", "the stage that makes a lead right (sql)", &outcome, NULL},
        {"window", "TIME", "in which the outcome must come (60d)", &window, NULL},
        {"capacity", "N", "leads that sales can take a week: which threshold fits", &capacity,
         NULL},
        {"value", "N", "what an outcome is worth: which threshold leaves most", &value, NULL},
        {"cost", "N", "what it costs to work a lead (0)", &cost, NULL},
        RP_REPORTING_PLAIN(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!rp_reporting_stages(&reporting, stage, outcome, window) ||
        !rp_reporting_number("capacity", capacity, &reporting.query.capacity) ||
        !rp_reporting_number("value", value, &reporting.query.value) ||
        !rp_reporting_number("cost", cost, &reporting.query.cost)) {
        return RP_EXIT_FAILED;
    }
    return rp_reporting_run(&reporting, rp_report_thresholds);
}
