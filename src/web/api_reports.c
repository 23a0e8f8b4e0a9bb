/* SPDX-License-Identifier: MIT */
/* GET /api/reports/NAME?by=&since=&until=&stage=&outcome=&window=…: what `ripen report NAME
 * --format json` prints. Which reports there are, core/report.h knows. */
#include "core/report.h"
#include "net/answer.h"
#include "web/api_priv.h"

/* A question and what it asks; the job is copied, so it stands behind it in the request's arena. */
struct asked {
    const struct rp_report *report;
    struct rp_report_query query;
};

static int run_report(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    const struct asked *asked = job->extra;

    return asked->report->run(reader, &asked->query, RP_FORMAT_JSON, &job->out, err);
}

/* A moment, or how long ago it was ("90d"). False: answered. */
static bool read_moment(struct rp_http_request *request, const char *name, int64_t now_ms,
                        int64_t *ret_ms)
{
    struct rp_str text = rp_http_query(request, name);
    int64_t span;

    *ret_ms = RP_NEVER;
    if (text.len == 0 || rp_time_parse(text, ret_ms))
        return true;
    if (rp_duration_parse(text, &span)) {
        *ret_ms = now_ms - span;
        return true;
    }
    rp_http_error(
        request, 400, "bad_request",
        rp_arena_printf(request->arena,
                        "%s is \"%.*s\": give a time such as 2026-03-02, or how long ago, "
                        "such as 90d",
                        name, RP_STR_ARG(text)));
    return false;
}

static bool read_span(struct rp_http_request *request, const char *name, int64_t *ret_ms)
{
    struct rp_str text = rp_http_query(request, name);

    *ret_ms = 0;
    if (text.len == 0 || (rp_duration_parse(text, ret_ms) && *ret_ms > 0))
        return true;
    rp_http_error(request, 400, "bad_request",
                  rp_arena_printf(request->arena, "%s is \"%.*s\": give a time such as 60d or 8w",
                                  name, RP_STR_ARG(text)));
    return false;
}

static bool read_number(struct rp_http_request *request, const char *name, double *ret_value)
{
    struct rp_str text = rp_http_query(request, name);
    size_t whole = text.len ? rp_api_count(text, 1000000000) : 0;

    *ret_value = (double)whole;
    if (text.len == 0 || whole > 0 || rp_str_is(text, "0"))
        return true;
    rp_http_error(request, 400, "bad_request",
                  rp_arena_printf(request->arena, "%s is \"%.*s\": give a whole number", name,
                                  RP_STR_ARG(text)));
    return false;
}

void rp_api_get_report(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct asked *asked = RP_ARENA_NEW(request->arena, struct asked);
    struct rp_report_query *query = &asked->query;
    struct rp_api_job job = {.run = run_report, .extra = asked};

    asked->report = rp_report_find(rest);
    if (!asked->report) {
        rp_http_error(
            request, 404, "not_found",
            rp_arena_printf(request->arena, "there is no report \"%.*s\"", RP_STR_ARG(rest)));
        return;
    }
    query->now_ms = rp_clock_now(&api->options.clock);
    query->name = rp_http_query(request, "name");
    query->by = rp_http_query(request, "by");
    query->stage = rp_http_query(request, "stage");
    query->outcome = rp_http_query(request, "outcome");
    if (asked->report->named && query->name.len == 0)
        rp_http_error(request, 400, "bad_request", RP_STR("give the name of what is reported"));
    else if (read_moment(request, "since", query->now_ms, &query->since_ms) &&
             read_moment(request, "until", query->now_ms, &query->until_ms) &&
             read_span(request, "window", &query->window_ms) &&
             read_span(request, "within", &query->within_ms) &&
             read_number(request, "capacity", &query->capacity) &&
             read_number(request, "value", &query->value) &&
             read_number(request, "cost", &query->cost))
        rp_api_hand_out(api, request, &job);
}
