/* SPDX-License-Identifier: MIT */
/* A request as handlers see it: headers looked up when they are asked for, and the reply, written
 * into the connection's buffer. Exchanges and their arenas are used again, so that a usual request
 * allocates nothing. */
#include "base/mem.h"
#include "net/answer.h"
#include "net/http_impl.h"
#include "net/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include <sodium.h>

#define IDLE_EXCHANGES_MAX 512
#define IDLE_ARENA_MAX     ((size_t)64 * 1024) /* a larger one is given back */

static struct rp_exchange *exchange_of(struct rp_http_request *request)
{
    struct rp_exchange *exchange = request->priv;

    RP_CHECK_OBJ(exchange, RP_EXCHANGE_MAGIC);
    return exchange;
}

static const struct rp_exchange *const_exchange_of(const struct rp_http_request *request)
{
    const struct rp_exchange *exchange = request->priv;

    RP_CHECK_OBJ(exchange, RP_EXCHANGE_MAGIC);
    return exchange;
}

struct rp_exchange *rp_exchange_new(struct rp_conn *conn)
{
    struct rp_http *http = conn->http;
    struct rp_exchange *exchange = http->idle;

    if (exchange) {
        struct rp_arena arena = exchange->arena;
        http->idle = exchange->next;
        http->idle_count--;
        memset(exchange, 0, offsetof(struct rp_exchange, head.fields));
        exchange->arena = arena;
    } else {
        exchange = rp_calloc(1, sizeof(*exchange));
        rp_arena_init(&exchange->arena);
    }
    exchange->magic = RP_EXCHANGE_MAGIC;
    exchange->http = http;
    exchange->conn = conn;
    exchange->headers_end = &exchange->headers;
    exchange->request.arena = &exchange->arena;
    exchange->request.priv = exchange;
    RP_ASSERT(conn->exchange == NULL);
    conn->exchange = exchange;
    http->busy_count++;
    return exchange;
}

void rp_exchange_release(struct rp_exchange *exchange)
{
    struct rp_http *http = exchange->http;

    RP_CHECK_OBJ(exchange, RP_EXCHANGE_MAGIC);
    if (exchange->conn || (exchange->phase == RP_PHASE_WORK && !exchange->replied))
        return;
    http->busy_count--;
    exchange->magic = 0;
    if (http->idle_count < IDLE_EXCHANGES_MAX && !http->stopped &&
        exchange->arena.used <= IDLE_ARENA_MAX) {
        rp_arena_reset(&exchange->arena);
        exchange->next = http->idle;
        http->idle = exchange;
        http->idle_count++;
    } else {
        rp_arena_fini(&exchange->arena);
        free(exchange);
    }
    if (http->stopped)
        rp_http_free_when_done(http);
}

bool rp_exchange_target(struct rp_exchange *exchange)
{
    struct rp_http_request *request = &exchange->request;
    struct rp_str path;

    return rp_url_target(exchange->head.target, &path, &request->query) &&
           rp_url_decode(&exchange->arena, path, false, &request->path);
}

struct rp_str rp_http_header(const struct rp_http_request *request, const char *name)
{
    const struct rp_http_head *head = &const_exchange_of(request)->head;
    size_t len = strlen(name);

    for (size_t i = 0; i < head->field_count; i++) {
        const struct rp_http_field *field = &head->fields[i];
        if (field->name.len == len && strncasecmp(field->name.ptr, name, len) == 0)
            return field->value;
    }
    return RP_STR("");
}

struct rp_str rp_http_query(const struct rp_http_request *request, const char *name)
{
    struct rp_str key, value, decoded;
    size_t at = 0;

    while (rp_url_param(request->query, &at, &key, &value)) {
        if (rp_url_decode(request->arena, key, true, &decoded) && rp_str_is(decoded, name))
            return rp_url_decode(request->arena, value, true, &decoded) ? decoded : RP_STR("");
    }
    return RP_STR("");
}

/* The credentials behind a scheme's name. */
static struct rp_str authorization(const struct rp_http_request *request, struct rp_str scheme)
{
    struct rp_str text = rp_http_header(request, "Authorization");

    if (text.len <= scheme.len || strncasecmp(text.ptr, scheme.ptr, scheme.len) != 0 ||
        text.ptr[scheme.len] != ' ')
        return RP_STR("");
    text.ptr += scheme.len;
    text.len -= scheme.len;
    while (text.len > 0 && text.ptr[0] == ' ') {
        text.ptr++;
        text.len--;
    }
    return text;
}

struct rp_str rp_http_basic_user(const struct rp_http_request *request)
{
    struct rp_str packed = authorization(request, RP_STR("Basic"));
    size_t len = 0;

    if (packed.len == 0)
        return RP_STR("");
    while (packed.len > 0 && packed.ptr[packed.len - 1] == '=')
        packed.len--;
    char *text = rp_arena_alloc(request->arena, packed.len);
    if (sodium_base642bin((unsigned char *)text, packed.len, packed.ptr, packed.len, NULL, &len,
                          NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return RP_STR("");
    const char *colon = memchr(text, ':', len);
    return (struct rp_str){text, colon ? (size_t)(colon - text) : len};
}

struct rp_str rp_http_bearer(const struct rp_http_request *request)
{
    return authorization(request, RP_STR("Bearer"));
}

bool rp_http_peer_loopback(const struct rp_http_request *request)
{
    const struct rp_exchange *exchange = const_exchange_of(request);

    return exchange->conn && exchange->conn->loopback;
}

struct rp_str rp_http_peer(const struct rp_http_request *request)
{
    const struct rp_exchange *exchange = const_exchange_of(request);
    struct sockaddr_storage address;
    int len = sizeof(address);
    char text[64];

    memset(&address, 0, sizeof(address));
    if (!exchange->conn ||
        uv_tcp_getpeername(&exchange->conn->tcp, (struct sockaddr *)&address, &len) != 0 ||
        uv_ip_name((const struct sockaddr *)&address, text, sizeof(text)) != 0)
        return RP_STR("");
    return rp_arena_str(request->arena, rp_str_from(text));
}

void rp_http_reply_header(struct rp_http_request *request, const char *name, struct rp_str value)
{
    struct rp_exchange *exchange = exchange_of(request);
    struct rp_header *header = RP_ARENA_NEW(&exchange->arena, struct rp_header);

    RP_ASSERT(!exchange->replied);
    header->name = name;
    header->value = rp_arena_str(&exchange->arena, value);
    *exchange->headers_end = header;
    exchange->headers_end = &header->next;
}

/* --- the answer --- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < RP_COUNT(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Answer";
}

static void add_number(struct rp_buf *out, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    rp_buf_add(out, digits + at, sizeof(digits) - at);
}

static struct rp_str date_line(struct rp_http *http)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != http->date_s || http->date[0] == '\0') {
        http->date_s = now.tv_sec;
        gmtime_r(&now.tv_sec, &tm);
        snprintf(http->date, sizeof(http->date), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                 days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
    }
    return rp_str_from(http->date);
}

/* A header of an answer; one with a line break in it is left out: it could become two. */
static void add_header(struct rp_buf *out, struct rp_str name, struct rp_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0')
            return;
    }
    rp_buf_str(out, name);
    rp_buf_add(out, ": ", 2);
    rp_buf_str(out, value);
    rp_buf_add(out, "\r\n", 2);
}

static void write_head(const struct rp_exchange *exchange, int status, const char *content_type,
                       size_t body_len, struct rp_buf *out)
{
    rp_buf_str(out, RP_STR("HTTP/1.1 "));
    add_number(out, (size_t)status);
    rp_buf_char(out, ' ');
    rp_buf_text(out, reason_of(status));
    rp_buf_add(out, "\r\n", 2);
    rp_buf_str(out, date_line(exchange->http));
    if (content_type)
        add_header(out, RP_STR("Content-Type"), rp_str_from(content_type));
    for (const struct rp_header *h = exchange->headers; h; h = h->next)
        add_header(out, rp_str_from(h->name), h->value);
    if (exchange->conn->last)
        rp_buf_str(out, RP_STR("Connection: close\r\n"));
    else if (exchange->head.http_1_0)
        rp_buf_str(out, RP_STR("Connection: Keep-Alive\r\n"));
    if (status != 204 && status != 304) {
        rp_buf_str(out, RP_STR("Content-Length: "));
        add_number(out, body_len);
        rp_buf_add(out, "\r\n", 2);
    }
    rp_buf_add(out, "\r\n", 2);
}

void rp_http_reply(struct rp_http_request *request, int status, const char *content_type,
                   struct rp_str body)
{
    struct rp_exchange *exchange = exchange_of(request);
    struct rp_conn *conn = exchange->conn;

    RP_ASSERT(!exchange->replied && status >= 200 && status <= 599);
    exchange->replied = true;
    if (!conn) { /* the client was gone before */
        rp_exchange_release(exchange);
        return;
    }
    conn->last = conn->last || exchange->http->stopping || !exchange->head.keep_alive;
    rp_buf_reserve(&conn->out, 512 + body.len);
    write_head(exchange, status, content_type, body.len, &conn->out);
    if (status != 204 && status != 304 && request->method != RP_HEAD)
        rp_buf_str(&conn->out, body);
    exchange->phase = RP_PHASE_ANSWERED;
    exchange->conn = NULL;
    conn->exchange = NULL;
    rp_conn_answered(conn);
    rp_exchange_release(exchange);
}

void rp_exchange_refuse(struct rp_exchange *exchange, const struct rp_http_fault *fault)
{
    rp_conn_wait(exchange->conn, RP_WAIT_NONE);
    exchange->conn->last = true;
    rp_http_reply_header(&exchange->request, "Access-Control-Allow-Origin", RP_STR("*"));
    rp_http_error(&exchange->request, fault->status, fault->code, rp_str_from(fault->message));
}
