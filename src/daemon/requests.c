/* SPDX-License-Identifier: MIT */
/* Looks for rows a few times a second, hands each to whoever can answer it, and has the writer
 * write the answer down. A row is taken once: `after` is the last one seen. */
#include "daemon/requests.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/amend.h"
#include "daemon/amend.h"
#include "store/requests.h"

#include <stdlib.h>

enum { LOOK_MS = 150 };

struct rp_requests {
    uv_timer_t timer;
    struct rp_store *store;
    struct rp_writer *writer;
    struct rp_reload *reload;
    void (*status)(void *ctx, struct rp_buf *out);
    void *ctx;
    struct rp_arena arena;
    int64_t after, data_version;
    struct reply *replies; /* not written yet */
    bool stopped;
};

/* An answer on its way into its row. */
struct reply {
    struct reply *next;
    struct rp_requests *requests;
    struct rp_errand errand;
    int64_t id;
    int status;
    struct rp_buf verb, body, author; /* of a correction */
    struct rp_buf json;
};

static int write_reply(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct reply *reply = ctx;
    struct rp_store *store = rp_core_store(core);
    int status = rp_store_begin(store, err);

    if (status != 0) {
        return status;
    }
    status = rp_request_answer(store, reply->id, reply->status, rp_buf_view(&reply->json),
                               rp_clock_system().now_ms(NULL), err);
    if (status == 0) {
        status = rp_store_commit(store, err);
    }
    if (status != 0) {
        rp_store_rollback(store);
    }
    return status;
}

static void drop_reply(struct reply *reply)
{
    rp_buf_fini(&reply->verb);
    rp_buf_fini(&reply->body);
    rp_buf_fini(&reply->author);
    rp_buf_fini(&reply->json);
    free(reply);
}

static void free_reply(struct reply *reply)
{
    struct reply **at = &reply->requests->replies;

    while (*at != reply) {
        at = &(*at)->next;
    }
    *at = reply->next;
    drop_reply(reply);
}

static void on_written(struct rp_errand *errand)
{
    if (errand->status != 0) {
        rp_log(RP_LOG_WARN, "request", "problem=\"not answered: %s\"", errand->err.text);
    }
    free_reply(errand->ctx);
}

static void send_reply(void *ctx, int http_status, struct rp_str json)
{
    static const char too_long[] = "{\"reason\":\"the answer is too long\"}";
    struct reply *reply = ctx;

    reply->status = http_status;
    rp_buf_str(&reply->json, json.len <= RP_REQUEST_ANSWER_MAX ? json : rp_str_from(too_long));
    if (reply->requests->stopped) { /* the command gives up by itself */
        free_reply(reply);
        return;
    }
    reply->errand = (struct rp_errand){.run = write_reply, .done = on_written, .ctx = reply};
    rp_writer_ask(reply->requests->writer, &reply->errand);
}

/* A correction is done and its answer written in one errand. */
static int amend(struct rp_core *core, void *ctx, struct rp_err *err)
{
    struct reply *reply = ctx;
    struct rp_err why = {0};
    int status = rp_core_amend(core, rp_buf_view(&reply->verb), rp_buf_view(&reply->body),
                               rp_buf_view(&reply->author), &reply->json, &why);

    reply->status = rp_amend_http(status);
    if (status != 0) {
        struct rp_jw jw;

        rp_buf_reset(&reply->json);
        jw = rp_jw(&reply->json);
        rp_jw_object(&jw);
        rp_jw_put_text(&jw, "reason", why.text);
        rp_jw_object_end(&jw);
    }
    return write_reply(core, ctx, err);
}

static void take(struct rp_requests *requests, const struct rp_request_row *row)
{
    struct reply *reply = rp_calloc(1, sizeof(*reply));
    struct rp_reload_ask ask = {.generation = row->generation,
                                .force = row->force,
                                .author = row->author,
                                .answer = send_reply,
                                .ctx = reply};
    struct rp_buf out = {0};

    reply->requests = requests;
    reply->id = row->id;
    reply->next = requests->replies;
    requests->replies = reply;
    if (rp_str_is(row->verb, "status")) {
        requests->status(requests->ctx, &out);
        send_reply(reply, 200, rp_buf_view(&out));
        rp_buf_fini(&out);
    } else if (rp_str_is(row->verb, "reload")) {
        rp_reload_ask(requests->reload, &ask);
    } else if (rp_str_is(row->verb, "activate") || rp_str_is(row->verb, "rollback")) {
        ask.stored = true;
        ask.generation = rp_str_is(row->verb, "rollback") ? 0 : row->generation;
        rp_reload_ask(requests->reload, &ask);
    } else if (rp_amend_knows(row->verb)) {
        rp_buf_str(&reply->verb, row->verb);
        rp_buf_str(&reply->body, row->body);
        rp_buf_str(&reply->author, row->author);
        reply->errand = (struct rp_errand){.run = amend, .done = on_written, .ctx = reply};
        rp_writer_ask(requests->writer, &reply->errand);
    } else {
        send_reply(reply, 404, RP_STR("{\"reason\":\"this server does not know that request\"}"));
    }
}

static void on_look(uv_timer_t *timer)
{
    struct rp_requests *requests = timer->data;
    int64_t version = rp_store_data_version(requests->store);
    struct rp_request_row row;

    if (version == requests->data_version) {
        return;
    }
    requests->data_version = version;
    while (rp_request_next(&requests->arena, requests->store, requests->after, &row, NULL) == 0) {
        requests->after = row.id;
        take(requests, &row);
        rp_arena_reset(&requests->arena);
    }
}

struct rp_requests *rp_requests_new(uv_loop_t *loop, struct rp_store *store,
                                    struct rp_writer *writer, struct rp_reload *reload,
                                    void (*status)(void *ctx, struct rp_buf *out), void *ctx)
{
    struct rp_requests *requests = rp_calloc(1, sizeof(*requests));

    requests->store = store;
    requests->writer = writer;
    requests->reload = reload;
    requests->status = status;
    requests->ctx = ctx;
    requests->after = rp_request_newest(store);
    requests->data_version = -1;
    rp_arena_init(&requests->arena);
    uv_timer_init(loop, &requests->timer);
    requests->timer.data = requests;
    uv_timer_start(&requests->timer, on_look, LOOK_MS, LOOK_MS);
    return requests;
}

void rp_requests_stop(struct rp_requests *requests)
{
    requests->stopped = true;
    uv_close((uv_handle_t *)&requests->timer, NULL);
}

void rp_requests_free(struct rp_requests *requests)
{
    if (!requests) {
        return;
    }
    for (struct reply *next, *reply = requests->replies; reply; reply = next) {
        next = reply->next;
        drop_reply(reply);
    }
    rp_arena_fini(&requests->arena);
    free(requests);
}
