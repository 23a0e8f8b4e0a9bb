/* SPDX-License-Identifier: MIT */
#include "unit/net/net_server.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct net_server {
    pthread_t thread;
    uv_loop_t loop;
    uv_async_t told;
    struct rp_http *http;
    int port;
    int64_t grace_ms;
    atomic_size_t requests;
    struct rp_http_request *never[8]; /* answered after the stop, into the void */
    size_t never_count;
};

struct later {
    uv_timer_t timer;
    struct rp_http_request *request;
};

static void echo(struct rp_http_request *request)
{
    static const char *const names[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "OTHER"};
    struct rp_buf out = {0};
    struct rp_jw jw = rp_jw(&out);

    rp_jw_object(&jw);
    rp_jw_put_text(&jw, "method", names[request->method]);
    rp_jw_put_str(&jw, "path", request->path);
    rp_jw_put_str(&jw, "query", request->query);
    rp_jw_put_int(&jw, "body_len", (int64_t)request->body.len);
    rp_jw_put_str(&jw, "body", request->body.len < 200 ? request->body : RP_STR("…"));
    rp_jw_put_str(&jw, "basic", rp_http_basic_user(request));
    rp_jw_put_str(&jw, "bearer", rp_http_bearer(request));
    rp_jw_put_str(&jw, "a", rp_http_query(request, "a"));
    rp_jw_put_str(&jw, "x-test", rp_http_header(request, "X-Test"));
    rp_jw_put_bool(&jw, "loopback", rp_http_peer_loopback(request));
    rp_jw_object_end(&jw);
    rp_http_reply(request, 200, "application/json", rp_buf_view(&out));
    rp_buf_fini(&out);
}

static void free_later(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_later(uv_timer_t *timer)
{
    struct later *later = timer->data;

    echo(later->request);
    uv_close((uv_handle_t *)timer, free_later);
}

static void reply_big(struct rp_http_request *request)
{
    size_t len = (size_t)1 << 20;
    char *text = rp_arena_alloc(request->arena, len);

    memset(text, 'x', len);
    rp_http_reply(request, 200, "text/plain", (struct rp_str){text, len});
}

static void handle(void *ctx, struct rp_http_request *request)
{
    struct net_server *server = ctx;

    atomic_fetch_add(&server->requests, 1);
    if (rp_str_is(request->path, "/later")) {
        struct later *later = rp_calloc(1, sizeof(*later));
        uv_timer_init(&server->loop, &later->timer);
        later->timer.data = later;
        later->request = request;
        uv_timer_start(&later->timer, on_later, 30, 0);
    } else if (rp_str_is(request->path, "/never")) {
        server->never[server->never_count++ % 8] = request;
    } else if (rp_str_is(request->path, "/big")) {
        reply_big(request);
    } else {
        rp_http_reply_header(request, "X-Answer", RP_STR("yes"));
        echo(request);
    }
}

static void on_stopped(void *ctx)
{
    struct net_server *server = ctx;

    for (size_t i = 0; i < server->never_count; i++)
        rp_http_reply(server->never[i], 200, "text/plain", RP_STR("too late"));
    uv_close((uv_handle_t *)&server->told, NULL);
}

static void on_told(uv_async_t *async)
{
    struct net_server *server = async->data;

    rp_http_stop(server->http, server->grace_ms, on_stopped, server);
}

static void *run(void *ctx)
{
    struct net_server *server = ctx;

    uv_run(&server->loop, UV_RUN_DEFAULT);
    return NULL;
}

struct net_server *net_server_start(size_t body_bytes_max, size_t connections_max, int64_t idle_ms,
                                    int64_t slow_ms)
{
    struct net_server *server = rp_calloc(1, sizeof(*server));
    struct rp_http_options options = {"127.0.0.1",     0,       body_bytes_max,
                                      connections_max, idle_ms, slow_ms};
    struct rp_err err;

    uv_loop_init(&server->loop);
    uv_async_init(&server->loop, &server->told, on_told);
    server->told.data = server;
    if (rp_http_start(&server->loop, &options, handle, server, &server->http, &err) != 0)
        rp_check_failed(err.text, __FILE__, __LINE__);
    server->port = rp_http_port(server->http);
    pthread_create(&server->thread, NULL, run, server);
    return server;
}

int net_server_port(const struct net_server *server)
{
    return server->port;
}

void net_server_stop(struct net_server *server, int64_t grace_ms)
{
    server->grace_ms = grace_ms;
    uv_async_send(&server->told);
}

void net_server_join(struct net_server *server)
{
    pthread_join(server->thread, NULL);
    uv_loop_close(&server->loop);
    free(server);
}

size_t net_server_requests(struct net_server *server)
{
    return atomic_load(&server->requests);
}
