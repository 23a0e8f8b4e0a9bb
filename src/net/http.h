/* SPDX-License-Identifier: MIT */
/* An HTTP/1.1 server on a uv loop, behind one small interface so that the library under it can
 * change. Strict framing, bounded sizes, slow clients cut off. Handlers run on the loop thread and
 * may answer later. Knows nothing about leads. */
#ifndef RP_NET_HTTP_H
#define RP_NET_HTTP_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

enum rp_method { RP_GET, RP_POST, RP_PUT, RP_DELETE, RP_OPTIONS, RP_HEAD, RP_OTHER_METHOD };

struct rp_http_request {
    enum rp_method method;
    struct rp_str path;     /* decoded, without the query */
    struct rp_str query;    /* raw */
    struct rp_str body;     /* whole, gunzipped */
    struct rp_arena *arena; /* dies with the request */
    void *priv;             /* the server's */
};

/* "" when absent; the name's case does not matter. Valid until the reply. */
struct rp_str rp_http_header(const struct rp_http_request *request, const char *name);
/* A query parameter, decoded into the arena; "" when absent. */
struct rp_str rp_http_query(const struct rp_http_request *request, const char *name);
/* User name of Basic authentication, decoded; "" when absent. Token of Bearer likewise. */
struct rp_str rp_http_basic_user(const struct rp_http_request *request);
struct rp_str rp_http_bearer(const struct rp_http_request *request);
bool rp_http_peer_loopback(const struct rp_http_request *request);
/* The peer's address as text, in the request's arena; "" when the client has left. */
struct rp_str rp_http_peer(const struct rp_http_request *request);

/* To be called before the reply, any number of times. `name` is a literal; the value is copied. */
void rp_http_reply_header(struct rp_http_request *request, const char *name, struct rp_str value);
/* Answers, once, now or later, on the loop thread; the body is copied. The request is gone after
 * it. */
void rp_http_reply(struct rp_http_request *request, int status, const char *content_type,
                   struct rp_str body);

typedef void rp_http_handler(void *ctx, struct rp_http_request *request);

struct rp_http_options {
    const char *address; /* "127.0.0.1", "::1", "localhost" (which is 127.0.0.1) */
    int port;            /* 0 picks one */
    size_t body_bytes_max;
    size_t connections_max;
    int64_t idle_ms, slow_ms; /* keep-alive; a request must be complete within slow_ms */
};

struct rp_http;
int rp_http_start(uv_loop_t *loop, const struct rp_http_options *options, rp_http_handler *handler,
                  void *ctx, struct rp_http **ret_http, struct rp_err *err);
int rp_http_port(const struct rp_http *http);
/* Sends what was replied now, rather than at the end of the loop's turn. */
void rp_http_flush(struct rp_http *http);
/* Stops accepting, lets requests in flight be answered (Connection: close), then calls stopped.
 * After grace_ms the rest hears 503; whoever still holds such a request must reply to it all the
 * same, also after `stopped`: the server's memory goes with the last of them. */
void rp_http_stop(struct rp_http *http, int64_t grace_ms, void (*stopped)(void *ctx), void *ctx);

#endif
