/* SPDX-License-Identifier: MIT */
/* The routes that ask about experiments: which there are, and the report on one. */
#include "core/experiments.h"
#include "core/report.h"
#include "web/api_priv.h"

static int run_list(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_experiments(reader, RP_FORMAT_JSON, &job->out, err);
}

static int run_report(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    struct rp_report_query query = {
        .name = job->lead, .since_ms = RP_NEVER, .until_ms = RP_NEVER, .now_ms = job->at_ms};

    return rp_report_experiment(reader, &query, RP_FORMAT_JSON, &job->out, err);
}

void rp_api_get_experiments(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_job job = {.run = run_list};

    (void)rest;
    rp_api_hand_out(api, request, &job);
}

void rp_api_get_experiment(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_job job = {.run = run_report, .lead = rest};

    job.at_ms = rp_clock_now(&api->options.clock);
    rp_api_hand_out(api, request, &job);
}
