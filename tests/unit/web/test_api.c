/* SPDX-License-Identifier: MIT */
/* The API over a real server, with a reader made here: what is asked of it, on which thread, who
 * may ask, and what becomes of its failures. */
#include "base/mem.h"
#include "core/amend.h"
#include "core/experiments.h"
#include "core/reader_rules.h"
#include "core/report.h"
#include "core/tasks.h"
#include "support/raw_http.h"
#include "web/api.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define PUB   "rpn_pk_public01-rest"
#define SEND  "rpn_sk_sender01-rest"
#define READ  "rpn_sk_reader01-rest"
#define EDIT  "rpn_sk_editor01-rest"
#define ADMIN "rpn_sk_admin001-rest"
#define GONE  "rpn_sk_revoked1-rest"
#define NOW   INT64_C(1767323045000)

/* --- a reader that tells what it was asked --- */

struct rp_reader {
    atomic_int users;
};

static atomic_int readers_open, readers_made, reader_status, reader_ms;
static pthread_t loop_thread;

int rp_reader_open(const char *db_path, struct rp_store *store, const struct rp_rules *rules,
                   struct rp_reader **ret_reader, struct rp_err *err)
{
    assert_string_equal(db_path, "the.db");
    assert_null(store);
    assert_null(rules);
    if (atomic_load(&reader_status) == RIPEN_EVERSION)
        return rp_err_set(err, RIPEN_EVERSION, "made by a newer Ripen");
    *ret_reader = rp_calloc(1, sizeof(**ret_reader));
    atomic_fetch_add(&readers_open, 1);
    atomic_fetch_add(&readers_made, 1);
    return 0;
}

void rp_reader_close(struct rp_reader *reader)
{
    atomic_fetch_sub(&readers_open, 1);
    free(reader);
}

static int tell(struct rp_reader *reader, struct rp_buf *out, struct rp_err *err, const char *what,
                struct rp_str a, struct rp_str b, int64_t n, int64_t at_ms)
{
    int status = atomic_load(&reader_status);

    assert_false(pthread_equal(pthread_self(), loop_thread));
    assert_int_equal(atomic_fetch_add(&reader->users, 1), 0); /* one job at a time */
    usleep((unsigned)atomic_load(&reader_ms) * 1000);
    atomic_fetch_sub(&reader->users, 1);
    if (status)
        return rp_err_set(err, status, "failure %d", status);
    rp_buf_printf(out, "{\"%s\":\"%.*s|%.*s|%lld|%lld\"}", what, RP_STR_ARG(a), RP_STR_ARG(b),
                  (long long)n, (long long)at_ms);
    return 0;
}

int rp_reader_leads(struct rp_reader *reader, const struct rp_leads_query *query,
                    enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && !colour);
    return tell(reader, out, err, "leads", query->stage, query->sort, (int64_t)query->limit,
                query->now_ms);
}

int rp_reader_leads_csv(struct rp_reader *reader, const struct rp_leads_query *query,
                        rp_flush_fn *flush, void *ctx, struct rp_buf *out, struct rp_err *err)
{
    assert_true(!flush && !ctx);
    return tell(reader, out, err, "csv", query->segment, query->owner, (int64_t)query->limit,
                query->now_ms);
}

int rp_reader_tasks(struct rp_reader *reader, const struct rp_task_filter *filter, size_t limit,
                    size_t columns, enum rp_format format, bool colour, struct rp_buf *out,
                    struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && !colour && columns == 0);
    return tell(reader, out, err, "tasks", filter->owner, filter->team, (int64_t)limit,
                (int64_t)filter->which);
}

int rp_reader_suppressions(struct rp_reader *reader, size_t limit, enum rp_format format,
                           struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON);
    return tell(reader, out, err, "suppressions", RP_STR(""), RP_STR(""), (int64_t)limit, 0);
}

int rp_reader_lead(struct rp_reader *reader, struct rp_str lead, int64_t now_ms,
                   enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && !colour);
    return tell(reader, out, err, "lead", lead, RP_STR(""), 0, now_ms);
}

int rp_reader_explain(struct rp_reader *reader, struct rp_str lead, int64_t at_ms,
                      enum rp_format format, bool colour, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && !colour);
    return tell(reader, out, err, "explain", lead, RP_STR(""), 0, at_ms);
}

int rp_reader_rules(struct rp_reader *reader, size_t limit, enum rp_format format,
                    struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON);
    return tell(reader, out, err, "rules", RP_STR(""), RP_STR(""), (int64_t)limit, 0);
}

static int report(struct rp_reader *reader, const struct rp_report_query *query,
                  enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && query->now_ms != RP_NEVER);
    return tell(reader, out, err, "report", query->by, query->stage, query->window_ms,
                query->since_ms);
}

const struct rp_report *rp_report_find(struct rp_str name)
{
    static const struct rp_report plain = {"funnel", report, false};
    static const struct rp_report named = {"one", report, true};

    return rp_str_is(name, "funnel") ? &plain : rp_str_is(name, "one") ? &named : NULL;
}

int rp_reader_experiments(struct rp_reader *reader, enum rp_format format, struct rp_buf *out,
                          struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON);
    return tell(reader, out, err, "experiments", RP_STR(""), RP_STR(""), 0, 0);
}

int rp_report_experiment(struct rp_reader *reader, const struct rp_report_query *query,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON && query->now_ms != RP_NEVER);
    return tell(reader, out, err, "experiment", query->name, RP_STR(""), 0, 0);
}

int rp_reader_generation(struct rp_reader *reader, uint32_t number, enum rp_format format,
                         struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON);
    return tell(reader, out, err, "generation", RP_STR(""), RP_STR(""), number, 0);
}

int rp_reader_rules_diff(struct rp_reader *reader, uint32_t before, uint32_t after,
                         enum rp_format format, struct rp_buf *out, struct rp_err *err)
{
    assert_true(format == RP_FORMAT_JSON);
    return tell(reader, out, err, "diff", RP_STR(""), RP_STR(""), before, after);
}

bool rp_amend_knows(struct rp_str verb)
{
    return rp_str_is(verb, "note");
}

/* --- a server around the API --- */

struct server {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t told;
    struct rp_http *http;
    struct rp_api *api;
    int port;
    bool ready;
};

struct deferred {
    uv_work_t work;
    void (*run)(void *arg);
    void (*after)(void *arg);
    void *arg;
};

static void on_work(uv_work_t *work)
{
    struct deferred *deferred = work->data;

    deferred->run(deferred->arg);
}

static void on_worked(uv_work_t *work, int status)
{
    struct deferred *deferred = work->data;

    (void)status;
    deferred->after(deferred->arg);
    free(deferred);
}

static void defer(void *ctx, void (*run)(void *arg), void (*after)(void *arg), void *arg)
{
    struct server *server = ctx;
    struct deferred *deferred = rp_calloc(1, sizeof(*deferred));

    *deferred = (struct deferred){.run = run, .after = after, .arg = arg};
    deferred->work.data = deferred;
    uv_queue_work(&server->loop, &deferred->work, on_work, on_worked);
}

static void metrics(void *ctx, struct rp_buf *out)
{
    (void)ctx;
    rp_buf_text(out, "# TYPE ripen_up gauge\nripen_up 1\n");
}

static bool ready(void *ctx, struct rp_str *ret_why)
{
    const struct server *server = ctx;

    *ret_why = RP_STR("no rules are loaded");
    return server->ready;
}

static void tell_amend(void *ctx, struct rp_http_request *request, struct rp_str verb,
                       struct rp_str author)
{
    (void)ctx;
    rp_http_reply(request, 200, "application/json",
                  rp_arena_printf(request->arena, "%.*s by %.*s: %.*s", RP_STR_ARG(verb),
                                  RP_STR_ARG(author), RP_STR_ARG(request->body)));
}

static void tell_ask(void *ctx, struct rp_http_request *request, const struct rp_api_ask *what)
{
    struct rp_str told = rp_arena_printf(
        request->arena, "{\"%s\":%u,\"force\":%d,\"author\":\"%.*s\"}",
        what->stored ? "stored" : "disk", what->generation, what->force, RP_STR_ARG(what->author));

    (void)ctx;
    rp_http_reply(request, 200, "application/json", told);
}

static void tell_status(void *ctx, struct rp_buf *out)
{
    (void)ctx;
    rp_buf_text(out, "{\"ready\":true}");
}

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW;
}

static void handle(void *ctx, struct rp_http_request *request)
{
    struct server *server = ctx;

    rp_api_handle(server->api, request);
}

static void on_stopped(void *ctx)
{
    struct server *server = ctx;

    rp_api_free(server->api);
    uv_close((uv_handle_t *)&server->told, NULL);
}

static void on_told(uv_async_t *async)
{
    struct server *server = async->data;

    rp_http_stop(server->http, 100, on_stopped, server);
}

static void *run_loop(void *ctx)
{
    struct server *server = ctx;

    loop_thread = pthread_self();
    uv_run(&server->loop, UV_RUN_DEFAULT);
    return NULL;
}

static struct server *start(const struct rp_key_row *keys, size_t count, bool open)
{
    struct server *server = rp_calloc(1, sizeof(*server));
    struct rp_http_options http = {"127.0.0.1", 0, 1000, 200, 5000, 5000};
    struct rp_api_options options = {.defer = defer,
                                     .db_path = "the.db",
                                     .clock = {fixed_now, NULL},
                                     .metrics = metrics,
                                     .ready = ready,
                                     .ask = tell_ask,
                                     .amend = tell_amend,
                                     .status = tell_status,
                                     .ctx = server};

    atomic_store(&reader_status, 0);
    atomic_store(&reader_ms, 0);
    atomic_store(&readers_made, 0);
    server->ready = true;
    uv_loop_init(&server->loop);
    uv_async_init(&server->loop, &server->told, on_told);
    server->told.data = server;
    server->api = rp_api_new(&options);
    rp_api_auth_set(server->api, keys, count, open);
    assert_int_equal(rp_http_start(&server->loop, &http, handle, server, &server->http, NULL), 0);
    server->port = rp_http_port(server->http);
    pthread_create(&server->thread, NULL, run_loop, server);
    return server;
}

static void stop(struct server *server)
{
    uv_async_send(&server->told);
    pthread_join(server->thread, NULL);
    assert_int_equal(uv_loop_close(&server->loop), 0);
    assert_int_equal(atomic_load(&readers_open), 0);
    free(server);
}

static struct raw_answer ask(const struct server *server, const char *method, const char *path,
                             const char *headers)
{
    char head[1024];
    struct raw_http raw;

    assert_true(raw_open(&raw, "127.0.0.1", server->port));
    snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\n%s%s\r\n", method, path,
             strstr(headers, "Host:") ? "" : "Host: localhost\r\n", headers);
    raw_text(&raw, head);
    struct raw_answer answer = raw_answer_of(&raw, strcmp(method, "HEAD") == 0, RAW_WAIT_MS);
    raw_close(&raw);
    return answer;
}

static void check(const struct server *server, const char *method, const char *path,
                  const char *headers, int status, const char *part)
{
    struct raw_answer answer = ask(server, method, path, headers);

    if (answer.status != status || (part && !strstr(answer.body, part)))
        fail_msg("%s %s: %d %s; wanted %d with %s", method, path, answer.status,
                 answer.body ? answer.body : "", status, part ? part : "anything");
    assert_string_equal(raw_header(&answer, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(raw_header(&answer, "Access-Control-Allow-Origin"), "");
    raw_answer_free(&answer);
}

static void routes(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
        const char *part;
    } cases[] = {
        {"GET", "/healthz", 200, "\"ok\""},
        {"GET", "/readyz", 200, "\"ready\""},
        {"GET", "/metrics", 200, "ripen_up 1\n"},
        {"GET", "/api/leads", 200, "{\"leads\":\"||0|1767323045000\"}"},
        {"GET", "/api/leads?stage=mql&sort=recent&limit=7", 200, "\"mql|recent|7|"},
        {"GET", "/api/leads?limit=10000", 200, "||10000|"},
        {"GET", "/api/leads?limit=10001", 400, "10001"},
        {"GET", "/api/leads?format=csv&segment=hot&owner=lea", 200, "{\"csv\":\"hot|lea|10000|"},
        {"GET", "/api/leads?format=xml", 400, "json or csv"},
        {"GET", "/api/reports/funnel?by=source&since=2026-03-01&stage=mql&window=60d", 200,
         "{\"report\":\"source|mql|5184000000|1772323200000\"}"},
        {"GET", "/api/reports/nothing", 404, "no report"},
        {"GET", "/api/reports/one", 400, "name"},
        {"GET", "/api/reports/one?name=x", 200, "report"},
        {"GET", "/api/reports/funnel?since=never", 400, "90d"},
        {"GET", "/api/reports/funnel?window=0d", 400, "60d or 8w"},
        {"GET", "/api/reports/funnel?capacity=many", 400, "whole number"},
        {"GET", "/api/tasks", 200, "{\"tasks\":\"||100|0\"}"},
        {"GET", "/api/tasks?owner=lea&team=sdr&state=late&limit=10000", 200, "lea|sdr|10000|2"},
        {"GET", "/api/tasks?limit=10001", 400, "give 1 to 10000"},
        {"GET", "/api/tasks?state=lost", 400, "open, late, done or all"},
        {"POST", "/api/tasks/7/claim?author=lea", 200, "task-claim by lea: {\"task\":7}"},
        {"POST", "/api/tasks/7/done", 200, "task-done by : {\"task\":7}"},
        {"POST", "/api/tasks/7/note", 200, "task-note by : {\"task\":7}"},
        {"POST", "/api/tasks/seven/claim", 404, "no task"},
        {"GET", "/api/tasks/7/claim", 405, "POST"},
        {"POST", "/api/tasks", 405, "GET, HEAD"},
        {"GET", "/api/suppressions", 200, "{\"suppressions\":\"||1000|0\"}"},
        {"GET", "/api/suppressions?limit=10000", 200, "||10000|0"},
        {"GET", "/api/suppressions?limit=10001", 400, "give 1 to 10000"},
        {"POST", "/api/suppressions", 405, "GET, HEAD"},
        {"GET", "/api/leads?limit=0", 400, "give 1 to 10000"},
        {"GET", "/api/leads?limit=x", 400, "bad_request"},
        {"GET", "/api/leads?limit=99999999999999999999999", 400, "bad_request"},
        {"GET", "/api/leads?sort=name", 400, "score, recent or created"},
        {"GET", "/api/leads/ana%40acme.test", 200, "{\"lead\":\"ana@acme.test|"},
        {"GET", "/api/leads/a/b", 200, "{\"lead\":\"a/b|"},
        {"GET", "/api/leads/u1/explain", 200, "{\"explain\":\"u1||0|1767323045000\"}"},
        {"GET", "/api/leads/u1/explain?at=2026-01-01T00:00:00Z", 200, "|1767225600000"},
        {"GET", "/api/leads/u1/explain?at=soon", 400, "\\\"soon\\\""},
        {"GET", "/api/leads/", 404, "/api/leads"},
        {"GET", "/", 404, "/api/leads"},
        {"GET", "/api/nothing", 404, "not_found"},
        {"HEAD", "/api/leads", 200, NULL},
        {"HEAD", "/healthz", 200, NULL},
        {"POST", "/api/leads", 405, "method_not_allowed"},
        {"DELETE", "/api/leads/u1", 405, "GET, HEAD"},
        {"OPTIONS", "/api/leads", 204, NULL},
        {"GET", "/api/status", 200, "{\"ready\":true}"},
        {"GET", "/api/rules", 200, "{\"rules\":\"||0|"},
        {"GET", "/api/rules?limit=1000", 200, "||1000|"},
        {"GET", "/api/rules?limit=1001", 400, "give 1 to 1000"},
        {"GET", "/api/experiments", 200, "{\"experiments\":\"||0|"},
        {"GET", "/api/experiments/prices", 200, "{\"experiment\":\"prices||0|"},
        {"GET", "/api/rules/7", 200, "{\"generation\":\"||7|"},
        {"GET", "/api/rules/active", 200, "{\"generation\":\"||0|"},
        {"GET", "/api/rules/seven", 404, "no generation"},
        {"GET", "/api/rules/7/diff?from=5", 200, "{\"diff\":\"||5|7\"}"},
        {"GET", "/api/rules/7/diff", 200, "{\"diff\":\"||0|7\"}"},
        {"GET", "/api/rules/7/diff?from=x", 404, "no generation"},
        {"POST", "/api/reload", 200, "{\"disk\":0,\"force\":0,\"author\":\"\"}"},
        {"POST", "/api/reload?force=1&author=ana", 200, "\"force\":1,\"author\":\"ana\""},
        {"POST", "/api/rules/7/activate", 200, "{\"stored\":7,\"force\":0"},
        {"POST", "/api/rules/active/activate", 400, "the number of a generation"},
        {"POST", "/api/rules/0/activate", 404, "no generation"},
        {"POST", "/api/rules/rollback", 200, "{\"stored\":0,\"force\":0"},
        {"GET", "/api/reload", 405, "method_not_allowed"},
        {"GET", "/api/rules/7/activate", 405, "POST"},
        {"POST", "/api/rules/7", 405, "GET, HEAD"},
        {"OPTIONS", "/api/reload", 204, NULL},
    };
    struct server *server = start(NULL, 0, true);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        check(server, cases[i].method, cases[i].path, "", cases[i].status, cases[i].part);
    struct raw_answer answer = ask(server, "PUT", "/metrics", "");
    assert_string_equal(raw_header(&answer, "Allow"), "GET, HEAD, OPTIONS");
    raw_answer_free(&answer);
    server->ready = false;
    check(server, "GET", "/readyz", "", 503, "no rules are loaded");
    assert_int_equal(atomic_load(&readers_made), 1); /* used again and again */
    stop(server);
}

static void other_sites(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"Sec-Fetch-Site: same-origin\r\n", 200},
        {"Sec-Fetch-Site: none\r\n", 200},
        {"Sec-Fetch-Site: cross-site\r\n", 403},
        {"Sec-Fetch-Site: same-site\r\n", 403},
        {"Host: localhost:81\r\nOrigin: http://localhost:81\r\n", 200},
        {"Host: localhost:81\r\nOrigin: http://localhost:82\r\n", 403},
        {"Origin: https://evil.test\r\n", 403},
        {"Origin: null\r\n", 403},
        {"Host: evil.test\r\n", 403},
        {"Host: 127.0.0.1:8080\r\n", 200},
    };
    struct server *server = start(NULL, 0, true);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        check(server, "GET", "/api/leads", cases[i].headers, cases[i].status, NULL);
        check(server, "GET", "/metrics", cases[i].headers, cases[i].status, NULL);
        check(server, "GET", "/healthz", cases[i].headers, 200, NULL);
    }
    stop(server);
}

static struct rp_key_row key_row(const char *text, enum rp_scope scope, bool is_public)
{
    struct rp_key_row row = {.scope = scope, .is_public = is_public, .revoked_ms = RP_NEVER};

    row.prefix = (struct rp_str){text + 7, 8};
    crypto_hash_sha256(row.digest, (const unsigned char *)text, strlen(text));
    return row;
}

static void keys(void **state)
{
    struct rp_key_row rows[] = {
        key_row(PUB, RP_SCOPE_INGEST, true),  key_row(SEND, RP_SCOPE_INGEST, false),
        key_row(READ, RP_SCOPE_READ, false),  key_row(ADMIN, RP_SCOPE_ADMIN, false),
        key_row(GONE, RP_SCOPE_ADMIN, false), key_row(EDIT, RP_SCOPE_EDIT, false),
    };
    static const struct {
        const char *headers;
        int status;
    } cases[] = {
        {"", 401},
        {"Authorization: Bearer " PUB "\r\n", 403},
        {"Authorization: Bearer " SEND "\r\n", 403},
        {"Authorization: Bearer " READ "\r\n", 200},
        {"Authorization: Bearer " ADMIN "\r\n", 200},
        {"Authorization: Bearer " GONE "\r\n", 401},
        {"Authorization: Bearer x\r\n", 401},
        {"Host: ripen.test\r\nAuthorization: Bearer " READ "\r\n", 200},
        {"Authorization: Bearer " READ "\r\nOrigin: https://evil.test\r\n", 403},
    };

    (void)state;
    rows[4].revoked_ms = 1;
    struct server *server = start(rows, RP_COUNT(rows), false);
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        check(server, "GET", "/api/leads", cases[i].headers, cases[i].status, NULL);
        check(server, "GET", "/api/leads/u", cases[i].headers, cases[i].status, NULL);
        check(server, "GET", "/api/leads/u/explain", cases[i].headers, cases[i].status, NULL);
    }
    check(server, "POST", "/api/reload", "", 401, NULL);
    check(server, "POST", "/api/reload", "Authorization: Bearer " PUB "\r\n", 403, "edit");
    check(server, "POST", "/api/reload", "Authorization: Bearer " READ "\r\n", 403, "edit");
    check(server, "POST", "/api/reload", "Authorization: Bearer " EDIT "\r\n", 200, "editor01");
    check(server, "POST", "/api/rules/rollback", "Authorization: Bearer " ADMIN "\r\n", 200, NULL);
    check(server, "POST", "/api/reload",
          "Authorization: Bearer " EDIT "\r\nOrigin: https://evil.test\r\n", 403, "cross_site");
    check(server, "GET", "/api/tasks", "Authorization: Bearer " PUB "\r\n", 403, NULL);
    check(server, "POST", "/api/tasks/7/claim", "Authorization: Bearer " PUB "\r\n", 403, "edit");
    check(server, "POST", "/api/corrections/note", "", 401, NULL);
    check(server, "POST", "/api/corrections/note", "Authorization: Bearer " PUB "\r\n", 403,
          "edit");
    check(server, "POST", "/api/corrections/note", "Authorization: Bearer " READ "\r\n", 403,
          "edit");
    check(server, "GET", "/api/suppressions", "", 401, "no_key");
    check(server, "GET", "/api/suppressions", "Authorization: Bearer " PUB "\r\n", 403, NULL);
    check(server, "GET", "/api/suppressions", "Authorization: Bearer " READ "\r\n", 200, NULL);
    check(server, "POST", "/api/tasks/7/claim", "Authorization: Bearer " READ "\r\n", 403, "edit");
    check(server, "POST", "/api/tasks/7/claim", "Authorization: Bearer " EDIT "\r\n", 200, NULL);
    check(server, "GET", "/healthz", "", 200, NULL);
    check(server, "GET", "/readyz", "", 200, NULL);
    check(server, "GET", "/metrics", "", 200, NULL); /* from this machine itself */
    check(server, "GET", "/metrics", "X-Forwarded-For: 203.0.113.9\r\n", 401, NULL);
    stop(server);
}

static void failures(void **state)
{
    static const struct {
        int status, http;
    } cases[] = {{RIPEN_ENOTFOUND, 404},
                 {RIPEN_EINPUT, 400},
                 {RIPEN_EBUSY, 503},
                 {RIPEN_ESTORE, 500},
                 {RIPEN_EVERSION, 500}};
    struct server *server = start(NULL, 0, true);

    (void)state;
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        atomic_store(&reader_status, cases[i].status);
        check(server, "GET", "/api/leads/u", "", cases[i].http, "{\"error\":{\"code\":\"");
    }
    atomic_store(&reader_status, 0); /* a store that was away is opened again */
    check(server, "GET", "/api/leads/u", "", 200, "\"lead\"");
    stop(server);
}

/* More questions than jobs: the rest is told to come again; a stop does not wait for the slow ones.
 */
static void many_at_once(void **state)
{
    enum { COUNT = 80 };
    static struct raw_http raw[COUNT];
    struct server *server = start(NULL, 0, true);
    int good = 0, refused = 0;

    (void)state;
    atomic_store(&reader_ms, 20);
    for (int i = 0; i < COUNT; i++) {
        assert_true(raw_open(&raw[i], "127.0.0.1", server->port));
        raw_text(&raw[i], "GET /api/leads HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    for (int i = 0; i < COUNT; i++) {
        struct raw_answer answer = raw_answer_of(&raw[i], false, RAW_WAIT_MS);
        good += answer.status == 200;
        refused += answer.status == 503 && raw_header(&answer, "Retry-After")[0] == '1';
        raw_answer_free(&answer);
    }
    assert_int_equal(good + refused, COUNT);
    assert_true(good >= 64);
    atomic_store(&reader_ms, 500);
    raw_text(&raw[0], "GET /api/leads HTTP/1.1\r\nHost: localhost\r\n\r\n");
    usleep(20000);
    stop(server);
    struct raw_answer answer = raw_answer_of(&raw[0], false, RAW_WAIT_MS);
    assert_int_equal(answer.status, 503);
    raw_answer_free(&answer);
    for (int i = 0; i < COUNT; i++)
        raw_close(&raw[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes),   cmocka_unit_test(other_sites),  cmocka_unit_test(keys),
        cmocka_unit_test(failures), cmocka_unit_test(many_at_once),
    };

    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
