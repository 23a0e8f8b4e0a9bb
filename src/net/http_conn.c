/* SPDX-License-Identifier: MIT */
/* A connection, from accept to close: bytes in, requests one after the other, answers out. Answers
 * are gathered and sent once a turn of the loop or when told to, in one write; what the socket does
 * not take at once is written by uv. Knows nothing of what stands in a request.
 *
 *   accept ─▶ IDLE ──byte──▶ SLOW ──complete──▶ NONE (the handler) ──reply──▶ sent ─▶ IDLE
 *              └─────────── whole request ────────▲                  │ ├─ socket full ─▶ WRITE
 *                                                       refused, last └─▶ LINGER ─▶ closed
 *
 * A client that is refused may still be sending: its bytes are read and dropped for a moment, since
 * closing on unread bytes would reset the connection and lose the answer. */
#include "base/mem.h"
#include "net/http_impl.h"

#include <netinet/in.h>
#include <stdlib.h>

#define PIPELINE_MAX ((size_t)64 * 1024) /* bytes of later requests kept while one is worked on */
#define LINGER_BYTES ((size_t)4 * 1024 * 1024)
#define KEEP_BUFFER  ((size_t)16 * 1024) /* a larger one is given back when it is empty */

/* --- waiting --- */

static void unwait(struct rp_conn *conn)
{
    struct rp_http *http = conn->http;

    if (conn->wait == RP_WAIT_NONE)
        return;
    if (conn->wait_prev)
        conn->wait_prev->wait_next = conn->wait_next;
    else
        http->waits[conn->wait].first = conn->wait_next;
    if (conn->wait_next)
        conn->wait_next->wait_prev = conn->wait_prev;
    else
        http->waits[conn->wait].last = conn->wait_prev;
    conn->wait = RP_WAIT_NONE;
}

void rp_conn_wait(struct rp_conn *conn, enum rp_wait wait)
{
    struct rp_http *http = conn->http;

    if (conn->wait == wait)
        return; /* its clock runs */
    unwait(conn);
    if (wait == RP_WAIT_NONE)
        return;
    conn->wait = wait;
    conn->since_ms = rp_http_now(http);
    conn->wait_prev = http->waits[wait].last;
    conn->wait_next = NULL;
    if (conn->wait_prev)
        conn->wait_prev->wait_next = conn;
    else
        http->waits[wait].first = conn;
    http->waits[wait].last = conn;
}

/* --- closing --- */

static void on_closed(uv_handle_t *handle)
{
    struct rp_conn *conn = handle->data;
    struct rp_http *http = conn->http;

    if (conn->prev)
        conn->prev->next = conn->next;
    else
        http->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    rp_buf_fini(&conn->in);
    rp_buf_fini(&conn->out);
    rp_buf_fini(&conn->sent);
    free(conn);
    http->connections--;
    rp_http_conn_closed(http);
}

void rp_conn_close(struct rp_conn *conn)
{
    struct rp_exchange *exchange = conn->exchange;

    if (conn->closing)
        return;
    conn->closing = true;
    unwait(conn);
    conn->exchange = NULL;
    if (exchange) {
        exchange->conn = NULL;
        rp_exchange_release(exchange);
    }
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

/* --- in --- */

/* Clients of old end a body with a line end too many. */
static size_t skip_line_ends(struct rp_str bytes)
{
    size_t at = 0;

    while (at + 1 < bytes.len && bytes.ptr[at] == '\r' && bytes.ptr[at + 1] == '\n')
        at += 2;
    return at;
}

/* Reads requests until one is worked on, the bytes are used up, or answers wait to be taken. How
 * many bytes were used. */
static size_t consume(struct rp_conn *conn, struct rp_str bytes)
{
    size_t at = 0, used;

    while (at < bytes.len && !conn->closing && !conn->last) {
        struct rp_str rest = {bytes.ptr + at, bytes.len - at};
        if (conn->exchange) {
            if (conn->exchange->phase != RP_PHASE_BODY)
                break;
            used = rp_http_take_body(conn, rest);
        } else {
            if (conn->is_writing || conn->out.len > PIPELINE_MAX)
                break;
            if (conn->in_seen == 0)
                at += skip_line_ends(rest);
            used = rp_http_take_head(conn, (struct rp_str){bytes.ptr + at, bytes.len - at});
            if (used == 0)
                break;
        }
        at += used;
    }
    if (!conn->closing && (at < bytes.len || conn->exchange) && !conn->last &&
        !(conn->exchange && conn->exchange->phase != RP_PHASE_BODY) && conn->out.len == 0)
        rp_conn_wait(conn, RP_WAIT_SLOW);
    return conn->last ? bytes.len : at;
}

/* Goes on with the bytes that were kept. */
static void go_on(struct rp_conn *conn)
{
    struct rp_buf *in = &conn->in;
    size_t used = consume(conn, rp_buf_view(in));

    if (used == in->len && in->cap > KEEP_BUFFER)
        rp_buf_fini(in);
    else if (used > 0)
        memmove(in->ptr, in->ptr + used, in->len - used);
    in->len -= in->len < used ? in->len : used;
}

static void hold_back(struct rp_conn *conn)
{
    if (conn->in.len > PIPELINE_MAX && !conn->paused) {
        conn->paused = true;
        uv_read_stop((uv_stream_t *)&conn->tcp);
    }
}

static void take_bytes(struct rp_conn *conn, struct rp_str bytes)
{
    if (conn->last) {
        conn->linger_bytes += bytes.len;
        if (conn->linger_bytes > LINGER_BYTES)
            rp_conn_close(conn);
        return;
    }
    if (conn->in.len == 0) {
        size_t used = consume(conn, bytes);
        if (used < bytes.len)
            rp_buf_add(&conn->in, bytes.ptr + used, bytes.len - used);
        hold_back(conn);
        return;
    }
    rp_buf_add(&conn->in, bytes.ptr, bytes.len);
    go_on(conn);
    hold_back(conn);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct rp_conn *conn = stream->data;

    if (len > 0) {
        take_bytes(conn, (struct rp_str){buf->base, (size_t)len});
        return;
    }
    if (len == 0)
        return;
    conn->ended = true;
    bool works = conn->exchange && conn->exchange->phase == RP_PHASE_WORK;
    if (len != UV_EOF || (!works && !conn->is_writing && conn->out.len == 0))
        rp_conn_close(conn);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *ret_buf)
{
    struct rp_conn *conn = handle->data;

    (void)size;
    *ret_buf = uv_buf_init(conn->http->bytes, sizeof(conn->http->bytes));
}

/* --- out --- */

/* Ends the connection once the client has seen the answer. */
static void linger(struct rp_conn *conn)
{
    uv_os_fd_t fd;

    if (conn->ended || uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0) {
        rp_conn_close(conn);
        return;
    }
    rp_conn_wait(conn, RP_WAIT_LINGER);
    shutdown(fd, SHUT_WR);
    if (conn->paused) {
        conn->paused = false;
        uv_read_start((uv_stream_t *)&conn->tcp, on_room, on_read);
    }
}

/* All answers are with the kernel: what comes next? */
static void all_sent(struct rp_conn *conn)
{
    if (conn->exchange)
        return; /* it was told to continue, or the next one is worked on */
    if (conn->last) {
        linger(conn);
        return;
    }
    rp_conn_wait(conn, conn->in.len ? RP_WAIT_SLOW : RP_WAIT_IDLE);
    if (conn->in.len)
        go_on(conn);
    if (conn->closing)
        return;
    if (conn->ended && !conn->exchange && conn->out.len == 0) {
        rp_conn_close(conn);
    } else if (conn->paused && !conn->ended && conn->in.len <= PIPELINE_MAX) {
        conn->paused = false;
        uv_read_start((uv_stream_t *)&conn->tcp, on_room, on_read);
    }
}

static void send_out(struct rp_conn *conn);

static void on_written(uv_write_t *write, int status)
{
    struct rp_conn *conn = write->data;

    conn->is_writing = false;
    rp_buf_fini(&conn->sent);
    if (conn->closing)
        return;
    if (status < 0) {
        rp_conn_close(conn);
        return;
    }
    unwait(conn);
    if (conn->out.len)
        send_out(conn);
    else
        all_sent(conn);
}

static void send_out(struct rp_conn *conn)
{
    uv_buf_t buf = uv_buf_init(conn->out.ptr, (unsigned)conn->out.len);

    if (conn->closing || conn->is_writing || conn->out.len == 0)
        return;
    int sent = uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0) {
        rp_conn_close(conn);
        return;
    }
    if ((size_t)sent == conn->out.len) {
        if (conn->out.cap > KEEP_BUFFER)
            rp_buf_fini(&conn->out);
        rp_buf_reset(&conn->out);
        all_sent(conn);
        return;
    }
    conn->sent = conn->out;
    conn->out = (struct rp_buf){0};
    conn->is_writing = true;
    conn->writing.data = conn;
    buf = uv_buf_init(conn->sent.ptr + sent, (unsigned)(conn->sent.len - (size_t)sent));
    if (!conn->exchange)
        rp_conn_wait(conn, RP_WAIT_WRITE);
    if (uv_write(&conn->writing, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) != 0) {
        conn->is_writing = false;
        rp_conn_close(conn);
    }
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle; /* it is there to keep the loop awake */
}

void rp_conn_answered(struct rp_conn *conn)
{
    struct rp_http *http = conn->http;

    if (conn->queued)
        return;
    conn->queued = true;
    conn->send_next = NULL;
    if (http->to_send_last)
        http->to_send_last->send_next = conn;
    else
        http->to_send = conn;
    http->to_send_last = conn;
    uv_idle_start(&http->again, on_idle);
}

void rp_conn_send_all(struct rp_http *http)
{
    while (http->to_send) {
        struct rp_conn *conn = http->to_send;
        http->to_send = conn->send_next;
        if (!http->to_send)
            http->to_send_last = NULL;
        conn->queued = false;
        send_out(conn);
    }
    uv_idle_stop(&http->again);
}

/* --- accepting --- */

static bool is_loopback(uv_tcp_t *tcp)
{
    struct sockaddr_storage address;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    int len = sizeof(address);

    memset(&address, 0, sizeof(address));
    if (uv_tcp_getpeername(tcp, (struct sockaddr *)&address, &len) != 0)
        return false;
    if (address.ss_family == AF_INET) {
        memcpy(&in, &address, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (address.ss_family != AF_INET6)
        return false;
    memcpy(&in6, &address, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && in6.sin6_addr.s6_addr[12] == 127);
}

void rp_conn_accept(struct rp_http *http)
{
    struct rp_conn *conn = rp_calloc(1, sizeof(*conn));

    uv_tcp_init(http->loop, &conn->tcp);
    conn->tcp.data = conn;
    conn->http = http;
    conn->next = http->conns;
    if (conn->next)
        conn->next->prev = conn;
    http->conns = conn;
    http->connections++;
    http->handles++;
    if (uv_accept((uv_stream_t *)&http->listener, (uv_stream_t *)&conn->tcp) != 0) {
        rp_conn_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    conn->loopback = is_loopback(&conn->tcp);
    rp_conn_wait(conn, RP_WAIT_IDLE);
    uv_read_start((uv_stream_t *)&conn->tcp, on_room, on_read);
}
