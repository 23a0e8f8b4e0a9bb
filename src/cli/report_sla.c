/* SPDX-License-Identifier: MIT */
/* ripen report sla */
#include "cli/report.h"

int rp_cmd_report_sla(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    const char *stage = NULL;
    const struct rp_option options[] = {
        {"stage", "STAGE", "what is handed to sales (the first stage with `due`, else mql)", &stage,
         NULL},
        RP_REPORTING_OPTIONS(reporting),
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, NULL);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    reporting.query.stage = rp_str_from(stage ? stage : "");
    return rp_reporting_run(&reporting, rp_report_sla);
}
