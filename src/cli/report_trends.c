/* SPDX-License-Identifier: MIT */
/* ripen report trends */
#include "cli/report.h"

int rp_cmd_report_trends(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const char *stage = NULL, *outcome = NULL, *window = NULL, *within = NULL;
    const struct rp_option options[] = {
        {"stage", "STAGE", "the stage before which is looked (mql)", &stage, NULL},
        {"outcome", "STAGE", "the stage that makes a lead right (sql)", &outcome, NULL},
        {"window", "TIME", "in which the outcome must come (60d)", &window, NULL},
        {"within", "TIME", "how far back from the stage is looked (30d)", &within, NULL},
        {"by", "FACT", "compare within source, country or another fact", &reporting.by, NULL},
        RP_REPORTING_PLAIN(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!rp_reporting_stages(&reporting, stage, outcome, window) ||
        !rp_span_parse("within", within, &reporting.query.within_ms)) {
        return RP_EXIT_FAILED;
    }
    return rp_reporting_run(&reporting, rp_report_trends);
}
