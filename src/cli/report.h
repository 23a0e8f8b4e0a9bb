/* SPDX-License-Identifier: MIT */
/* What the reports' commands share: `ripen report NAME` opens a reader, asks one function of
 * core/report.h and prints. */
#ifndef RP_CLI_REPORT_H
#define RP_CLI_REPORT_H

#include "cli/commands.h"
#include "core/report.h"

extern const struct rp_command rp_report_commands[]; /* ripen report NAME; ended by a NULL name */

rp_command_fn rp_cmd_report_funnel, rp_cmd_report_rules, rp_cmd_report_actions,
    rp_cmd_report_thresholds, rp_cmd_report_trends, rp_cmd_report_sla;

rp_command_fn rp_cmd_report_experiment;

struct rp_reporting {
    const char *db, *by, *since, *until, *at, *format_text, *config;
    struct rp_report_query query; /* further fields are the command's to fill in */
};

/* The rows of a command's table that every report has; `r` is its struct rp_reporting. */
#define RP_REPORTING_PLAIN(r)                                                                      \
    {"db", "FILE", "the database (ripen.db)", &(r).db, NULL},                                      \
        {"since", "TIME", "from this moment on (the beginning); 90d: so long ago", &(r).since,     \
         NULL},                                                                                    \
        {"until", "TIME", "up to this moment (now)", &(r).until, NULL},                            \
        {"at", "TIME", "the moment that counts as now (now)", &(r).at, NULL},                      \
        {"format", "text|json", "how to print", &(r).format_text, NULL},                           \
    {                                                                                              \
        "config", "FILE", "ripen.lua", &(r).config, NULL                                           \
    }
/* Of those that can be split too. */
#define RP_REPORTING_OPTIONS(r)                                                                    \
    {"by", "FACT", "split by source, campaign, medium, owner, country or another fact", &(r).by,   \
     NULL},                                                                                        \
        RP_REPORTING_PLAIN(r)

/* Reads the options, runs the report and prints it; returns the exit status. */
int rp_reporting_run(struct rp_reporting *reporting, rp_report_fn *report);
/* "2026-03-01", or "90d": so long before now_ms; NULL: RP_NEVER. False with a message. */
bool rp_reporting_moment(const char *option, const char *text, int64_t now_ms, int64_t *ret_ms);
/* --stage, --outcome and --window of a command that has them; NULL: not given. False with a
 * message.
 */
bool rp_reporting_stages(struct rp_reporting *reporting, const char *stage, const char *outcome,
                         const char *window);
/* A number of an option; NULL leaves *ret_value. False with a message. */
bool rp_reporting_number(const char *option, const char *text, double *ret_value);

#endif
