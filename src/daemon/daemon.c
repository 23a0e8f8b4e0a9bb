/* SPDX-License-Identifier: MIT */
/* Creates store, rules, writer, delivery, doors and the server in this order; on SIGTERM lets
 * requests in flight be answered, the writer drain, deliveries end, and frees in reverse.
 * Everything here runs on the loop thread; the writer's news arrive by one async handle.
 *
 *   starting ──listen──▶ serving ──signal──▶ draining (server) ──▶ draining (writer, deliveries)
 * ──▶ done
 */
#include "daemon/daemon.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/amend.h"
#include "daemon/metrics.h"
#include "daemon/post.h"
#include "daemon/quarantine.h"
#include "daemon/reload.h"
#include "daemon/requests.h"
#include "daemon/start.h"
#include "daemon/status.h"
#include "daemon/writer.h"
#include "deliver/deliver.h"
#include "ingest/segment.h"
#include "net/http.h"
#include "store/keys.h"
#include "web/api.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

enum { TICK_MS = 1000, GRACE_MS = 5000, KEEP_ALIVE_MS = 75000, SLOW_MS = 30000, SWEEP_WORKERS = 2 };

struct daemon {
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

static void on_request(void *ctx, struct rp_http_request *request)
{
    struct daemon *daemon = ctx;

    if (!rp_ingest_handle(daemon->ingest, request) && !rp_api_handle(daemon->api, request)) {
        rp_http_reply(request, 404, "application/json",
                      RP_STR("{\"error\":{\"code\":\"not_found\",\"message\":\"no such route; "
                             "events go to /v1/track, leads stand at /api/leads\"}}\n"));
    }
}

/* ---- News from the writer
 * --------------------------------------------------------------------------- */

/* What people stopped is obeyed before anything else goes out. */
static void obey_pauses(struct daemon *daemon)
{
    uint64_t changed = rp_writer_pauses(daemon->writer, daemon->pauses_seen, &daemon->pauses);

    if (changed != daemon->pauses_seen && daemon->deliver) {
        rp_deliver_pause(daemon->deliver, &daemon->pauses);
    }
    if (changed != daemon->pauses_seen && daemon->post) {
        rp_post_pause(daemon->post, &daemon->pauses);
    }
    daemon->pauses_seen = changed;
}

static void hand_over(struct daemon *daemon)
{
    struct rp_claimed *claimed = rp_writer_claimed(daemon->writer, RP_WAY_HTTP);

    obey_pauses(daemon);
    while (claimed) {
        struct rp_claimed *next = claimed->next;

        if (daemon->deliver) {
            rp_deliver_submit(daemon->deliver, claimed->rows, claimed->count);
        }
        rp_claimed_free(claimed);
        claimed = next;
    }
    if (daemon->deliver) {
        rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(daemon->deliver));
    }
    if (daemon->post) {
        rp_post_hand_over(daemon->post);
    }
}

static void on_woken(uv_async_t *handle)
{
    struct daemon *daemon = handle->data;

    rp_ingest_drain(daemon->ingest);
    if (daemon->writer && !daemon->stopping) {
        hand_over(daemon);
        rp_writer_answer(daemon->writer);
    }
}

static void on_came_in(uv_check_t *handle)
{
    struct daemon *daemon = handle->data;

    rp_queue_send(daemon->queue);
}

static void on_turned(uv_prepare_t *handle)
{
    struct daemon *daemon = handle->data;

    rp_queue_send(daemon->queue);
}

static void wake(void *ctx)
{
    struct daemon *daemon = ctx;

    uv_async_send(&daemon->woken);
}

static void on_delivered(void *ctx, const struct rp_outbox_result *result)
{
    struct daemon *daemon = ctx;

    if (daemon->writer) {
        rp_writer_result(daemon->writer, result);
        if (!daemon->stopping && daemon->deliver) {
            rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(daemon->deliver));
        }
    }
}

/* ---- Another configuration
 * --------------------------------------------------------------------------- */

static void finish_writer(struct daemon *daemon);

static void old_deliveries_stopped(void *ctx)
{
    struct daemon *daemon = ctx;

    daemon->leaving--;
    if (daemon->delivered && daemon->leaving == 0) {
        finish_writer(daemon);
    }
}

/* Endpoints as they are now take over at once; attempts in flight end with the old ones, and what
 * waited there goes back to the outbox. The order of a lead's actions is the outbox's. */
static int configure(void *ctx, const struct rp_config *config, struct rp_err *err)
{
    struct daemon *daemon = ctx;
    struct rp_deliver *old = daemon->deliver;
    struct rp_deliver *next;
    int status;

    if (!old) {
        rp_ingest_doors_set(daemon->ingest, &config->doors);
        return 0;
    }
    status =
        rp_deliver_new(&daemon->loop, config, rp_clock_system(), on_delivered, daemon, &next, err);
    if (status == 0 && daemon->post &&
        (status = rp_post_configure(daemon->post, config, err)) != 0) {
        daemon->leaving++;
        rp_deliver_stop(next, 0, old_deliveries_stopped, daemon);
    }
    if (status != 0) {
        return status;
    }
    rp_ingest_doors_set(daemon->ingest, &config->doors);
    daemon->deliver = next;
    daemon->pauses_seen = 0;
    obey_pauses(daemon);
    daemon->leaving++;
    rp_writer_lease(daemon->writer, RP_WAY_HTTP, rp_deliver_lease_ms(next));
    rp_deliver_stop(old, GRACE_MS, old_deliveries_stopped, daemon);
    rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(next));
    return 0;
}

/* ---- Keys, metrics
 * ----------------------------------------------------------------------------------- */

/* The rows in force stand in one arena while the next ones are read into the other. */
static int refresh_keys(struct daemon *daemon, struct rp_err *err)
{
    struct rp_arena *next = &daemon->keys_arenas[!daemon->keys_arena];
    struct rp_auth auth = {.any_host = daemon->options->insecure};
    int status;

    rp_arena_reset(next);
    status = rp_key_list(next, daemon->keys_store, &auth.keys, &auth.key_count, err);
    if (status != 0) {
        return status;
    }
    daemon->keys_arena = !daemon->keys_arena;
    daemon->any_key = auth.key_count > 0;
    auth.open = auth.key_count == 0 && (daemon->loopback || daemon->options->insecure);
    rp_ingest_auth_set(daemon->ingest, &auth);
    rp_api_auth_set(daemon->api, auth.keys, auth.key_count, auth.open);
    return 0;
}

static void on_tick(uv_timer_t *handle)
{
    struct daemon *daemon = handle->data;
    struct rp_err err = {0};

    if (refresh_keys(daemon, &err) != 0) {
        rp_log(RP_LOG_WARN, "keys", "problem=\"%s\"", err.text);
    }
    if (!daemon->stopping) {
        rp_quarantine_look(daemon->quarantine);
    }
    hand_over(daemon);
}

static void write_metrics(void *ctx, struct rp_buf *out)
{
    struct daemon *daemon = ctx;
    struct rp_metrics metrics = {.rules = rp_reload_active(daemon->reload)};

    rp_reload_stats(daemon->reload, &metrics.reload);
    rp_writer_stats(daemon->writer, &metrics.core);
    rp_ingest_stats(daemon->ingest, &metrics.ingest);
    metrics.queued = rp_queue_events(daemon->queue);
    metrics.endpoint_count = daemon->deliver ? rp_deliver_stats(daemon->deliver, metrics.endpoints,
                                                                RP_COUNT(metrics.endpoints))
                                             : 0;
    if (metrics.endpoint_count > RP_COUNT(metrics.endpoints)) {
        metrics.endpoint_count = RP_COUNT(metrics.endpoints);
    }
    metrics.paused = daemon->pauses.count;
    if (daemon->post) {
        rp_post_stats(daemon->post, &metrics.mail);
    }
    rp_metrics_print(&metrics, out);
    rp_writer_rules(daemon->writer, out);
}

static void write_status(void *ctx, struct rp_buf *out)
{
    struct daemon *daemon = ctx;
    struct rp_reload_stats reload;
    struct rp_core_stats core;
    char trouble[400];
    struct rp_endpoint_stats endpoints[RP_ENDPOINTS_SHOWN];
    struct rp_health status = {.core = &core,
                               .endpoints = endpoints,
                               .dry_run = !daemon->options->deliver,
                               .reload = &reload,
                               .active = rp_reload_active(daemon->reload),
                               .last_reload = rp_reload_last(daemon->reload),
                               .store = daemon->keys_store,
                               .db_path = daemon->options->db_path,
                               .running = true,
                               .queued = rp_queue_events(daemon->queue),
                               .now_ms = rp_clock_system().now_ms(NULL),
                               .started_ms = daemon->started_ms};

    rp_reload_stats(daemon->reload, &reload);
    if (daemon->writer) {
        rp_writer_stats(daemon->writer, &core);
        rp_writer_trouble(daemon->writer, trouble, sizeof(trouble));
    }
    if (daemon->deliver) {
        status.endpoint_count = rp_deliver_stats(daemon->deliver, endpoints, RP_COUNT(endpoints));
        if (status.endpoint_count > RP_COUNT(endpoints)) {
            status.endpoint_count = RP_COUNT(endpoints);
        }
    }
    status.trouble = rp_str_from(trouble);
    rp_health_print(&status, out);
}

static bool is_ready(void *ctx, struct rp_str *ret_why)
{
    static char trouble[400];
    struct daemon *daemon = ctx;

    rp_writer_trouble(daemon->writer, trouble, sizeof(trouble));
    *ret_why = rp_str_from(trouble);
    return trouble[0] == '\0' && !daemon->stopping;
}

static void answer_request(void *ctx, int http_status, struct rp_str json)
{
    struct rp_http_request *request = ctx;

    if (http_status == 503) {
        rp_http_reply_header(request, "Retry-After", RP_STR("1"));
    }
    rp_http_reply(request, http_status, "application/json", json);
}

static void ask_reload(void *ctx, struct rp_http_request *request, const struct rp_api_ask *what)
{
    struct daemon *daemon = ctx;
    struct rp_reload_ask ask = {.stored = what->stored,
                                .generation = what->generation,
                                .force = what->force,
                                .author = what->author,
                                .answer = answer_request,
                                .ctx = request};

    rp_reload_ask(daemon->reload, &ask);
}

static void ask_amend(void *ctx, struct rp_http_request *request, struct rp_str verb,
                      struct rp_str author)
{
    struct daemon *daemon = ctx;

    rp_amends_ask(daemon->amends, request, verb, request->body, author);
}

struct deferred {
    uv_work_t work;
    void (*run)(void *arg);
    void (*after)(void *arg);
    void *arg;
};

static void deferred_run(uv_work_t *work)
{
    struct deferred *deferred = work->data;

    deferred->run(deferred->arg);
}

static void deferred_after(uv_work_t *work, int status)
{
    struct deferred *deferred = work->data;

    (void)status;
    deferred->after(deferred->arg);
    free(deferred);
}

static void defer(void *ctx, void (*run)(void *arg), void (*after)(void *arg), void *arg)
{
    struct daemon *daemon = ctx;
    struct deferred *deferred = rp_calloc(1, sizeof(*deferred));

    *deferred = (struct deferred){.run = run, .after = after, .arg = arg};
    deferred->work.data = deferred;
    RP_ASSERT(uv_queue_work(&daemon->loop, &deferred->work, deferred_run, deferred_after) == 0);
}

/* ---- Draining
 * ---------------------------------------------------------------------------------------- */

static void close_handles(struct daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->term, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->hangup, NULL);
    uv_close((uv_handle_t *)&daemon->tick, NULL);
    uv_close((uv_handle_t *)&daemon->turned, NULL);
    uv_close((uv_handle_t *)&daemon->came_in, NULL);
    uv_close((uv_handle_t *)&daemon->woken, NULL);
}

static void finish_writer(struct daemon *daemon)
{
    if (daemon->post) {
        rp_post_writer(daemon->post, NULL);
    }
    rp_queue_close(daemon->queue);
    rp_writer_join(daemon->writer);
    daemon->writer = NULL;
    close_handles(daemon);
}

static void deliveries_stopped(void *ctx)
{
    struct daemon *daemon = ctx;

    daemon->deliver = NULL;
    daemon->delivered = true;
    if (daemon->leaving == 0) {
        finish_writer(daemon);
    }
}

static void server_stopped(void *ctx)
{
    struct daemon *daemon = ctx;

    daemon->http = NULL;
    if (daemon->post) {
        daemon->leaving++;
        rp_post_stop(daemon->post, GRACE_MS, old_deliveries_stopped, daemon);
    }
    if (daemon->deliver) {
        rp_deliver_stop(daemon->deliver, GRACE_MS, deliveries_stopped, daemon);
    } else {
        deliveries_stopped(daemon);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    if (daemon->stopping) {
        return;
    }
    daemon->stopping = true;
    rp_log(RP_LOG_INFO, "stop", "signal=%d", number);
    rp_requests_stop(daemon->requests);
    rp_reload_stop(daemon->reload);
    rp_http_stop(daemon->http, GRACE_MS, server_stopped, daemon);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    struct rp_reload_ask ask = {.author = RP_STR("")};

    (void)number;
    if (!daemon->stopping) {
        rp_reload_ask(daemon->reload, &ask);
    }
}

/* ---- Building
 * ---------------------------------------------------------------------------------------- */

static int open_core(struct daemon *daemon, struct rp_err *err)
{
    const struct rp_daemon_options *options = daemon->options;
    struct rp_core_options core = {
        .db_path = options->db_path,
        .mode = RP_STORE_SERVE,
        .clock = rp_clock_system(),
        .set_aside = true,
        .dry_run = !options->deliver,
        .sweep_workers = SWEEP_WORKERS,
        .retention_ms = options->config ? options->config->retention_ms : 0,
    };
    struct rp_start start = {.db_path = options->db_path,
                             .rules_dir = options->rules_dir,
                             .config = options->config,
                             .files = options->files,
                             .findings = options->findings,
                             .clock = rp_clock_system()};
    int status = rp_core_open(&core, &daemon->core, err);

    if (status != 0) {
        rp_rules_free(options->rules);
        return status;
    }
    start.rules = options->rules;
    status = rp_start_rules(daemon->core, &start, &daemon->start, err);
    return status ? status
                  : rp_store_open(options->db_path, RP_STORE_READ, &daemon->keys_store, err);
}

static int open_doors(struct daemon *daemon, struct rp_err *err)
{
    const struct rp_daemon_options *options = daemon->options;
    struct rp_api_options api = {.defer = defer,
                                 .db_path = options->db_path,
                                 .clock = rp_clock_system(),
                                 .metrics = write_metrics,
                                 .ready = is_ready,
                                 .ask = ask_reload,
                                 .amend = ask_amend,
                                 .status = write_status,
                                 .any_host = options->insecure,
                                 .ctx = daemon};
    struct rp_http_options http = {.address = options->address,
                                   .port = options->port,
                                   .body_bytes_max = options->config->body_bytes_max,
                                   .connections_max = RP_CONNECTIONS_MAX,
                                   .idle_ms = KEEP_ALIVE_MS,
                                   .slow_ms = SLOW_MS};
    int status = 0;

    daemon->queue = rp_queue_new(options->config->queue_events_max, wake, daemon);
    daemon->ingest = rp_ingest_new(daemon->queue, rp_clock_system());
    rp_ingest_doors_set(daemon->ingest, &options->config->doors);
    rp_ingest_links_set(daemon->ingest, rp_store_secret(rp_core_store(daemon->core)));
    daemon->api = rp_api_new(&api);
    status = refresh_keys(daemon, err);
    if (status == 0 && !daemon->any_key && !daemon->loopback && !options->insecure) {
        status = rp_err_set(err, RIPEN_EDENIED,
                            "%s is not a loopback address and no key exists: anyone could send "
                            "events; make one with `ripen key create --scope ingest`, or say "
                            "--insecure",
                            options->address);
    }
    if (status == 0 && options->deliver) {
        status = rp_deliver_new(&daemon->loop, options->config, rp_clock_system(), on_delivered,
                                daemon, &daemon->deliver, err);
        if (status == 0) {
            status = rp_post_new(&daemon->loop, daemon->queue, options->config,
                                 rp_store_secret(rp_core_store(daemon->core)), rp_clock_system(),
                                 &daemon->post, err);
        }
    }
    if (status == 0) {
        status = rp_writer_start(daemon->core, daemon->queue, wake, daemon, &daemon->writer, err);
    }
    if (status == 0 && daemon->deliver) {
        rp_writer_lease(daemon->writer, RP_WAY_HTTP, rp_deliver_lease_ms(daemon->deliver));
        rp_post_writer(daemon->post, daemon->writer);
    }
    return status == 0 ? rp_http_start(&daemon->loop, &http, on_request, daemon, &daemon->http, err)
                       : status;
}

static void watch_signals(struct daemon *daemon)
{
    uv_signal_init(&daemon->loop, &daemon->term);
    uv_signal_init(&daemon->loop, &daemon->interrupt);
    uv_signal_init(&daemon->loop, &daemon->hangup);
    uv_timer_init(&daemon->loop, &daemon->tick);
    uv_check_init(&daemon->loop, &daemon->came_in);
    uv_prepare_init(&daemon->loop, &daemon->turned);
    daemon->came_in.data = daemon;
    daemon->term.data = daemon->interrupt.data = daemon->hangup.data = daemon;
    daemon->tick.data = daemon->turned.data = daemon;
    uv_prepare_start(&daemon->turned, on_turned);
    uv_check_start(&daemon->came_in, on_came_in); /* the last one started runs first */
    uv_signal_start(&daemon->term, on_signal, SIGTERM);
    uv_signal_start(&daemon->interrupt, on_signal, SIGINT);
    uv_signal_start(&daemon->hangup, on_hangup, SIGHUP);
    uv_timer_start(&daemon->tick, on_tick, TICK_MS, TICK_MS);
}

/* From here on rules and configuration may change. */
static void watch_rules(struct daemon *daemon)
{
    const struct rp_daemon_options *options = daemon->options;
    struct rp_reload_options reload = {.loop = &daemon->loop,
                                       .writer = daemon->writer,
                                       .clock = rp_clock_system(),
                                       .db_path = options->db_path,
                                       .rules_dir = options->rules_dir,
                                       .config_path = options->config_path,
                                       .guards = options->guards,
                                       .start = daemon->start,
                                       .configure = configure,
                                       .ctx = daemon};

    daemon->reload = rp_reload_new(&reload);
    daemon->amends = rp_amends_new(daemon->writer);
    daemon->requests = rp_requests_new(&daemon->loop, daemon->keys_store, daemon->writer,
                                       daemon->reload, write_status, daemon);
    daemon->quarantine = rp_quarantine_new(daemon->writer, daemon->reload);
}

static void deliveries_given_up(void *ctx)
{
    struct daemon *daemon = ctx;

    daemon->deliver = NULL;
}

/* Something could not start: what did is ended, the writer before the handle that it wakes. */
static void give_up(struct daemon *daemon)
{
    if (daemon->writer) {
        rp_queue_close(daemon->queue);
        rp_writer_join(daemon->writer);
        daemon->writer = NULL;
    }
    if (daemon->deliver) {
        rp_deliver_stop(daemon->deliver, 0, deliveries_given_up, daemon);
    }
    if (daemon->post) {
        rp_post_writer(daemon->post, NULL);
        rp_post_stop(daemon->post, 0, NULL, NULL);
    }
    uv_close((uv_handle_t *)&daemon->woken, NULL);
}

static void free_all(struct daemon *daemon)
{
    rp_quarantine_free(daemon->quarantine);
    rp_requests_free(daemon->requests);
    rp_amends_free(daemon->amends);
    rp_reload_free(daemon->reload);
    rp_api_free(daemon->api);
    rp_ingest_free(daemon->ingest);
    rp_post_free(daemon->post);
    rp_queue_free(daemon->queue);
    rp_store_close(daemon->keys_store);
    rp_core_close(daemon->core);
    rp_arena_fini(&daemon->keys_arenas[0]);
    rp_arena_fini(&daemon->keys_arenas[1]);
}

int rp_daemon_run(const struct rp_daemon_options *options, struct rp_err *err)
{
    struct daemon *daemon = rp_calloc(1, sizeof(*daemon));
    int status;

    daemon->options = options;
    daemon->loopback = strncmp(options->address, "127.", 4) == 0 ||
                       strcmp(options->address, "::1") == 0 ||
                       strcmp(options->address, "localhost") == 0;
    daemon->started_ms = rp_clock_system().now_ms(NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGIO, SIG_IGN); /* of a lease that tells whether a file is being written (sight.c) */
    rp_arena_init(&daemon->keys_arenas[0]);
    rp_arena_init(&daemon->keys_arenas[1]);
    RP_ASSERT(uv_loop_init(&daemon->loop) == 0);
    uv_async_init(&daemon->loop, &daemon->woken, on_woken);
    daemon->woken.data = daemon;
    status = open_core(daemon, err);
    if (status == 0) {
        status = open_doors(daemon, err);
    }
    if (status == 0) {
        watch_signals(daemon);
        watch_rules(daemon);
        hand_over(daemon);
        printf("ripen: listening on http://%s:%d\n", options->address, rp_http_port(daemon->http));
        fflush(stdout);
    } else {
        give_up(daemon);
    }
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    free_all(daemon);
    uv_loop_close(&daemon->loop);
    free(daemon);
    return status;
}
