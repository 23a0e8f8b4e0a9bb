/* SPDX-License-Identifier: MIT */
/* The server: libmicrohttpd 0.9.75 without threads of its own, on its epoll descriptor under a
 * uv_poll. Knows connections and requests; knows nothing of routes. What has to be remembered about
 * the library:
 *
 *  - its epoll descriptor reports edges, so after every MHD_run MHD_get_timeout must be asked: 0
 * means that there is more to do at once;
 *  - the access handler is called with the head, for every piece of the body, and once more when
 * the request is complete; a response can be queued in the first and the last of these calls only,
 * or while the connection is suspended;
 *  - a suspended connection has no time-out and does not notice that the client is gone, so an
 * exchange lives until its answer; all must be resumed before MHD_stop_daemon.
 *
 *   HEAD ──guard──▶ BODY ──complete──▶ WORK ──rp_http_reply──▶ ANSWERED ──on_completed──▶ free
 *     └──refused──────┴───────────────────────────────────────────▲
 */
#include "base/mem.h"
#include "net/http_impl.h"
#include "net/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MEMORY                                                                          \
    ((size_t)24 * 1024)  /* request line and headers; cleared for each request */
#define RUNS_MAX       8 /* before the rest of the loop has its turn */
#define STEP_MIN_MS    20
#define STEP_MAX_MS    2500
#define SWALLOW_FACTOR 8 /* a body up to this many times the limit is read before the 413 */
#define BODY_START     ((size_t)4096)

static void stop_when_quiet(struct rp_http *http);

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* it is there to keep the loop awake */
}

void rp_http_run_soon(struct rp_http *http)
{
    http->due = true;
    if (!http->running)
        uv_idle_start(&http->again, on_idle);
}

static void run(struct rp_http *http)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    int runs = 0;

    if (!http->daemon || http->running)
        return;
    http->running = true;
    do {
        http->due = false;
        MHD_run(http->daemon);
        if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES && wait_ms == 0)
            http->due = true;
    } while (http->due && ++runs < RUNS_MAX);
    http->running = false;
    if (http->due)
        uv_idle_start(&http->again, on_idle);
    else
        uv_idle_stop(&http->again);
    if (http->stopping)
        stop_when_quiet(http);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct rp_http *http = poll->data;

    (void)status;
    (void)events;
    http->due = true;
}

static void on_check(uv_check_t *check)
{
    struct rp_http *http = check->data;

    if (http->due)
        run(http);
}

static void on_tick(uv_timer_t *timer)
{
    struct rp_http *http = timer->data;

    rp_http_sweep(http);
    run(http); /* the library's own time-outs */
}

/* --- connections --- */

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && in6.sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct rp_http *http = ctx;
    struct rp_conn *conn = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        rp_conn_unwait(conn);
        free(conn);
        http->connections--;
        return;
    }
    conn = rp_calloc(1, sizeof(*conn));
    conn->http = http;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    conn->fd = info->connect_fd;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    conn->loopback = info && info->client_addr && is_loopback(info->client_addr);
    *socket_context = conn;
    http->connections++;
    rp_conn_wait(conn, true);
}

static void *on_uri(void *ctx, const char *uri, struct MHD_Connection *connection)
{
    struct rp_exchange *exchange = rp_exchange_new(ctx, rp_str_from(uri));

    exchange->connection = connection;
    exchange->conn =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    return exchange;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode code)
{
    struct rp_exchange *exchange = *request;

    (void)ctx;
    (void)connection;
    if (!exchange)
        return;
    *request = NULL;
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        rp_conn_wait(exchange->conn, false);
    exchange->connection = NULL;
    exchange->conn = NULL;
    exchange->suspended = false;
    rp_exchange_release(exchange);
}

/* --- requests --- */

static const struct {
    const char *name;
    enum rp_method method;
} methods[] = {
    {"POST", RP_POST},     {"GET", RP_GET},   {"OPTIONS", RP_OPTIONS},
    {"DELETE", RP_DELETE}, {"HEAD", RP_HEAD}, {"PUT", RP_PUT},
};

static enum rp_method method_of(const char *name)
{
    for (size_t i = 0; i < RP_COUNT(methods); i++) {
        if (strcmp(name, methods[i].name) == 0)
            return methods[i].method;
    }
    return RP_OTHER_METHOD;
}

static void too_large(struct rp_exchange *exchange)
{
    struct rp_str text =
        rp_arena_printf(&exchange->arena, "a body holds at most %zu bytes, also when unpacked",
                        exchange->http->options.body_bytes_max);

    rp_exchange_refuse(exchange, 413, "body_too_large", text.ptr);
}

/* The head is complete: refuse it, or make room for the body. */
static enum MHD_Result take_head(struct rp_exchange *exchange, const char *method,
                                 const char *version)
{
    struct rp_http *http = exchange->http;
    size_t max = http->options.body_bytes_max;
    struct rp_verdict_head head;

    rp_conn_begin(exchange->conn);
    rp_http_guard(exchange->connection, method, version, &head);
    if (head.status == 0 && !rp_exchange_target(exchange)) {
        head.status = 400;
        head.code = "bad_request";
        head.message = "the request target is not a path";
    }
    if (head.status) {
        rp_exchange_refuse(exchange, head.status, head.code, head.message);
        return MHD_YES;
    }
    /* A client that has not begun to send is told at once; of one that is sending, a body that is
     * not absurd is read first: closing on unread bytes would reset the connection and lose the
     * answer. */
    if (head.length > max && (head.length > max * SWALLOW_FACTOR ||
                              rp_http_header(&exchange->request, "Expect").len > 0)) {
        too_large(exchange);
        return MHD_YES;
    }
    exchange->request.method = method_of(method);
    exchange->phase = RP_PHASE_BODY;
    if (head.length > 0 && head.length <= max) {
        exchange->body_cap = head.length;
        exchange->request.body.ptr = rp_arena_alloc(&exchange->arena, head.length);
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct rp_exchange *exchange, const char *data, size_t *size)
{
    struct rp_str *body = &exchange->request.body;
    size_t max = exchange->http->options.body_bytes_max;
    size_t len = *size;

    *size = 0;
    exchange->body_seen += len;
    if (exchange->body_seen > max) {
        exchange->refused = 413;
        return exchange->body_seen > max * SWALLOW_FACTOR ? MHD_NO : MHD_YES;
    }
    if (exchange->body_seen > exchange->body_cap) {
        size_t cap = exchange->body_cap ? exchange->body_cap : BODY_START;
        while (cap < exchange->body_seen)
            cap *= 2;
        char *room = rp_arena_alloc(&exchange->arena, cap);
        if (body->len)
            memcpy(room, body->ptr, body->len);
        body->ptr = room;
        exchange->body_cap = cap;
    }
    memcpy((char *)(uintptr_t)body->ptr + body->len, data, len); /* arena memory of our own */
    body->len += len;
    return MHD_YES;
}

/* Unpacks the body as its Content-Encoding says. True: the handler may have it. */
static bool unpack(struct rp_exchange *exchange)
{
    struct rp_http_request *request = &exchange->request;
    struct rp_str coding = rp_http_header(request, "Content-Encoding");
    size_t max = exchange->http->options.body_bytes_max;

    if (exchange->refused == 413) {
        too_large(exchange);
        return false;
    }
    if (coding.len == 0 || (coding.len == 8 && strncasecmp(coding.ptr, "identity", 8) == 0))
        return true;
    if (!(coding.len == 4 && strncasecmp(coding.ptr, "gzip", 4) == 0) &&
        !(coding.len == 6 && strncasecmp(coding.ptr, "x-gzip", 6) == 0)) {
        rp_exchange_refuse(exchange, 415, "content_encoding",
                           "the only Content-Encoding understood is gzip");
        return false;
    }
    int result =
        rp_gunzip_run(&exchange->arena, exchange->http->gunzip, request->body, max, &request->body);
    if (result == RIPEN_ELIMIT)
        too_large(exchange);
    else if (result != 0)
        rp_exchange_refuse(exchange, 400, "bad_gzip",
                           "the body is not gzip, or it is damaged or cut off");
    return result == 0;
}

static enum MHD_Result take_request(struct rp_exchange *exchange)
{
    struct rp_http *http = exchange->http;

    rp_conn_unwait(exchange->conn);
    if (!unpack(exchange))
        return MHD_YES;
    exchange->phase = RP_PHASE_WORK;
    http->handler(http->ctx, &exchange->request);
    if (!exchange->replied) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
    }
    return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request)
{
    struct rp_exchange *exchange = *request;

    (void)ctx;
    (void)connection;
    (void)url;
    RP_CHECK_OBJ(exchange, RP_EXCHANGE_MAGIC);
    switch (exchange->phase) {
    case RP_PHASE_HEAD:
        return take_head(exchange, method, version);
    case RP_PHASE_BODY:
        return *size ? take_body(exchange, data, size) : take_request(exchange);
    case RP_PHASE_WORK:
    case RP_PHASE_ANSWERED:
        break;
    }
    return MHD_YES;
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

static struct MHD_Daemon *start_daemon(struct rp_http *http, int fd)
{
    unsigned idle_s = (unsigned)((http->options.idle_ms + 999) / 1000) + 1;

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
                            http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)http->options.connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
                            idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
                            MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, http, MHD_OPTION_URI_LOG_CALLBACK, on_uri, http,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
}

static void start_handles(struct rp_http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    RP_ASSERT(info != NULL);
    uv_poll_init(http->loop, &http->poll, info->epoll_fd);
    uv_idle_init(http->loop, &http->again);
    uv_check_init(http->loop, &http->check);
    uv_timer_init(http->loop, &http->tick);
    http->poll.data = http->again.data = http->check.data = http->tick.data = http;
    http->handles = 4;
    uv_check_start(&http->check, on_check);
    uv_poll_start(&http->poll, UV_READABLE, on_readable);
    uv_timer_start(&http->tick, on_tick, (uint64_t)http->step_ms, (uint64_t)http->step_ms);
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
    http->step_ms = shorter / 4 < STEP_MIN_MS   ? STEP_MIN_MS
                    : shorter / 4 > STEP_MAX_MS ? STEP_MAX_MS
                                                : shorter / 4;
    uv_update_time(loop);
    http->daemon = start_daemon(http, fd);
    if (!http->daemon) {
        close(fd);
        free(http);
        return rp_err_set(err, RIPEN_EIO, "the HTTP server could not be started on port %d", port);
    }
    http->gunzip = rp_gunzip_new();
    start_handles(http);
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

static void on_closed(uv_handle_t *handle)
{
    struct rp_http *http = handle->data;

    if (http->handles > 1) {
        http->handles--;
        return;
    }
    if (http->on_stopped) /* may reply to what is left: the last handle still counts */
        http->on_stopped(http->on_stopped_ctx);
    http->handles = 0;
    rp_http_free_when_done(http);
}

/* Whoever still works on a request gets to reply into the void; the client hears 503 now. */
static void abandon_requests(struct rp_http *http)
{
    static const char text[] =
        "{\"error\":{\"code\":\"stopping\",\"message\":\"the server is stopping; "
        "send the request again\"}}";
    struct MHD_Response *response = MHD_create_response_from_buffer(
        sizeof(text) - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);

    if (!response)
        abort(); /* only out of memory gets here */
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Retry-After", "1");
    MHD_add_response_header(response, "Connection", "close");
    for (struct rp_exchange *x = http->busy; x; x = x->next) {
        if (!x->suspended)
            continue;
        x->suspended = false;
        MHD_queue_response(x->connection, 503, response);
        MHD_resume_connection(x->connection);
    }
    MHD_destroy_response(response);
    for (int i = 0; i < RUNS_MAX; i++)
        MHD_run(http->daemon);
}

static void stop_when_quiet(struct rp_http *http)
{
    if (http->connections > 0 && rp_http_now(http) < http->stop_at_ms)
        return;
    http->stopped = true;
    http->running = true; /* nothing may run the daemon again */
    abandon_requests(http);
    MHD_stop_daemon(http->daemon);
    http->daemon = NULL;
    rp_http_ready_clear(http);
    uv_close((uv_handle_t *)&http->poll, on_closed);
    uv_close((uv_handle_t *)&http->again, on_closed);
    uv_close((uv_handle_t *)&http->check, on_closed);
    uv_close((uv_handle_t *)&http->tick, on_closed);
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
    int fd = MHD_quiesce_daemon(http->daemon);
    if (fd >= 0)
        close(fd);
    /* From the loop, not from here: the caller may be inside a handler. */
    uv_timer_start(&http->tick, on_tick, 0, STEP_MIN_MS);
}
