/* SPDX-License-Identifier: MIT */
/* The server: a listener on the loop, the bound on connections, the clock that cuts off clients
 * that send nothing, or too slowly, and the stop. Knows connections; what they say is
 * http_conn.c's.
 *
 *   serving ──rp_http_stop──▶ stopping ──all answered, or the grace is over──▶ stopped ──last
 *   request replied──▶ freed */
#include "base/mem.h"
#include "net/http_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define STEP_MIN_MS 20
#define STEP_MAX_MS 2500
#define LINGER_MS   500

static void stop_when_quiet(struct rp_http *http);

int64_t rp_http_now(const struct rp_http *http)
{
    return (int64_t)uv_now(http->loop);
}

static void on_check(uv_check_t *check)
{
    rp_conn_send_all(check->data);
}

/* Cuts connections off that have waited for too long. */
static void sweep(struct rp_http *http)
{
    int64_t now_ms = rp_http_now(http);

    for (int wait = RP_WAIT_IDLE; wait < RP_WAITS; wait++) {
        while (http->waits[wait].first &&
               (now_ms - http->waits[wait].first->since_ms >= http->wait_ms[wait] ||
                (http->stopping && wait == RP_WAIT_IDLE)))
            rp_conn_close(http->waits[wait].first);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct rp_http *http = timer->data;

    sweep(http);
    if (http->stopping)
        stop_when_quiet(http);
}

/* --- connections --- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct rp_http *http = listener->data;

    if (status != 0 || http->stopping)
        return;
    /* One that is not accepted waits, and uv listens no further until it is. */
    if (http->connections >= http->options.connections_max)
        http->accept_waiting = true;
    else
        rp_conn_accept(http);
}

static void handle_closed(struct rp_http *http)
{
    if (http->handles > 1) {
        http->handles--;
        return;
    }
    if (http->on_stopped) /* may reply to what is left: the last handle still counts */
        http->on_stopped(http->on_stopped_ctx);
    http->handles = 0;
    rp_http_free_when_done(http);
}

void rp_http_flush(struct rp_http *http)
{
    rp_conn_send_all(http);
}

void rp_http_conn_closed(struct rp_http *http)
{
    if (http->accept_waiting && !http->stopping) {
        http->accept_waiting = false;
        rp_conn_accept(http);
    }
    handle_closed(http);
}

/* --- start and stop --- */

static int parse_address(const struct rp_http_options *options,
                         struct sockaddr_storage *ret_address, socklen_t *ret_len,
                         struct rp_err *err)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    memset(ret_address, 0, sizeof(*ret_address));
    if (options->port < 0 || options->port > 65535)
        return rp_err_set(err, RIPEN_EINPUT, "%d is not a port: give 0 to 65535", options->port);
    in.sin_port = htons((uint16_t)options->port);
    in6.sin6_port = in.sin_port;
    const char *address =
        strcmp(options->address, "localhost") == 0 ? "127.0.0.1" : options->address;
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        memcpy(ret_address, &in, sizeof(in));
        *ret_len = sizeof(in);
    } else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1) {
        memcpy(ret_address, &in6, sizeof(in6));
        *ret_len = sizeof(in6);
    } else {
        return rp_err_set(err, RIPEN_EINPUT,
                          "\"%s\" is not an address: give one such as 127.0.0.1 or ::1",
                          options->address);
    }
    return 0;
}

static int open_socket(const struct rp_http_options *options, int *ret_fd, int *ret_port,
                       struct rp_err *err)
{
    struct sockaddr_storage address;
    socklen_t len = 0;
    int on = 1;
    int status = parse_address(options, &address, &len, err);

    if (status)
        return status;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return rp_err_set(err, RIPEN_EIO, "no socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        status = rp_err_set(err, errno == EADDRINUSE ? RIPEN_EBUSY : RIPEN_EIO,
                            "cannot listen on %s port %d: %s; %s", options->address, options->port,
                            strerror(errno),
                            errno == EADDRINUSE ? "stop what uses it, or choose another port"
                                                : "choose an address and port of this machine");
        close(fd);
        return status;
    }
    uint16_t port = 0;
    /* The port stands at the same place for both families. */
    memcpy(&port, (char *)&address + offsetof(struct sockaddr_in, sin_port), sizeof(port));
    *ret_port = ntohs(port);
    *ret_fd = fd;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void stop_now(struct rp_http *http)
{
    http->stopped = true;
    if (!uv_is_closing((uv_handle_t *)&http->listener))
        uv_close((uv_handle_t *)&http->listener, on_closed);
    uv_close((uv_handle_t *)&http->again, on_closed);
    uv_close((uv_handle_t *)&http->check, on_closed);
    uv_close((uv_handle_t *)&http->tick, on_closed);
}

static void start_handles(struct rp_http *http, int64_t step_ms)
{
    uv_idle_init(http->loop, &http->again);
    uv_check_init(http->loop, &http->check);
    uv_timer_init(http->loop, &http->tick);
    http->listener.data = http->again.data = http->check.data = http->tick.data = http;
    http->handles = 4;
    uv_check_start(&http->check, on_check);
    uv_timer_start(&http->tick, on_tick, (uint64_t)step_ms, (uint64_t)step_ms);
}

int rp_http_start(uv_loop_t *loop, const struct rp_http_options *options, rp_http_handler *handler,
                  void *ctx, struct rp_http **ret_http, struct rp_err *err)
{
    int fd = -1, port = 0;
    int64_t shorter = options->slow_ms < options->idle_ms ? options->slow_ms : options->idle_ms;

    RP_ASSERT(handler != NULL && options->body_bytes_max > 0 && options->connections_max > 0);
    RP_ASSERT(shorter > 0);
    int status = open_socket(options, &fd, &port, err);
    if (status)
        return status;
    struct rp_http *http = rp_calloc(1, sizeof(*http));
    http->magic = RP_HTTP_MAGIC;
    http->loop = loop;
    http->handler = handler;
    http->ctx = ctx;
    http->options = *options;
    http->options.address = NULL; /* the caller's */
    http->port = port;
    http->wait_ms[RP_WAIT_IDLE] = http->wait_ms[RP_WAIT_WRITE] = options->idle_ms;
    http->wait_ms[RP_WAIT_SLOW] = options->slow_ms;
    http->wait_ms[RP_WAIT_LINGER] = LINGER_MS;
    http->gunzip = rp_gunzip_new();
    uv_update_time(loop);
    uv_tcp_init(loop, &http->listener);
    start_handles(http, shorter / 4 < STEP_MIN_MS   ? STEP_MIN_MS
                        : shorter / 4 > STEP_MAX_MS ? STEP_MAX_MS
                                                    : shorter / 4);
    int failed = uv_tcp_open(&http->listener, fd);
    if (failed)
        close(fd);
    else
        failed = uv_listen((uv_stream_t *)&http->listener, SOMAXCONN, on_connection);
    if (failed) {
        stop_now(http);
        return rp_err_set(err, RIPEN_EIO, "the HTTP server could not be started on port %d: %s",
                          port, uv_strerror(failed));
    }
    *ret_http = http;
    return 0;
}

int rp_http_port(const struct rp_http *http)
{
    return http->port;
}

void rp_http_free_when_done(struct rp_http *http)
{
    if (http->handles > 0 || http->busy_count > 0)
        return;
    while (http->idle) {
        struct rp_exchange *exchange = http->idle;
        http->idle = exchange->next;
        rp_arena_fini(&exchange->arena);
        free(exchange);
    }
    rp_gunzip_free(http->gunzip);
    http->magic = 0;
    free(http);
}

/* Whoever still works on a request gets to reply into the void; the client hears 503 now. */
static void abandon(struct rp_conn *conn)
{
    static const char text[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
        "Retry-After: 1\r\nConnection: close\r\nContent-Length: 88\r\n\r\n"
        "{\"error\":{\"code\":\"stopping\",\"message\":\"the server is stopping; "
        "send the request again\"}}";
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, sizeof(text) - 1); /* uv reads only */

    if (conn->exchange && conn->exchange->phase == RP_PHASE_WORK && !conn->is_writing)
        (void)uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
    rp_conn_close(conn);
}

static void stop_when_quiet(struct rp_http *http)
{
    if (http->stopped || (http->connections > 0 && rp_http_now(http) < http->stop_at_ms))
        return;
    rp_conn_send_all(http);
    for (struct rp_conn *conn = http->conns; conn; conn = conn->next)
        abandon(conn);
    stop_now(http);
}

void rp_http_stop(struct rp_http *http, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx)
{
    RP_CHECK_OBJ(http, RP_HTTP_MAGIC);
    RP_ASSERT(!http->stopping);
    uv_update_time(http->loop);
    http->stopping = true;
    http->stop_at_ms = rp_http_now(http) + grace_ms;
    http->on_stopped = stopped;
    http->on_stopped_ctx = ctx;
    uv_close((uv_handle_t *)&http->listener, on_closed);
    /* From the loop, not from here: the caller may be inside a handler. */
    uv_timer_start(&http->tick, on_tick, 0, STEP_MIN_MS);
}
