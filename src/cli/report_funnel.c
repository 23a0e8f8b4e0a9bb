/* SPDX-License-Identifier: MIT */
/* ripen report funnel */
#include "cli/report.h"

int rp_cmd_report_funnel(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const struct rp_option options[] = {
        RP_REPORTING_OPTIONS(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    return rp_reporting_run(&reporting, rp_report_funnel);
}
