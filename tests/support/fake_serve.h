/* SPDX-License-Identifier: MIT */
/* A server on a free loopback port with the real HTTP layer, the real ingest routes and the real
 * queue, and a writer that commits nothing: it accepts every item that parsed. The loop and the
 * writer run on threads of their own. */
#ifndef TESTS_FAKE_SERVE_H
#define TESTS_FAKE_SERVE_H

#include "base/limits.h"
#include "base/mem.h"
#include "ingest/segment.h"
#include "net/answer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct fake_options {
    struct rp_auth auth;
    const struct rp_doors *doors; /* NULL: none is declared */
    int port;
    size_t queue_events_max; /* 0: RP_QUEUE_EVENTS_MAX */
    int commit_status;       /* of every batch */
    int64_t commit_us;       /* each group takes that long */
    int64_t grace_ms;
};

struct fake_serve {
    struct fake_options options;
    pthread_t loop_thread, writer_thread;
    uv_loop_t loop;
    uv_async_t woken, told_to_stop;
    uv_prepare_t turned;
    struct rp_http *http;
    struct rp_queue *queue;
    struct rp_ingest *ingest;
    int port;
    atomic_size_t events, groups, last_flags, last_received;
    char last[4096]; /* the last accepted event: its columns, then its body */
};

static void fake_wake(void *ctx)
{
    struct fake_serve *serve = ctx;

    uv_async_send(&serve->woken);
}

static void fake_on_woken(uv_async_t *async)
{
    struct fake_serve *serve = async->data;

    rp_ingest_drain(serve->ingest);
}

static void fake_commit(struct fake_serve *serve, struct rp_batch *batch)
{
    batch->status = serve->options.commit_status;
    for (size_t i = 0; i < batch->item_count; i++) {
        struct rp_item *item = &batch->items[i];
        if (item->reject == RP_REJECT_NONE) {
            item->verdict = RP_VERDICT_ACCEPTED;
            batch->accepted++;
            atomic_store(&serve->last_flags, item->event.flags);
            snprintf(serve->last, sizeof(serve->last),
                     "%.*s|user=%.*s|anonymous=%.*s|email=%.*s|id=%.*s|at=%lld|%.*s",
                     RP_STR_ARG(item->event.name), RP_STR_ARG(item->event.user_id),
                     RP_STR_ARG(item->event.anonymous_id), RP_STR_ARG(item->event.email),
                     RP_STR_ARG(item->event.message_id), (long long)item->event.effective_ms,
                     RP_STR_ARG(item->event.body));
            atomic_store(&serve->last_received, (size_t)item->event.received_ms);
        } else {
            item->verdict = RP_VERDICT_REJECTED;
            batch->rejected++;
        }
    }
    atomic_fetch_add(&serve->events, batch->accepted);
}

static void *fake_writer(void *ctx)
{
    struct fake_serve *serve = ctx;
    bool closed = false;

    while (!closed) {
        struct rp_batch *first = rp_queue_take(serve->queue, RP_GROUP_EVENTS_MAX, 1000, &closed);
        if (!first)
            continue;
        for (struct rp_batch *batch = first; batch; batch = batch->next)
            fake_commit(serve, batch);
        if (serve->options.commit_us > 0) {
            struct timespec pause = {0, (long)serve->options.commit_us * 1000};
            nanosleep(&pause, NULL);
        }
        atomic_fetch_add(&serve->groups, 1);
        rp_queue_finish(serve->queue, first);
    }
    return NULL;
}

static void fake_handle(void *ctx, struct rp_http_request *request)
{
    struct fake_serve *serve = ctx;

    if (!rp_ingest_handle(serve->ingest, request))
        rp_http_error(request, 404, "not_found", RP_STR("there is nothing here"));
}

static void fake_on_stopped(void *ctx)
{
    struct fake_serve *serve = ctx;

    uv_close((uv_handle_t *)&serve->woken, NULL);
    uv_close((uv_handle_t *)&serve->told_to_stop, NULL);
    uv_close((uv_handle_t *)&serve->turned, NULL);
}

static void fake_on_turned(uv_prepare_t *prepare)
{
    struct fake_serve *serve = prepare->data;

    rp_queue_send(serve->queue);
}

static void fake_on_stop(uv_async_t *async)
{
    struct fake_serve *serve = async->data;

    rp_http_stop(serve->http, serve->options.grace_ms, fake_on_stopped, serve);
}

static void *fake_loop(void *ctx)
{
    struct fake_serve *serve = ctx;

    uv_run(&serve->loop, UV_RUN_DEFAULT);
    return NULL;
}

static inline struct fake_serve *fake_serve_start(const struct fake_options *options)
{
    struct fake_serve *serve = rp_calloc(1, sizeof(*serve));
    struct rp_http_options http = {
        .address = "127.0.0.1",
        .port = options->port,
        .body_bytes_max = RP_BODY_MAX,
        .connections_max = RP_CONNECTIONS_MAX,
        .idle_ms = 30000,
        .slow_ms = 10000,
    };
    struct rp_err err;

    serve->options = *options;
    if (serve->options.grace_ms == 0)
        serve->options.grace_ms = 2000;
    uv_loop_init(&serve->loop);
    uv_async_init(&serve->loop, &serve->woken, fake_on_woken);
    uv_async_init(&serve->loop, &serve->told_to_stop, fake_on_stop);
    uv_prepare_init(&serve->loop, &serve->turned);
    uv_prepare_start(&serve->turned, fake_on_turned);
    serve->woken.data = serve->told_to_stop.data = serve->turned.data = serve;
    serve->queue =
        rp_queue_new(options->queue_events_max ? options->queue_events_max : RP_QUEUE_EVENTS_MAX,
                     fake_wake, serve);
    serve->ingest = rp_ingest_new(serve->queue, rp_clock_system());
    rp_ingest_auth_set(serve->ingest, &options->auth);
    if (options->doors)
        rp_ingest_doors_set(serve->ingest, options->doors);
    if (rp_http_start(&serve->loop, &http, fake_handle, serve, &serve->http, &err) != 0)
        rp_check_failed(err.text, __FILE__, __LINE__);
    serve->port = rp_http_port(serve->http);
    pthread_create(&serve->writer_thread, NULL, fake_writer, serve);
    pthread_create(&serve->loop_thread, NULL, fake_loop, serve);
    return serve;
}

static inline void fake_serve_stop(struct fake_serve *serve)
{
    uv_async_send(&serve->told_to_stop);
    pthread_join(serve->loop_thread, NULL);
    rp_queue_close(serve->queue);
    pthread_join(serve->writer_thread, NULL);
    uv_loop_close(&serve->loop);
    rp_ingest_free(serve->ingest);
    rp_queue_free(serve->queue);
    free(serve);
}

#endif
