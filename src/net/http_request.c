/* SPDX-License-Identifier: MIT */
/* A request as handlers see it: headers looked up when they are asked for, and the reply. Exchanges
 * and their arenas are used again; answers that repeat (most of ingest's do) are kept as ready
 * responses of the library, so that a usual reply allocates nothing. */
#include "base/hash.h"
#include "base/mem.h"
#include "net/answer.h"
#include "net/http_impl.h"
#include "net/url.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include <sodium.h>

#define IDLE_EXCHANGES_MAX 512
#define IDLE_ARENA_MAX     ((size_t)64 * 1024) /* a larger one is given back */
#define READY_KEY_MAX      1024                /* of an answer that is worth keeping */

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

struct rp_exchange *rp_exchange_new(struct rp_http *http, struct rp_str uri)
{
    struct rp_exchange *exchange = http->idle;

    if (exchange) {
        struct rp_arena arena = exchange->arena;
        http->idle = exchange->next;
        http->idle_count--;
        memset(exchange, 0, sizeof(*exchange));
        exchange->arena = arena;
    } else {
        exchange = rp_calloc(1, sizeof(*exchange));
        rp_arena_init(&exchange->arena);
    }
    exchange->magic = RP_EXCHANGE_MAGIC;
    exchange->http = http;
    exchange->uri = rp_arena_str(&exchange->arena, uri);
    exchange->headers_end = &exchange->headers;
    exchange->request.arena = &exchange->arena;
    exchange->request.priv = exchange;
    exchange->next = http->busy;
    if (http->busy)
        http->busy->prev = exchange;
    http->busy = exchange;
    http->busy_count++;
    return exchange;
}

void rp_exchange_release(struct rp_exchange *exchange)
{
    struct rp_http *http = exchange->http;

    RP_CHECK_OBJ(exchange, RP_EXCHANGE_MAGIC);
    if (exchange->connection || (exchange->phase == RP_PHASE_WORK && !exchange->replied))
        return;
    if (exchange->prev)
        exchange->prev->next = exchange->next;
    else
        http->busy = exchange->next;
    if (exchange->next)
        exchange->next->prev = exchange->prev;
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

    return rp_url_target(exchange->uri, &path, &request->query) &&
           rp_url_decode(&exchange->arena, path, false, &request->path);
}

struct rp_str rp_http_header(const struct rp_http_request *request, const char *name)
{
    const struct rp_exchange *exchange = const_exchange_of(request);
    const char *value = NULL;
    size_t len = 0;

    if (!exchange->connection)
        return RP_STR("");
    if (MHD_lookup_connection_value_n(exchange->connection, MHD_HEADER_KIND, name, strlen(name),
                                      &value, &len) != MHD_YES ||
        !value)
        return RP_STR("");
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    return (struct rp_str){value, len};
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

    return exchange->connection && exchange->conn->loopback;
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

static struct MHD_Response *make_response(const struct rp_exchange *exchange,
                                          const char *content_type, struct rp_str body)
{
    /* The library copies at once and does not write to it. */
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);

    if (!response)
        abort(); /* only out of memory gets here */
    if (content_type)
        MHD_add_response_header(response, "Content-Type", content_type);
    /* A value with a line break is refused by the library, and then the header is missing: handlers
     * send what they made or checked. */
    for (const struct rp_header *h = exchange->headers; h; h = h->next)
        MHD_add_response_header(response, h->name, h->value.ptr);
    if (exchange->closing)
        MHD_add_response_header(response, "Connection", "close");
    return response;
}

/* What makes two answers the same, as one text; "" when it is too long to be kept. */
static struct rp_str ready_key(struct rp_exchange *exchange, const char *content_type,
                               struct rp_str body)
{
    size_t len = sizeof(body.len) + body.len + (content_type ? strlen(content_type) : 0) + 1;

    for (const struct rp_header *h = exchange->headers; h; h = h->next)
        len += strlen(h->name) + h->value.len + 2;
    if (len > READY_KEY_MAX || exchange->closing)
        return RP_STR("");
    char *key = rp_arena_alloc(&exchange->arena, len);
    size_t type_len = content_type ? strlen(content_type) : 0;
    char *end = mempcpy(key, &body.len, sizeof(body.len)); /* so that no two answers share a key */
    end = mempcpy(end, content_type ? content_type : "", type_len);
    *end++ = 0;
    for (const struct rp_header *h = exchange->headers; h; h = h->next) {
        end = mempcpy(end, h->name, strlen(h->name));
        *end++ = 0;
        end = mempcpy(end, h->value.ptr, h->value.len);
        *end++ = 0;
    }
    if (body.len)
        memcpy(end, body.ptr, body.len);
    return (struct rp_str){key, len};
}

/* The response and whether the caller has to destroy it. */
static struct MHD_Response *find_response(struct rp_exchange *exchange, const char *content_type,
                                          struct rp_str body, bool *ret_own)
{
    struct rp_str key = ready_key(exchange, content_type, body);

    *ret_own = key.len == 0;
    if (key.len == 0)
        return make_response(exchange, content_type, body);
    uint64_t hash = rp_hash(key);
    struct rp_ready_response *ready = &exchange->http->ready[hash % RP_RESPONSES];
    if (!ready->response || ready->hash != hash || !rp_str_eq(ready->key, key)) {
        if (ready->response)
            MHD_destroy_response(ready->response);
        free((void *)(uintptr_t)ready->key.ptr);
        ready->hash = hash;
        ready->key = (struct rp_str){rp_strndup(key.ptr, key.len), key.len};
        ready->response = make_response(exchange, content_type, body);
    }
    return ready->response;
}

void rp_http_reply(struct rp_http_request *request, int status, const char *content_type,
                   struct rp_str body)
{
    struct rp_exchange *exchange = exchange_of(request);
    bool own = false;

    RP_ASSERT(!exchange->replied && status >= 200 && status <= 599);
    exchange->replied = true;
    if (!exchange->connection) { /* a forced stop was faster */
        rp_exchange_release(exchange);
        return;
    }
    exchange->closing = exchange->closing || exchange->http->stopping;
    struct MHD_Response *response = find_response(exchange, content_type, body, &own);
    /* The library keeps a reference of its own. When it refuses, the connection is lost already. */
    if (MHD_queue_response(exchange->connection, (unsigned)status, response) != MHD_YES)
        shutdown(exchange->conn->fd, SHUT_RDWR);
    if (own)
        MHD_destroy_response(response);
    exchange->phase = RP_PHASE_ANSWERED;
    if (exchange->suspended) {
        exchange->suspended = false;
        MHD_resume_connection(exchange->connection);
        rp_http_run_soon(exchange->http);
    }
}

void rp_exchange_refuse(struct rp_exchange *exchange, int status, const char *code,
                        const char *message)
{
    exchange->closing = true;
    rp_http_reply_header(&exchange->request, "Access-Control-Allow-Origin", RP_STR("*"));
    rp_http_error(&exchange->request, status, code, rp_str_from(message));
}

void rp_http_ready_clear(struct rp_http *http)
{
    for (size_t i = 0; i < RP_RESPONSES; i++) {
        struct rp_ready_response *ready = &http->ready[i];
        if (ready->response)
            MHD_destroy_response(ready->response);
        free((void *)(uintptr_t)ready->key.ptr);
        *ready = (struct rp_ready_response){0};
    }
}
