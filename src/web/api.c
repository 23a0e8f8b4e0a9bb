/* SPDX-License-Identifier: MIT */
/* Health, metrics, the JSON about leads and rule sets, and the routes that change these. What is
 * quick is answered on the loop thread; what reads the store is a job on a worker, with a reader
 * that no other job uses at the time. Readers are kept for the next job. All bookkeeping is done on
 * the loop thread: a job takes its reader when it is handed out and brings it back with its answer.
 *
 * Knows nothing of what an answer holds: core/reader writes it. Nothing here is readable by pages
 * of other sites. */
#include "web/api.h"

#include "base/limits.h"
#include "base/mem.h"
#include "core/amend.h"
#include "core/reader_rules.h"
#include "net/answer.h"
#include "web/api_priv.h"

#include <stdlib.h>

#define JOBS_MAX        64 /* then 503: more would only wait for one another */
#define GENERATIONS_MAX 1000

struct rp_api *rp_api_new(const struct rp_api_options *options)
{
    struct rp_api *api = rp_calloc(1, sizeof(*api));

    RP_ASSERT(options->defer && options->metrics && options->ready && options->db_path);
    api->options = *options;
    return api;
}

static void destroy(struct rp_api *api)
{
    while (api->reader_count > 0)
        rp_reader_close(api->readers[--api->reader_count]);
    free(api);
}

void rp_api_free(struct rp_api *api)
{
    if (!api)
        return;
    api->freed = true;
    if (api->job_count == 0)
        destroy(api);
}

void rp_api_auth_set(struct rp_api *api, const struct rp_key_row *keys, size_t count, bool open)
{
    api->keys = keys;
    api->key_count = count;
    api->open = open;
}

/* --- jobs --- */

static int run_rules(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_rules(reader, job->query.limit, RP_FORMAT_JSON, &job->out, err);
}

static int run_generation(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_generation(reader, job->generation, RP_FORMAT_JSON, &job->out, err);
}

static int run_diff(struct rp_api_job *job, struct rp_reader *reader, struct rp_err *err)
{
    return rp_reader_rules_diff(reader, job->before, job->generation, RP_FORMAT_JSON, &job->out,
                                err);
}

/* Worker thread. */
static void work(void *arg)
{
    struct rp_api_job *job = arg;

    if (!job->reader) {
        job->status =
            rp_reader_open(job->api->options.db_path, NULL, NULL, &job->reader, &job->err);
        if (job->status == RIPEN_ENOTFOUND) /* the store, not a lead */
            job->status = RIPEN_ESTORE;
    }
    if (job->reader)
        job->status = job->run(job, job->reader, &job->err);
}

static const struct {
    int status, http;
    const char *code;
} failures[] = {
    {RIPEN_ENOTFOUND, 404, "not_found"}, {RIPEN_EINPUT, 400, "bad_request"},
    {RIPEN_ELIMIT, 400, "bad_request"},  {RIPEN_EBUSY, 503, "busy"},
    {RIPEN_EFULL, 503, "disk_full"},
};

static void reply_failure(struct rp_api_job *job)
{
    for (size_t i = 0; i < RP_COUNT(failures); i++) {
        if (failures[i].status != job->status)
            continue;
        if (failures[i].http == 503)
            rp_http_reply_header(job->request, "Retry-After", RP_STR("1"));
        rp_http_error(job->request, failures[i].http, failures[i].code, rp_str_from(job->err.text));
        return;
    }
    rp_http_error(job->request, 500, "store", rp_str_from(job->err.text));
}

/* Loop thread. */
static void after(void *arg)
{
    struct rp_api_job *job = arg;
    struct rp_api *api = job->api;

    if (job->reader) {
        bool sound = job->status != RIPEN_ESTORE && job->status != RIPEN_EVERSION;
        if (sound && api->reader_count < RP_API_READERS_MAX)
            api->readers[api->reader_count++] = job->reader;
        else
            rp_reader_close(job->reader);
    }
    struct rp_buf out = job->out; /* the job goes with its request */
    if (job->status == 0)
        rp_http_reply(job->request, 200, job->content_type ? job->content_type : "application/json",
                      rp_buf_view(&out));
    else
        reply_failure(job);
    rp_buf_fini(&out);
    api->job_count--;
    if (api->freed && api->job_count == 0)
        destroy(api);
}

void rp_api_hand_out(struct rp_api *api, struct rp_http_request *request,
                     const struct rp_api_job *what)
{
    if (api->job_count == JOBS_MAX) {
        rp_http_reply_header(request, "Retry-After", RP_STR("1"));
        rp_http_error(request, 503, "overloaded", RP_STR("too many questions at once; ask again"));
        return;
    }
    struct rp_api_job *job = RP_ARENA_NEW(request->arena, struct rp_api_job);
    *job = *what;
    job->api = api;
    job->request = request;
    if (api->reader_count > 0)
        job->reader = api->readers[--api->reader_count];
    api->job_count++;
    api->options.defer(api->options.ctx, work, after, job);
}

/* --- routes --- */

static void get_healthz(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    (void)api;
    (void)rest;
    rp_http_reply(request, 200, "application/json", RP_STR("{\"status\":\"ok\"}"));
}

static void get_readyz(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str why = RP_STR("");

    (void)rest;
    if (api->options.ready(api->options.ctx, &why)) {
        rp_http_reply(request, 200, "application/json", RP_STR("{\"status\":\"ready\"}"));
        return;
    }
    rp_http_reply_header(request, "Retry-After", RP_STR("1"));
    rp_http_error(request, 503, "not_ready", why);
}

static void get_metrics(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_buf out = {0};

    (void)rest;
    api->options.metrics(api->options.ctx, &out);
    rp_http_reply(request, 200, "text/plain; version=0.0.4; charset=utf-8", rp_buf_view(&out));
    rp_buf_fini(&out);
}

size_t rp_api_count(struct rp_str text, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || count > max)
            return 0;
        count = count * 10 + (size_t)(text.ptr[i] - '0');
    }
    return count > max ? 0 : count;
}

/* --- rule sets --- */

static void get_status(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_buf out = {0};

    (void)rest;
    api->options.status(api->options.ctx, &out);
    rp_http_reply(request, 200, "application/json", rp_buf_view(&out));
    rp_buf_fini(&out);
}

static void get_rules(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str limit = rp_http_query(request, "limit");
    struct rp_api_job job = {.run = run_rules};

    (void)rest;
    job.query.limit = limit.len ? rp_api_count(limit, GENERATIONS_MAX) : 0;
    if (limit.len > 0 && job.query.limit == 0)
        rp_http_error(request, 400, "bad_request",
                      rp_arena_printf(request->arena, "limit is \"%.*s\": give 1 to %d",
                                      RP_STR_ARG(limit), GENERATIONS_MAX));
    else
        rp_api_hand_out(api, request, &job);
}

/* A number, or "active"; false: answered 404. */
static bool parse_generation(struct rp_http_request *request, struct rp_str text,
                             uint32_t *ret_number)
{
    *ret_number = rp_str_is(text, "active") ? 0 : (uint32_t)rp_api_count(text, INT32_MAX - 1);
    if (*ret_number != 0 || rp_str_is(text, "active"))
        return true;
    rp_http_error(request, 404, "not_found",
                  rp_arena_printf(request->arena,
                                  "\"%.*s\" is no generation; /api/rules lists them",
                                  RP_STR_ARG(text)));
    return false;
}

static void get_generation(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_job job = {.run = run_generation};

    if (parse_generation(request, rest, &job.generation))
        rp_api_hand_out(api, request, &job);
}

/* /api/rules/7/diff?from=5; without `from` against what is in force. */
static void get_diff(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_str from = rp_http_query(request, "from");
    struct rp_api_job job = {.run = run_diff};

    if (parse_generation(request, rest, &job.generation) &&
        (from.len == 0 || parse_generation(request, from, &job.before)))
        rp_api_hand_out(api, request, &job);
}

static bool is_true(struct rp_str text)
{
    return rp_str_is(text, "1") || rp_str_is(text, "true") || rp_str_is(text, "yes");
}

struct rp_str rp_api_author(struct rp_api *api, struct rp_http_request *request)
{
    struct rp_str text = rp_http_bearer(request);
    struct rp_str author = rp_http_query(request, "author");
    const struct rp_key_row *key;

    if (text.len == 0)
        text = rp_http_basic_user(request);
    key = text.len ? rp_key_match(api->keys, api->key_count, text) : NULL;
    if (author.len == 0 && key)
        author = key->label.len ? key->label : key->prefix;
    return author;
}

static void ask(struct rp_api *api, struct rp_http_request *request, struct rp_api_ask *ask)
{
    ask->force = is_true(rp_http_query(request, "force"));
    ask->author = rp_api_author(api, request);
    api->options.ask(api->options.ctx, request, ask);
}

static void post_reload(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_ask what = {0};

    (void)rest;
    ask(api, request, &what);
}

static void post_activate(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_ask what = {.stored = true};

    if (!parse_generation(request, rest, &what.generation))
        return;
    if (what.generation == 0) /* the active one is in force */
        rp_http_error(request, 400, "bad_request", RP_STR("give the number of a generation"));
    else
        ask(api, request, &what);
}

static void post_rollback(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    struct rp_api_ask what = {.stored = true};

    (void)rest;
    ask(api, request, &what);
}

/* /api/corrections/stage, points, void, note, unmerge, forget, suppress …: the body says of whom
 * and why. */
static void post_correction(struct rp_api *api, struct rp_http_request *request, struct rp_str rest)
{
    if (!rp_amend_knows(rest))
        rp_http_error(
            request, 404, "not_found",
            RP_STR("a correction is stage, points, void, note, assign, unmerge, forget, suppress "
                   "or unsuppress"));
    else
        api->options.amend(api->options.ctx, request, rest, rp_api_author(api, request));
}

enum access {
    ACCESS_ALL,   /* says nothing about anybody */
    ACCESS_LOCAL, /* no key from this machine itself */
    ACCESS_READ,
    ACCESS_EDIT, /* changes what the server does: POST */
};

struct route {
    struct rp_str before, after; /* a name stands between them when `named` */
    bool named;
    enum access access;
    void (*run)(struct rp_api *api, struct rp_http_request *request, struct rp_str rest);
};

static const struct route routes[] = {
    {{"/healthz", 8}, {"", 0}, false, ACCESS_ALL, get_healthz},
    {{"/readyz", 7}, {"", 0}, false, ACCESS_ALL, get_readyz},
    {{"/metrics", 8}, {"", 0}, false, ACCESS_LOCAL, get_metrics},
    {{"/api/leads", 10}, {"", 0}, false, ACCESS_READ, rp_api_get_leads},
    {{"/api/leads/", 11}, {"/explain", 8}, true, ACCESS_READ, rp_api_get_explain},
    {{"/api/leads/", 11}, {"", 0}, true, ACCESS_READ, rp_api_get_lead},
    {{"/api/tasks", 10}, {"", 0}, false, ACCESS_READ, rp_api_get_tasks},
    {{"/api/tasks/", 11}, {"/claim", 6}, true, ACCESS_EDIT, rp_api_claim_task},
    {{"/api/tasks/", 11}, {"/done", 5}, true, ACCESS_EDIT, rp_api_done_task},
    {{"/api/tasks/", 11}, {"/note", 5}, true, ACCESS_EDIT, rp_api_note_task},
    {{"/api/experiments", 16}, {"", 0}, false, ACCESS_READ, rp_api_get_experiments},
    {{"/api/experiments/", 17}, {"", 0}, true, ACCESS_READ, rp_api_get_experiment},
    {{"/api/reports/", 13}, {"", 0}, true, ACCESS_READ, rp_api_get_report},
    {{"/api/suppressions", 17}, {"", 0}, false, ACCESS_READ, rp_api_get_suppressions},
    {{"/api/status", 11}, {"", 0}, false, ACCESS_READ, get_status},
    {{"/api/reload", 11}, {"", 0}, false, ACCESS_EDIT, post_reload},
    {{"/api/corrections/", 17}, {"", 0}, true, ACCESS_EDIT, post_correction},
    {{"/api/rules", 10}, {"", 0}, false, ACCESS_READ, get_rules},
    {{"/api/rules/rollback", 19}, {"", 0}, false, ACCESS_EDIT, post_rollback},
    {{"/api/rules/", 11}, {"/activate", 9}, true, ACCESS_EDIT, post_activate},
    {{"/api/rules/", 11}, {"/diff", 5}, true, ACCESS_READ, get_diff},
    {{"/api/rules/", 11}, {"", 0}, true, ACCESS_READ, get_generation},
};

static const struct route *find_route(struct rp_str path, struct rp_str *ret_rest)
{
    for (size_t i = 0; i < RP_COUNT(routes); i++) {
        const struct route *route = &routes[i];
        size_t fixed = route->before.len + route->after.len;
        if (!route->named && rp_str_eq(path, route->before))
            return route;
        if (route->named && path.len > fixed && rp_str_starts(path, route->before) &&
            rp_str_ends(path, route->after)) {
            *ret_rest = (struct rp_str){path.ptr + route->before.len, path.len - fixed};
            return route;
        }
    }
    return NULL;
}

/* --- who may --- */

static bool is_direct_local(const struct rp_http_request *request)
{
    return rp_http_peer_loopback(request) && rp_http_header(request, "X-Forwarded-For").len == 0 &&
           rp_http_header(request, "Forwarded").len == 0;
}

/* Replies and returns false when the request may not. */
static bool check_key(const struct rp_api *api, struct rp_http_request *request, enum access access)
{
    enum rp_scope least = access == ACCESS_EDIT ? RP_SCOPE_EDIT : RP_SCOPE_READ;
    struct rp_str text = rp_http_bearer(request);

    if (text.len == 0)
        text = rp_http_basic_user(request);
    const struct rp_key_row *key = rp_key_match(api->keys, api->key_count, text);
    if (text.len == 0 || !key) {
        rp_http_reply_header(request, "WWW-Authenticate", RP_STR("Bearer realm=\"ripen\""));
        rp_http_error(request, 401, text.len ? "unknown_key" : "no_key",
                      RP_STR("give a key of scope read as \"Authorization: Bearer KEY\"; \"ripen "
                             "key create --scope read\" makes one"));
        return false;
    }
    if (key->is_public || key->scope < least) {
        rp_http_error(
            request, 403, "key_scope",
            least == RP_SCOPE_EDIT
                ? RP_STR("this key may not change anything: give one of scope edit or admin")
                : RP_STR("this key may not read: give one of scope read, edit or admin"));
        return false;
    }
    return true;
}

static bool may_pass(const struct rp_api *api, struct rp_http_request *request, enum access access)
{
    if (access == ACCESS_ALL)
        return true;
    if (rp_http_cross_site(request)) {
        rp_http_error(request, 403, "cross_site", RP_STR("pages of other sites may not read this"));
        return false;
    }
    if (api->open) {
        if (api->options.any_host || rp_http_host_loopback(request))
            return true;
        rp_http_error(
            request, 403, "host",
            RP_STR("no key was made yet, so only requests to localhost are answered: make "
                   "one with \"ripen key create\""));
        return false;
    }
    if (access == ACCESS_LOCAL && is_direct_local(request))
        return true;
    return check_key(api, request, access);
}

static void put_security_headers(struct rp_http_request *request)
{
    rp_http_reply_header(request, "X-Content-Type-Options", RP_STR("nosniff"));
    rp_http_reply_header(request, "Referrer-Policy", RP_STR("no-referrer"));
    rp_http_reply_header(request, "Cross-Origin-Resource-Policy", RP_STR("same-origin"));
    rp_http_reply_header(request, "Content-Security-Policy",
                         RP_STR("default-src 'none'; frame-ancestors 'none'"));
    rp_http_reply_header(request, "Cache-Control", RP_STR("no-store"));
}

static const char *allowed(const struct route *route)
{
    return route->access == ACCESS_EDIT ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

void rp_api_handle(struct rp_api *api, struct rp_http_request *request)
{
    struct rp_str rest = RP_STR("");
    const struct route *route = find_route(request->path, &rest);

    put_security_headers(request);
    if (!route) {
        rp_http_error(
            request, 404, "not_found",
            RP_STR("there is nothing here; the leads are at /api/leads, the rules at /api/rules"));
    } else if (request->method == RP_OPTIONS) {
        rp_http_reply_header(request, "Allow", rp_str_from(allowed(route)));
        rp_http_reply(request, 204, NULL, RP_STR(""));
    } else if (route->access == ACCESS_EDIT
                   ? request->method != RP_POST
                   : request->method != RP_GET && request->method != RP_HEAD) {
        rp_http_not_allowed(request, allowed(route));
    } else if (may_pass(api, request, route->access)) {
        route->run(api, request, rest);
    }
}
