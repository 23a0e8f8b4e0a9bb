/* SPDX-License-Identifier: MIT */
/* The routes that ask about leads: lists as JSON and CSV, one lead, the explanation of its score.
 */
#include "net/answer.h"
#include "web/api_priv.h"

#define LEADS_MAX 10000

/* --- questions, on a worker --- */

static int run_leads(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_leads(reader, &job->query, RP_FORMAT_JSON, false, &job->out, err);
}

static int run_lead(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_lead(reader, job->lead, job->at_ms, RP_FORMAT_JSON, false, &job->out, err);
}

static int run_explain(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_explain(reader, job->lead, job->at_ms, RP_FORMAT_JSON, false, &job->out, err);
}

static int run_leads_csv(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_leads_csv(reader, &job->query, NULL, NULL, &job->out, err);
}

/* --- routes --- */

static bool is_sort(struct rp_str sort)
{
    static const char *const known[] = {"", "score", "recent", "created"};

    for (size_t i = 0; i < RP_COUNT(known); i++) {
        if (rp_str_is(sort, known[i]))
            return true;
    }
    return false;
}

void rp_api_get_leads(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str limit = rp_http_query(request, "limit");
    struct rp_str format = rp_http_query(request, "format");
    bool csv = rp_str_is(format, "csv");
    struct rp_api_job job = {.run = csv ? run_leads_csv : run_leads,
                             .content_type = csv ? "text/csv; charset=utf-8" : NULL};

    (void)rest;
    job.query.stage = rp_http_query(request, "stage");
    job.query.status = rp_http_query(request, "status");
    job.query.segment = rp_http_query(request, "segment");
    job.query.owner = rp_http_query(request, "owner");
    job.query.sort = rp_http_query(request, "sort");
    job.query.now_ms = rp_clock_now(&api->options.clock);
    job.query.limit = limit.len ? rp_api_count(limit, LEADS_MAX) : csv ? LEADS_MAX : 0;
    if (limit.len > 0 && job.query.limit == 0)
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena, "limit is \"%.*s\": give 1 to %d",
                                      RP_STR_ARG(limit), LEADS_MAX));
    else if (format.len > 0 && !csv && !rp_str_is(format, "json"))
        rp_http_error(request, 400, "bad_request", RP_STR("format is json or csv"));
    else if (!is_sort(job.query.sort))
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena,
                                      "sort is \"%.*s\": give score, recent or created",
                                      RP_STR_ARG(job.query.sort)));
    else
        rp_api_hand_out(api, request, &job);
}

void rp_api_get_lead(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_job job = {.run = run_lead, .lead = rest};

    job.at_ms = rp_clock_now(&api->options.clock);
    rp_api_hand_out(api, request, &job);
}

void rp_api_get_explain(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str at = rp_http_query(request, "at");
    struct rp_api_job job = {.run = run_explain, .lead = rest};

    job.at_ms = rp_clock_now(&api->options.clock);
    if (at.len > 0 && !rp_time_parse(at, &job.at_ms))
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena,
                                      "at is \"%.*s\": give a time such as 2026-03-02T09:00:00Z",
                                      RP_STR_ARG(at)));
    else
        rp_api_hand_out(api, request, &job);
}
