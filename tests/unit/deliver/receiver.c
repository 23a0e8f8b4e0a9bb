/* SPDX-License-Identifier: MIT */
/* The receiver: connections in a list, each with a buffer of what was read and not yet answered. */
#include "receiver.h"

#include "base/mem.h"
#include "suite.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <strings.h>

struct conn {
    uv_tcp_t tcp;
    struct receiver *receiver;
    struct conn *next, *prev;
    struct rp_buf in;
    bool held;
    char chunk[16 * 1024];
};

struct write {
    uv_write_t request;
    char *bytes;
};

static void on_conn_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;

    rp_buf_fini(&conn->in);
    free(conn);
}

static void drop(struct conn *conn)
{
    if (uv_is_closing((uv_handle_t *)&conn->tcp))
        return;
    if (conn->held)
        conn->receiver->held--;
    conn->held = false;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        conn->receiver->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void on_written(uv_write_t *request, int status)
{
    struct write *write = (struct write *)request;

    (void)status;
    free(write->bytes);
    free(write);
}

static void send_bytes(struct conn *conn, struct rp_str bytes)
{
    struct write *write = rp_calloc(1, sizeof(*write));
    write->bytes = rp_strndup(bytes.ptr, bytes.len);
    uv_buf_t buf = uv_buf_init(write->bytes, (unsigned int)bytes.len);

    if (uv_write(&write->request, (uv_stream_t *)&conn->tcp, &buf, 1, on_written) != 0) {
        free(write->bytes);
        free(write);
    }
}

static void send_reply(struct conn *conn, const struct reply *reply)
{
    struct rp_buf out = {0};

    rp_buf_printf(&out, "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n%s\r\n", reply->status,
                  reply->body.len, reply->headers ? reply->headers : "");
    rp_buf_str(&out, reply->body);
    send_bytes(conn, rp_buf_view(&out));
    rp_buf_fini(&out);
}

struct rp_str receiver_header(struct rp_str head, const char *name)
{
    size_t name_len = strlen(name);
    const char *at = head.ptr, *end = head.ptr + head.len;

    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        if (!eol)
            eol = end;
        if ((size_t)(eol - at) > name_len && at[name_len] == ':' &&
            strncasecmp(at, name, name_len) == 0) {
            const char *value = at + name_len + 1, *stop = eol;
            while (value < stop && *value == ' ')
                value++;
            while (stop > value && (stop[-1] == '\r' || stop[-1] == ' '))
                stop--;
            return (struct rp_str){value, (size_t)(stop - value)};
        }
        at = eol + 1;
    }
    return RP_STR("");
}

/* One whole request at the start of `in`: its length, or 0. */
static size_t whole_request(const struct rp_buf *in, struct rp_str *head, struct rp_str *body)
{
    const char *end = in->len ? memmem(in->ptr, in->len, "\r\n\r\n", 4) : NULL;

    if (!end)
        return 0;
    *head = (struct rp_str){in->ptr, (size_t)(end - in->ptr) + 2};
    struct rp_str length = receiver_header(*head, "content-length");
    size_t body_len = length.len ? (size_t)strtoul(length.ptr, NULL, 10) : 0;
    size_t total = head->len + 2 + body_len;
    *body = (struct rp_str){in->ptr + head->len + 2, body_len};
    return in->len >= total ? total : 0;
}

static void serve(struct conn *conn)
{
    struct receiver *receiver = conn->receiver;
    struct rp_str head, body;
    size_t len;

    while (!conn->held && (len = whole_request(&conn->in, &head, &body))) {
        receiver->requests++;
        struct reply reply = receiver->answer(receiver, head, body);
        memmove(conn->in.ptr, conn->in.ptr + len, conn->in.len - len);
        conn->in.len -= len;
        if (reply.status == RECEIVER_DROP) {
            drop(conn);
            return;
        }
        if (reply.status == RECEIVER_RAW) {
            send_bytes(conn, reply.raw);
        } else if (reply.status == RECEIVER_HOLD) {
            conn->held = true;
            receiver->held++;
            if (receiver->held > receiver->held_most)
                receiver->held_most = receiver->held;
        } else {
            send_reply(conn, &reply);
        }
    }
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
    struct conn *conn = handle->data;

    (void)wanted;
    *ret_buf = uv_buf_init(conn->chunk, sizeof(conn->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct conn *conn = stream->data;

    if (count < 0) {
        drop(conn);
        return;
    }
    rp_buf_add(&conn->in, buf->base, (size_t)count);
    serve(conn);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct receiver *receiver = listener->data;
    struct conn *conn = rp_calloc(1, sizeof(*conn));

    assert_int_equal(status, 0);
    receiver->connections++;
    conn->receiver = receiver;
    assert_int_equal(uv_tcp_init(listener->loop, &conn->tcp), 0);
    conn->tcp.data = conn;
    conn->next = receiver->conns;
    if (conn->next)
        conn->next->prev = conn;
    receiver->conns = conn;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&conn->tcp), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read), 0);
}

void receiver_open(struct receiver *receiver, uv_loop_t *loop, receiver_fn *answer, void *ctx)
{
    struct sockaddr_in address;
    int len = sizeof(address);

    *receiver = (struct receiver){.answer = answer, .ctx = ctx};
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_init(loop, &receiver->listener), 0);
    receiver->listener.data = receiver;
    assert_int_equal(uv_tcp_bind(&receiver->listener, (const struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&receiver->listener, 512, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&receiver->listener, (struct sockaddr *)&address, &len), 0);
    receiver->port = ntohs(address.sin_port);
}

void receiver_release(struct receiver *receiver, int status)
{
    struct reply reply = {.status = status};

    for (struct conn *conn = receiver->conns; conn; conn = conn->next) {
        if (!conn->held)
            continue;
        conn->held = false;
        receiver->held--;
        send_reply(conn, &reply);
        serve(conn);
    }
}

void receiver_close(struct receiver *receiver)
{
    while (receiver->conns)
        drop(receiver->conns);
    if (!uv_is_closing((uv_handle_t *)&receiver->listener))
        uv_close((uv_handle_t *)&receiver->listener, NULL);
}
