/* SPDX-License-Identifier: MIT */
/* ripen report experiment NAME */
#include "cli/report.h"

int rp_cmd_report_experiment(const struct rp_command *command, int argc, char **argv)
{
    struct rp_reporting reporting = {0};
    char *arguments[1] = {0};
    const struct rp_option options[] = {
        {"db", "FILE", "the database (ripen.db)", &reporting.db, NULL},
        {"at", "TIME", "the moment that counts as now (now)", &reporting.at, NULL},
        {"format", "text|json", "how to print", &reporting.format_text, NULL},
        {"config", "FILE", "ripen.lua", &reporting.config, NULL},
        {0},
    };
    int count = rp_options_parse(command, options, argc, argv, arguments);

    if (count < 0) {
        return count == -1 ? RP_EXIT_DONE : RP_EXIT_FAILED;
    }
    reporting.query.name = rp_str_from(arguments[0]);
    return rp_reporting_run(&reporting, rp_report_experiment);
}
