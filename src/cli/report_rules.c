/* SPDX-License-Identifier: MIT */
/* ripen report rules, report actions: what rules gave, what became of actions. */
#include "cli/report.h"

int rp_cmd_report_rules(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const char *stage = NULL, *outcome = NULL, *window = NULL;
    const struct rp_option options[] = {
        {"stage", "STAGE", "the stage that points lead to (mql)", &stage, NULL},
        {"outcome", "STAGE", "the stage that makes a lead right (sql)", &outcome, NULL},
        {"window", "TIME", "in which the outcome must come (60d)", &window, NULL},
        RP_REPORTING_PLAIN(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    if (!rp_reporting_stages(&reporting, stage, outcome, window)) {
        return RP_EXIT_FAILED;
    }
    return rp_reporting_run(&reporting, rp_report_rules);
}

int rp_cmd_report_actions(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const struct rp_option options[] = {
        RP_REPORTING_PLAIN(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    return rp_reporting_run(&reporting, rp_report_actions_done);
}
