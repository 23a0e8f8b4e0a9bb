/* SPDX-License-Identifier: MIT */
/* What the files of the server share: the state of a server, of a connection and of a request.
 * Nobody outside of net/ includes this. Everything here belongs to the loop thread. */
#ifndef RP_NET_HTTP_IMPL_H
#define RP_NET_HTTP_IMPL_H

#include "base/when.h"
#include "net/gzip.h"
#include "net/http.h"
#include "net/tcp_seen.h"

#include <microhttpd.h>

#define RP_HTTP_MAGIC     UINT32_C(0x52504854)
#define RP_EXCHANGE_MAGIC UINT32_C(0x52504558)

/* A connection, from accept to close. It is in the waiting list from accept, or from the end of an
 * answer, until a request is complete: idle or slow clients are found there. */
struct rp_conn {
    struct rp_conn *prev, *next;
    struct rp_http *http;
    int fd;
    bool waiting;     /* in the list */
    bool fresh;       /* no request was completed on it yet */
    bool loopback;    /* the peer's address */
    int64_t since_ms; /* it waits since then */
    int64_t begun_ms; /* first byte of a request seen; RP_NEVER: idle */
    int64_t check_ms; /* to be looked at again; the list is in this order */
};

enum rp_phase {
    RP_PHASE_HEAD,     /* the request line is known */
    RP_PHASE_BODY,     /* the head was accepted, the body is collected */
    RP_PHASE_WORK,     /* the handler has it */
    RP_PHASE_ANSWERED, /* the response is with the library */
};

struct rp_header {
    struct rp_header *next;
    const char *name;
    struct rp_str value;
};

/* A request on its way. It ends when both the handler has replied and the library is done with it;
 * a forced stop may end the library's part first. */
struct rp_exchange {
    struct rp_http_request request; /* first: handlers hold a pointer to it */
    uint32_t magic;
    enum rp_phase phase;
    bool suspended, replied, closing;
    struct rp_exchange *prev, *next; /* all exchanges in use, or the free ones (next) */
    struct rp_http *http;
    struct MHD_Connection *connection; /* NULL once the library is done with it */
    struct rp_conn *conn;
    struct rp_arena arena;
    struct rp_str uri;
    size_t body_cap, body_seen;
    int refused; /* status that the body earned: 413 … */
    struct rp_header *headers, **headers_end;
};

#define RP_RESPONSES 64 /* answers that repeat, kept ready */

struct rp_ready_response {
    uint64_t hash;
    struct rp_str key; /* owned; content type, headers and body */
    struct MHD_Response *response;
};

struct rp_http {
    uint32_t magic;
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    rp_http_handler *handler;
    void *ctx;
    struct rp_http_options options;
    int port;
    int64_t step_ms; /* between looks at a waiting connection */
    uv_poll_t poll;
    uv_idle_t again;  /* active while a run is due: the loop must not sleep then */
    uv_check_t check; /* makes it, after everything that came in */
    uv_timer_t tick;
    int handles;                            /* of uv, not closed yet */
    struct rp_conn *waiting, *waiting_last; /* the next one to look at first */
    size_t connections;
    struct rp_exchange *busy, *idle;
    size_t busy_count, idle_count;
    struct rp_gunzip *gunzip;
    struct rp_ready_response ready[RP_RESPONSES];
    bool running; /* inside MHD_run */
    bool due;     /* another run is */
    bool stopping, stopped;
    int64_t stop_at_ms;
    void (*on_stopped)(void *ctx);
    void *on_stopped_ctx;
};

/* --- http_server.c --- */

/* The library has something to do that its descriptor does not tell: run it in this turn of the
 * loop. */
void rp_http_run_soon(struct rp_http *http);

/* After a stop: frees the server with the last handle and the last request. */
void rp_http_free_when_done(struct rp_http *http);

/* --- http_request.c --- */

struct rp_exchange *rp_exchange_new(struct rp_http *http, struct rp_str uri);
/* Gives the memory back when nobody holds it any more. */
void rp_exchange_release(struct rp_exchange *exchange);
/* Splits the request target into path and query and decodes the path; false: it is not one. */
bool rp_exchange_target(struct rp_exchange *exchange);
/* {"error":{"code","message"}}; what the server itself has to say. Readable from any origin. */
void rp_exchange_refuse(struct rp_exchange *exchange, int status, const char *code,
                        const char *message);
void rp_http_ready_clear(struct rp_http *http);

/* --- http_guard.c --- */

struct rp_verdict_head {
    int status; /* 0: good */
    const char *code, *message;
    bool has_length, chunked;
    uint64_t length;
};
/* Judges request line and headers, which the library lets through too easily. */
void rp_http_guard(struct MHD_Connection *connection, const char *method, const char *version,
                   struct rp_verdict_head *ret_verdict);

/* --- http_slow.c --- */

int64_t rp_http_now(const struct rp_http *http); /* of the loop: for deadlines only */
void rp_conn_wait(struct rp_conn *conn, bool fresh);
void rp_conn_begin(struct rp_conn *conn); /* its head is complete: the body's clock runs */
void rp_conn_unwait(struct rp_conn *conn);
/* Cuts connections off that were idle or slow for too long; all idle ones when stopping. */
void rp_http_sweep(struct rp_http *http);

#endif
