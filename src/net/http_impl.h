/* SPDX-License-Identifier: MIT */
/* What the files of the server share: the state of a server, of a connection and of a request.
 * Nobody outside of net/ includes this. Everything here belongs to the loop thread. */
#ifndef RP_NET_HTTP_IMPL_H
#define RP_NET_HTTP_IMPL_H

#include "base/buf.h"
#include "base/when.h"
#include "net/gzip.h"
#include "net/http.h"
#include "net/http_parse.h"

#define RP_HTTP_MAGIC     UINT32_C(0x52504854)
#define RP_EXCHANGE_MAGIC UINT32_C(0x52504558)

/* What a connection waits for, each with a time of its own. */
enum rp_wait {
    RP_WAIT_NONE,   /* a handler has its request */
    RP_WAIT_IDLE,   /* for the first byte of a request: idle_ms */
    RP_WAIT_SLOW,   /* for the rest of it: slow_ms */
    RP_WAIT_WRITE,  /* for the client to take its answer: idle_ms */
    RP_WAIT_LINGER, /* for the client to see that it was refused */
    RP_WAITS,
};

struct rp_conn {
    uv_tcp_t tcp;
    struct rp_http *http;
    struct rp_conn *prev, *next; /* all connections of a server */
    struct rp_conn *wait_prev, *wait_next;
    enum rp_wait wait;
    int64_t since_ms;             /* it waits since then */
    struct rp_exchange *exchange; /* the request under way; one at a time */
    struct rp_buf in;             /* bytes not understood yet */
    size_t in_seen;               /* of them, looked through for the end of a head */
    size_t linger_bytes;
    struct rp_buf out;         /* answers not sent yet */
    struct rp_conn *send_next; /* of those with answers */
    uv_write_t writing;        /* a write that did not go at once … */
    struct rp_buf sent;        /* … and its bytes */
    bool is_writing, paused;   /* not reading: the client sends faster than we answer */
    bool queued;               /* in the list of those with answers */
    bool last;                 /* no request is taken any more: an answer says so */
    bool ended;                /* the client has closed its side */
    bool closing, loopback;
};

enum rp_phase {
    RP_PHASE_BODY,     /* the head was accepted, the body is collected */
    RP_PHASE_WORK,     /* the handler has it */
    RP_PHASE_ANSWERED, /* the answer is on its way */
};

struct rp_header {
    struct rp_header *next;
    const char *name;
    struct rp_str value;
};

/* A request on its way. It ends when the handler has replied; its connection may be gone before. */
struct rp_exchange {
    struct rp_http_request request; /* first: handlers hold a pointer to it */
    uint32_t magic;
    enum rp_phase phase;
    bool replied;
    struct rp_exchange *next; /* of the free ones */
    struct rp_http *http;
    struct rp_conn *conn; /* NULL once the client is gone */
    struct rp_arena arena;
    size_t body_cap, body_seen;
    struct rp_http_chunks chunks;
    int refused; /* status that the body earned: 413 */
    struct rp_header *headers, **headers_end;
    struct rp_http_head head; /* last: its fields are not cleared */
};

struct rp_http {
    uint32_t magic;
    uv_loop_t *loop;
    rp_http_handler *handler;
    void *ctx;
    struct rp_http_options options;
    int port;
    int64_t wait_ms[RP_WAITS];
    uv_tcp_t listener;
    uv_idle_t again;  /* active while answers wait to be sent: the loop must not sleep then */
    uv_check_t check; /* sends them, after everything that came in */
    uv_timer_t tick;
    int handles;         /* of uv, not closed yet; connections too */
    bool accept_waiting; /* a client stands before the bound of connections */
    struct rp_conn *conns, *to_send, *to_send_last;
    size_t connections;
    struct {
        struct rp_conn *first, *last; /* in the order of since_ms */
    } waits[RP_WAITS];
    struct rp_exchange *idle; /* to be used again */
    size_t idle_count, busy_count;
    struct rp_gunzip *gunzip;
    char date[64]; /* "Date: …\r\n" of this second */
    int64_t date_s;
    bool stopping, stopped;
    int64_t stop_at_ms;
    void (*on_stopped)(void *ctx);
    void *on_stopped_ctx;
    char bytes[64 * 1024]; /* what a read brings; last */
};

/* --- http_server.c --- */

int64_t rp_http_now(const struct rp_http *http); /* of the loop: for deadlines only */
/* A connection is gone: another one may come in. */
void rp_http_conn_closed(struct rp_http *http);
/* After a stop: frees the server with the last handle and the last request. */
void rp_http_free_when_done(struct rp_http *http);

/* --- http_conn.c --- */

void rp_conn_accept(struct rp_http *http);
void rp_conn_wait(struct rp_conn *conn, enum rp_wait wait);
/* The answer stands in conn->out: it is sent, and the next request is read. */
void rp_conn_answered(struct rp_conn *conn);
void rp_conn_send_all(struct rp_http *http);
void rp_conn_close(struct rp_conn *conn);

/* --- http_body.c --- */

/* Reads request bytes into the exchange: a head into a new one, then its body, then runs the
 * handler. How many bytes were used; what is left belongs to a later request. */
size_t rp_http_take_head(struct rp_conn *conn, struct rp_str bytes);
size_t rp_http_take_body(struct rp_conn *conn, struct rp_str bytes);

/* --- http_request.c --- */

struct rp_exchange *rp_exchange_new(struct rp_conn *conn);
/* Gives the memory back when nobody holds it any more. */
void rp_exchange_release(struct rp_exchange *exchange);
/* Splits the request target into path and query and decodes the path; false: it is not one. */
bool rp_exchange_target(struct rp_exchange *exchange);
/* {"error":{"code","message"}}; what the server itself has to say. Readable from any origin. */
void rp_exchange_refuse(struct rp_exchange *exchange, const struct rp_http_fault *fault);

#endif
