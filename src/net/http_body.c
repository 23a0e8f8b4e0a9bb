/* SPDX-License-Identifier: MIT */
/* From bytes to a request that a handler gets: the head is copied into the exchange's arena and
 * read there, the body is collected behind it, unchunked and unpacked, within the bound. What is
 * wrong is answered here and ends the connection.
 *
 *   bytes ──head──▶ BODY ──complete──▶ WORK ──rp_http_reply──▶ ANSWERED
 *            └──refused─┴────────────────────────────────────────▲ */
#include "net/http_impl.h"

#include <string.h>
#include <strings.h>

#define SWALLOW_FACTOR 8 /* a body up to this many times the limit is read before the 413 */
#define BODY_START     ((size_t)4096)

static const struct {
    struct rp_str name;
    enum rp_method method;
} methods[] = {
    {{"POST", 4}, RP_POST},     {{"GET", 3}, RP_GET},   {{"OPTIONS", 7}, RP_OPTIONS},
    {{"DELETE", 6}, RP_DELETE}, {{"HEAD", 4}, RP_HEAD}, {{"PUT", 3}, RP_PUT},
};

static enum rp_method method_of(struct rp_str name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (rp_str_eq(name, methods[i].name))
            return methods[i].method;
    }
    return RP_OTHER_METHOD;
}

static void refuse(struct rp_exchange *exchange, int status, const char *code, const char *message)
{
    rp_exchange_refuse(exchange, &(struct rp_http_fault){status, code, message});
}

static void too_large(struct rp_exchange *exchange)
{
    struct rp_str text =
        rp_arena_printf(&exchange->arena, "a body holds at most %zu bytes, also when unpacked",
                        exchange->http->options.body_bytes_max);

    refuse(exchange, 413, "body_too_large", text.ptr);
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
        refuse(exchange, 415, "content_encoding", "the only Content-Encoding understood is gzip");
        return false;
    }
    int result =
        rp_gunzip_run(&exchange->arena, exchange->http->gunzip, request->body, max, &request->body);
    if (result == RIPEN_ELIMIT)
        too_large(exchange);
    else if (result != 0)
        refuse(exchange, 400, "bad_gzip", "the body is not gzip, or it is damaged or cut off");
    return result == 0;
}

static void take_request(struct rp_exchange *exchange)
{
    struct rp_http *http = exchange->http;

    rp_conn_wait(exchange->conn, RP_WAIT_NONE);
    if (!unpack(exchange))
        return;
    exchange->phase = RP_PHASE_WORK;
    http->handler(http->ctx, &exchange->request);
}

/* A client that has not begun to send is told at once that its body is too large; of one that is
 * sending, a body that is not absurd is read first. */
static bool refuse_length(struct rp_exchange *exchange)
{
    size_t max = exchange->http->options.body_bytes_max;
    const struct rp_http_head *head = &exchange->head;

    if (head->length <= max || (head->length <= max * SWALLOW_FACTOR && !head->expects_continue))
        return false;
    too_large(exchange);
    return true;
}

static void make_room(struct rp_exchange *exchange, size_t more)
{
    struct rp_str *body = &exchange->request.body;
    size_t cap = exchange->body_cap ? exchange->body_cap : BODY_START;

    if (body->len + more <= exchange->body_cap)
        return;
    while (cap < body->len + more)
        cap *= 2;
    char *room = rp_arena_alloc(&exchange->arena, cap);
    if (body->len)
        memcpy(room, body->ptr, body->len);
    body->ptr = room;
    exchange->body_cap = cap;
}

static void begin_body(struct rp_exchange *exchange, bool all_here)
{
    struct rp_http_head *head = &exchange->head;
    struct rp_conn *conn = exchange->conn;

    if (head->length > 0 && head->length <= exchange->http->options.body_bytes_max) {
        exchange->body_cap = head->length;
        exchange->request.body.ptr = rp_arena_alloc(&exchange->arena, head->length);
    }
    if (head->expects_continue && !head->http_1_0 && !all_here) {
        rp_buf_str(&conn->out, RP_STR("HTTP/1.1 100 Continue\r\n\r\n"));
        rp_conn_answered(conn);
    }
}

size_t rp_http_take_head(struct rp_conn *conn, struct rp_str bytes)
{
    struct rp_http_fault fault = {0};
    ptrdiff_t len = rp_http_head_find(bytes, &conn->in_seen, &fault);

    if (len == 0)
        return 0;
    conn->in_seen = 0;
    struct rp_exchange *exchange = rp_exchange_new(conn);
    struct rp_str text = {bytes.ptr, len > 0 ? (size_t)len : 0};
    if (len < 0) {
        rp_exchange_refuse(exchange, &fault);
        return bytes.len;
    }
    text = rp_arena_str(&exchange->arena, text);
    bool good = rp_http_head_parse(text, &exchange->head, &fault);
    if (good && !rp_exchange_target(exchange)) {
        fault = (struct rp_http_fault){400, "bad_request", "the request target is not a path"};
        good = false;
    }
    if (!good) {
        rp_exchange_refuse(exchange, &fault);
        return bytes.len;
    }
    exchange->request.method = method_of(exchange->head.method);
    if (refuse_length(exchange))
        return text.len;
    if (!exchange->head.chunked && exchange->head.length == 0)
        take_request(exchange);
    else
        begin_body(exchange, bytes.len > text.len);
    return text.len;
}

static void add(struct rp_exchange *exchange, struct rp_str piece)
{
    struct rp_str *body = &exchange->request.body;

    exchange->body_seen += piece.len;
    if (exchange->body_seen > exchange->http->options.body_bytes_max) {
        exchange->refused = 413;
        return;
    }
    make_room(exchange, piece.len);
    memcpy((char *)(uintptr_t)body->ptr + body->len, piece.ptr, piece.len); /* our own memory */
    body->len += piece.len;
}

static size_t take_chunks(struct rp_conn *conn, struct rp_exchange *exchange, struct rp_str bytes)
{
    struct rp_str piece;
    size_t at = 0;

    for (;;) {
        switch (rp_http_chunks_next(&exchange->chunks, bytes, &at, &piece)) {
        case RP_CHUNK_BAD:
            refuse(exchange, 400, "bad_request", "the body is not well chunked");
            return bytes.len;
        case RP_CHUNK_MORE:
            return at;
        case RP_CHUNK_END:
            take_request(exchange);
            return at;
        case RP_CHUNK_DATA:
            add(exchange, piece);
            if (exchange->body_seen > exchange->http->options.body_bytes_max * SWALLOW_FACTOR) {
                rp_conn_close(conn); /* it goes on and on */
                return bytes.len;
            }
        }
    }
}

size_t rp_http_take_body(struct rp_conn *conn, struct rp_str bytes)
{
    struct rp_exchange *exchange = conn->exchange;

    if (exchange->head.chunked)
        return take_chunks(conn, exchange, bytes);
    size_t left = exchange->head.length - exchange->body_seen;
    if (bytes.len > left)
        bytes.len = left;
    add(exchange, bytes);
    if (exchange->body_seen == exchange->head.length)
        take_request(exchange);
    return bytes.len;
}
