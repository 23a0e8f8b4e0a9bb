/* SPDX-License-Identifier: MIT */
/* The suppression list over HTTP. Putting addresses on it and taking them off are corrections:
 * /api/corrections/suppress and /unsuppress. */
#include "net/answer.h"
#include "web/api_priv.h"

#define ADDRESSES_DEFAULT 1000
#define ADDRESSES_MAX     10000

static int run_list(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_suppressions(reader, job->query.limit, RP_FORMAT_JSON, &job->out, err);
}

void rp_api_get_suppressions(struct rp_api *api, struct rp_http_request *request,
                             struct rp_str rest)
{
    struct rp_str limit = rp_http_query(request, "limit");
    struct rp_api_job job = {.run = run_list};

    (void)rest;
    job.query.limit = limit.len ? rp_api_count(limit, ADDRESSES_MAX) : ADDRESSES_DEFAULT;
    if (job.query.limit == 0)
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena, "limit is \"%.*s\": give 1 to %d",
                                      RP_STR_ARG(limit), ADDRESSES_MAX));
    else
        rp_api_hand_out(api, request, &job);
}
