/* SPDX-License-Identifier: MIT */
/* Clients that keep a connection without completing a request. The library's own time-out starts
 * again with every byte, so a client that sends one byte a second would hold a connection for ever.
 *
 *     accept ──rp_conn_wait──▶ idle ──first byte──▶ begun ──rp_conn_unwait (complete)──▶ answered
 *                               │ idle_ms              │ slow_ms                            │
 *                               ▼ cut                  ▼ cut          rp_conn_wait ◀────────┘
 *
 * Between the first byte and the complete head the library tells nothing, so the kernel's counters
 * are asked, but only of connections that have waited for a while: a busy connection costs two list
 * operations a request. The list is in the order of check_ms because each entry is put at its end
 * with the same step. */
#include "net/http_impl.h"

#include <sys/socket.h>

#define SLACK_MS 10 /* the kernel's clock ticks in 4 ms */

int64_t rp_http_now(const struct rp_http *http)
{
    return (int64_t)uv_now(http->loop);
}

static void list_append(struct rp_conn *conn)
{
    struct rp_http *http = conn->http;

    RP_ASSERT(!conn->waiting);
    conn->waiting = true;
    conn->prev = http->waiting_last;
    conn->next = NULL;
    if (conn->prev)
        conn->prev->next = conn;
    else
        http->waiting = conn;
    http->waiting_last = conn;
}

void rp_conn_unwait(struct rp_conn *conn)
{
    struct rp_http *http = conn->http;

    if (!conn->waiting)
        return;
    conn->waiting = false;
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        http->waiting = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    else
        http->waiting_last = conn->prev;
}

void rp_conn_wait(struct rp_conn *conn, bool fresh)
{
    rp_conn_unwait(conn);
    conn->fresh = fresh;
    conn->since_ms = rp_http_now(conn->http);
    conn->begun_ms = RP_NEVER;
    conn->check_ms = conn->since_ms + conn->http->step_ms;
    list_append(conn);
}

void rp_conn_begin(struct rp_conn *conn)
{
    if (conn->begun_ms == RP_NEVER)
        conn->begun_ms = rp_http_now(conn->http);
}

/* Has the client sent anything since it waits? */
static void look_for_bytes(struct rp_conn *conn, int64_t now_ms)
{
    struct rp_tcp_seen seen;

    if (conn->begun_ms != RP_NEVER || !rp_tcp_seen(conn->fd, &seen))
        return;
    int64_t last_ms = now_ms - seen.silence_ms;
    if (conn->fresh && seen.bytes > 0)
        conn->begun_ms = conn->since_ms;
    else if (!conn->fresh && last_ms > conn->since_ms + SLACK_MS)
        conn->begun_ms = last_ms;
}

static bool is_overdue(const struct rp_conn *conn, int64_t now_ms)
{
    const struct rp_http *http = conn->http;

    if (conn->begun_ms != RP_NEVER)
        return now_ms - conn->begun_ms >= http->options.slow_ms;
    return http->stopping || now_ms - conn->since_ms >= http->options.idle_ms;
}

void rp_http_sweep(struct rp_http *http)
{
    int64_t now_ms = rp_http_now(http);
    struct rp_conn *last = http->waiting_last; /* what is put behind it has been looked at */

    while (http->waiting) {
        struct rp_conn *conn = http->waiting;
        if (conn->check_ms > now_ms && !http->stopping)
            break;
        look_for_bytes(conn, now_ms);
        rp_conn_unwait(conn);
        /* The library sees the end of the stream and closes; then the connection is forgotten. */
        if (is_overdue(conn, now_ms))
            shutdown(conn->fd, SHUT_RDWR);
        conn->check_ms = now_ms + http->step_ms;
        list_append(conn);
        if (conn == last)
            break;
    }
}
