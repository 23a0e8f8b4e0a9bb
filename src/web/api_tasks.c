/* SPDX-License-Identifier: MIT */
/* The queue of tasks over HTTP: read by keys that may read, changed by keys that may edit. What is
 * asked of a task is a verb of core/amend.h with the task's number from the path. */
#include "base/text.h"
#include "net/answer.h"
#include "web/api_priv.h"

#define TASKS_DEFAULT 100
#define TASKS_MAX     10000

static int run_tasks(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_tasks(reader, &job->tasks, job->query.limit, 0, RP_FORMAT_JSON, false,
                           &job->out, err);
}

static bool read_which(struct rp_str text, enum rp_task_which *ret_which)
{
    static const struct {
        const char *name;
        enum rp_task_which which;
    } names[] = {{"", RP_TASKS_OPEN},
                 {"open", RP_TASKS_OPEN},
                 {"late", RP_TASKS_LATE},
                 {"done", RP_TASKS_DONE},
                 {"all", RP_TASKS_ALL}};

    for (size_t i = 0; i < RP_COUNT(names); i++) {
        if (rp_str_is(text, names[i].name)) {
            *ret_which = names[i].which;
            return true;
        }
    }
    return false;
}

void rp_api_get_tasks(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str limit = rp_http_query(request, "limit");
    struct rp_api_job job = {.run = run_tasks};

    (void)rest;
    job.tasks.owner = rp_http_query(request, "owner");
    job.tasks.team = rp_http_query(request, "team");
    job.tasks.now_ms = rp_clock_now(&api->options.clock);
    job.query.limit = limit.len ? rp_api_count(limit, TASKS_MAX) : TASKS_DEFAULT;
    if (job.query.limit == 0)
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena, "limit is \"%.*s\": give 1 to %d",
                                      RP_STR_ARG(limit), TASKS_MAX));
    else if (!read_which(rp_http_query(request, "state"), &job.tasks.which))
        rp_http_error(request, 400, "bad_request", RP_STR("state is open, late, done or all"));
    else
        rp_api_hand_out(api, request, &job);
}

/* The body with the path's task in it: the last of two equal keys counts. */
static void ask(struct rp_api *api, struct rp_http_request *request, struct rp_str task,
                const char *verb)
{
    struct rp_str body = rp_str_trim(request->body);
    struct rp_str inner;

    if (rp_api_count(task, INT32_MAX) == 0) {
        rp_http_error(request, 404, "not_found",
                      rp_arena_printf(request->arena, "\"%.*s\" is no task; /api/tasks lists them",
                                      RP_STR_ARG(task)));
        return;
    }
    if (body.len == 0)
        body = RP_STR("{}");
    if (body.len < 2 || body.ptr[0] != '{' || body.ptr[body.len - 1] != '}') {
        rp_http_error(request, 400, "bad_request", RP_STR("the body is a JSON object, or empty"));
        return;
    }
    inner = rp_str_trim((struct rp_str){body.ptr + 1, body.len - 2});
    request->body = rp_arena_printf(request->arena, "{%.*s%s\"task\":%.*s}", RP_STR_ARG(inner),
                                    inner.len ? "," : "", RP_STR_ARG(task));
    api->options.amend(api->options.ctx, request, rp_str_from(verb), rp_api_author(api, request));
}

void rp_api_claim_task(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    ask(api, request, rest, "task-claim");
}

void rp_api_done_task(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    ask(api, request, rest, "task-done");
}

void rp_api_note_task(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    ask(api, request, rest, "task-note");
}
