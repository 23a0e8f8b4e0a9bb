/* SPDX-License-Identifier: MIT */
/* What the files of the server share: daemon.c builds and takes down, daemon_deliveries.c carries
 * what goes out, daemon_words.c tells how it is. Loop thread only. */
#ifndef RP_DAEMON_DAEMON_PRIV_H
#define RP_DAEMON_DAEMON_PRIV_H

#include "daemon/amend.h"
#include "daemon/daemon.h"
#include "daemon/post.h"
#include "daemon/quarantine.h"
#include "daemon/reload.h"
#include "daemon/requests.h"
#include "daemon/start.h"
#include "daemon/writer.h"
#include "deliver/deliver.h"
#include "ingest/segment.h"
#include "net/http.h"
#include "web/api.h"

#include <uv.h>

#define RP_DAEMON_GRACE_MS 5000 /* for what is under way when the server stops */

struct rp_daemon {
    uv_loop_t loop;
    uv_async_t woken;
    uv_signal_t term, interrupt, hangup;
    uv_timer_t tick;
    uv_check_t came_in;  /* when all that came in was read, before answers go out */
    uv_prepare_t turned; /* before the loop waits */
    struct rp_core *core;
    struct rp_queue *queue;
    struct rp_writer *writer;
    struct rp_deliver *deliver;
    struct rp_post *post; /* e-mail; NULL: nothing is delivered */
    int leaving;          /* deliveries of configurations before this one, ending */
    bool delivered;       /* the server stops, and the present deliveries have ended */
    struct rp_reload *reload;
    struct rp_requests *requests;
    struct rp_amends *amends;
    struct rp_quarantine *quarantine;
    struct rp_in_force start;
    int64_t started_ms;
    struct rp_ingest *ingest;
    struct rp_api *api;
    struct rp_http *http;
    struct rp_store *keys_store; /* read-only, for the keys */
    struct rp_arena keys_arenas[2];
    bool keys_arena; /* which of them */
    const struct rp_daemon_options *options;
    bool loopback, any_key, stopping;
    struct rp_pauses pauses;
    uint64_t pauses_seen;
};

/* --- daemon_deliveries.c --- */

/* Endpoints and e-mail; without the option `deliver` nothing goes out, and they are NULL. */
int rp_daemon_deliveries_new(struct rp_daemon *daemon, struct rp_err *err);
/* From here on the writer leases rows to them. */
void rp_daemon_deliveries_begin(struct rp_daemon *daemon);
/* Pauses, then leased rows, from the writer to them. */
void rp_daemon_hand_over(struct rp_daemon *daemon);
/* A rp_reload_options.configure: another configuration takes over. */
int rp_daemon_configure(void *ctx, const struct rp_config *config, struct rp_err *err);
/* Lets what is out end, then calls rp_daemon_finish. */
void rp_daemon_deliveries_stop(struct rp_daemon *daemon);
/* When the server could not start; the loop's next turns end them. */
void rp_daemon_deliveries_drop(struct rp_daemon *daemon);

/* --- daemon.c --- */

/* Nothing more goes out and no request is under way: the writer ends, and the loop after it. */
void rp_daemon_finish(struct rp_daemon *daemon);

/* --- daemon_words.c: what rp_api_options asks for; ctx is the daemon --- */

void rp_daemon_metrics(void *ctx, struct rp_buf *out);
void rp_daemon_status(void *ctx, struct rp_buf *out);
bool rp_daemon_is_ready(void *ctx, struct rp_str *ret_why);

#endif
