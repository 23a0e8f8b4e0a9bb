/* SPDX-License-Identifier: MIT */
/* ripen report NAME: a table of reports, each a command of its own in report_<name>.c; and what
 * they share. Reports read the file alone, whether or not a server runs beside. */
#include "cli/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct rp_command rp_report_commands[] = {
    {"report funnel", "", "Stage by stage: who came in, went on, fell back, and how long it took.",
     rp_cmd_report_funnel, 0, 0},
    {"report rules", "",
     "For each rule: how often it gave points, to whom, and whether these turned out right.",
     rp_cmd_report_rules, 0, 0},
    {"report actions", "", "What became of each action: delivered, held and why, dead; how soon.",
     rp_cmd_report_actions, 0, 0},
    {"report trends", "",
     "Which events, pages, campaigns go along with the outcome, and what changed.",
     rp_cmd_report_trends, 0, 0},
    {"report thresholds", "",
     "For each threshold: how many leads a week, and how many of them turn out right.",
     rp_cmd_report_thresholds, 0, 0},
    {"report sla", "", "How soon sales answer what they are given, by owner or team.",
     rp_cmd_report_sla, 0, 0},
    {"report experiment", "NAME",
     "What an experiment shows so far: one word, one sentence, and what they stand on.",
     rp_cmd_report_experiment, 1, 1},
    {NULL, NULL, NULL, NULL, 0, 0},
};

bool rp_reporting_moment(const char *option, const char *text, int64_t now_ms, int64_t *ret_ms)
{
    struct rp_buf guess = {0};
    int64_t span;

    *ret_ms = RP_NEVER;
    if (!text) {
        return true;
    }
    if (rp_duration_parse(rp_str_from(text), &span)) {
        *ret_ms = now_ms - span;
        return true;
    }
    if (strcmp(text, "now") == 0) {
        *ret_ms = now_ms;
        return true;
    }
    if (rp_time_parse(rp_str_from(text), ret_ms)) {
        return true;
    }
    if (rp_duration_guess(&guess, rp_str_from(text))) {
        rp_complain("--%s is \"%s\"; write %s", option, text, guess.ptr);
        rp_buf_fini(&guess);
        return false;
    }
    rp_complain("--%s is \"%s\": give a time such as 2026-03-02 or 2026-03-02T09:00:00Z, or how "
                "long ago, such as 90d",
                option, text);
    return false;
}

bool rp_reporting_number(const char *option, const char *text, double *ret_value)
{
    char *end;

    if (!text) {
        return true;
    }
    *ret_value = strtod(text, &end);
    if (end != text && *end == '\0' && *ret_value >= 0 && *ret_value < 1e15) {
        return true;
    }
    rp_complain("--%s is \"%s\": give a number, 0 or more", option, text);
    return false;
}

bool rp_reporting_stages(struct rp_reporting *r, const char *stage, const char *outcome,
                         const char *window)
{
    r->query.stage = rp_str_from(stage ? stage : "");
    r->query.outcome = rp_str_from(outcome ? outcome : "");
    return rp_span_parse("window", window, &r->query.window_ms);
}

int rp_reporting_run(struct rp_reporting *r, rp_report_fn *report)
{
    int format = rp_format_parse(r->format_text);
    struct rp_reader *reader = NULL;
    struct rp_setup setup = {0};
    struct rp_buf out = {0};
    struct rp_err err = {0};
    int status;

    if (format < 0 || !rp_moment_parse(r->at, rp_clock_system().now_ms(NULL), &r->query.now_ms) ||
        !rp_reporting_moment("since", r->since, r->query.now_ms, &r->query.since_ms) ||
        !rp_reporting_moment("until", r->until, r->query.now_ms, &r->query.until_ms)) {
        return RP_EXIT_FAILED;
    }
    r->query.by = rp_str_from(r->by ? r->by : "");
    status = rp_setup_config(&setup, NULL, r->config);
    if (status == RP_EXIT_DONE) {
        status = rp_reader_open(rp_setup_db(&setup, r->db), NULL, NULL, &reader, &err);
        if (status == 0) {
            status = report(reader, &r->query, (enum rp_format)format, &out, &err);
        }
        status = status == 0 ? rp_print(&out) : rp_fail(&err);
        rp_reader_close(reader);
    }
    rp_buf_fini(&out);
    rp_setup_fini(&setup);
    return status;
}

int rp_cmd_report(const struct rp_command *command, int argc, char **argv)
{
    return rp_verbs_run(command, argc, argv);
}
