/* SPDX-License-Identifier: MIT */
/* Creates store, rules, writer, delivery, doors and the server in this order; on SIGTERM lets
 * requests in flight be answered, the writer drain, deliveries end, and frees in reverse.
 * Everything here runs on the loop thread; the writer's news arrive by one async handle.
 *
 *   starting ──listen──▶ serving ──signal──▶ draining (server) ──▶ draining (writer, deliveries)
 * ──▶ done
 */
#include "daemon/daemon.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/daemon_priv.h"
#include "store/keys.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 1000, KEEP_ALIVE_MS = 75000, SLOW_MS = 30000, SWEEP_WORKERS = 2 };

static void on_request(void *ctx, struct rp_http_request *request)
{
    struct rp_daemon *daemon = ctx;

    if (!rp_ingest_handle(daemon->ingest, request)) {
        rp_api_handle(daemon->api, request);
    }
}

/* ---- News from the writer -------------------------------------------------------------------- */

static void on_woken(uv_async_t *handle)
{
    struct rp_daemon *daemon = handle->data;

    rp_ingest_drain(daemon->ingest);
    if (daemon->http) {
        rp_http_flush(daemon->http); /* before the requests that this turn still reads */
    }
    if (daemon->writer && !daemon->stopping) {
        rp_daemon_hand_over(daemon);
        rp_writer_answer(daemon->writer);
    }
}

static void on_came_in(uv_check_t *handle)
{
    struct rp_daemon *daemon = handle->data;

    rp_queue_send(daemon->queue);
}

static void on_turned(uv_prepare_t *handle)
{
    struct rp_daemon *daemon = handle->data;

    rp_queue_send(daemon->queue);
}

static void wake(void *ctx)
{
    struct rp_daemon *daemon = ctx;

    uv_async_send(&daemon->woken);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

/* The rows in force stand in one arena while the next ones are read into the other. */
static int refresh_keys(struct rp_daemon *daemon, struct rp_err *err)
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
    struct rp_daemon *daemon = handle->data;
    struct rp_err err = {0};

    if (refresh_keys(daemon, &err) != 0) {
        rp_log(RP_LOG_WARN, "keys", "problem=\"%s\"", err.text);
    }
    if (!daemon->stopping) {
        rp_quarantine_look(daemon->quarantine);
    }
    rp_daemon_hand_over(daemon);
}

/* ---- What requests ask for ------------------------------------------------------------------- */

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
    struct rp_daemon *daemon = ctx;
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
    struct rp_daemon *daemon = ctx;

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
    struct rp_daemon *daemon = ctx;
    struct deferred *deferred = rp_calloc(1, sizeof(*deferred));

    *deferred = (struct deferred){.run = run, .after = after, .arg = arg};
    deferred->work.data = deferred;
    RP_ASSERT(uv_queue_work(&daemon->loop, &deferred->work, deferred_run, deferred_after) == 0);
}

/* ---- Draining -------------------------------------------------------------------------------- */

static void close_handles(struct rp_daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->term, NULL);
    uv_close((uv_handle_t *)&daemon->interrupt, NULL);
    uv_close((uv_handle_t *)&daemon->hangup, NULL);
    uv_close((uv_handle_t *)&daemon->tick, NULL);
    uv_close((uv_handle_t *)&daemon->turned, NULL);
    uv_close((uv_handle_t *)&daemon->came_in, NULL);
    uv_close((uv_handle_t *)&daemon->woken, NULL);
}

void rp_daemon_finish(struct rp_daemon *daemon)
{
    if (daemon->post) {
        rp_post_writer(daemon->post, NULL);
    }
    rp_queue_close(daemon->queue);
    rp_writer_join(daemon->writer);
    daemon->writer = NULL;
    close_handles(daemon);
}

static void server_stopped(void *ctx)
{
    struct rp_daemon *daemon = ctx;

    daemon->http = NULL;
    rp_daemon_deliveries_stop(daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct rp_daemon *daemon = handle->data;

    if (daemon->stopping) {
        return;
    }
    daemon->stopping = true;
    rp_log(RP_LOG_INFO, "stop", "signal=%d", number);
    rp_requests_stop(daemon->requests);
    rp_reload_stop(daemon->reload);
    rp_http_stop(daemon->http, RP_DAEMON_GRACE_MS, server_stopped, daemon);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct rp_daemon *daemon = handle->data;
    struct rp_reload_ask ask = {.author = RP_STR("")};

    (void)number;
    if (!daemon->stopping) {
        rp_reload_ask(daemon->reload, &ask);
    }
}

/* ---- Building -------------------------------------------------------------------------------- */

static int open_core(struct rp_daemon *daemon, struct rp_err *err)
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

static int open_doors(struct rp_daemon *daemon, struct rp_err *err)
{
    const struct rp_daemon_options *options = daemon->options;
    struct rp_api_options api = {.defer = defer,
                                 .db_path = options->db_path,
                                 .clock = rp_clock_system(),
                                 .metrics = rp_daemon_metrics,
                                 .ready = rp_daemon_is_ready,
                                 .ask = ask_reload,
                                 .amend = ask_amend,
                                 .status = rp_daemon_status,
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
    if (status == 0) {
        status = rp_daemon_deliveries_new(daemon, err);
    }
    if (status == 0) {
        status = rp_writer_start(daemon->core, daemon->queue, wake, daemon, &daemon->writer, err);
    }
    if (status == 0) {
        rp_daemon_deliveries_begin(daemon);
    }
    return status == 0 ? rp_http_start(&daemon->loop, &http, on_request, daemon, &daemon->http, err)
                       : status;
}

static void watch_signals(struct rp_daemon *daemon)
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
static void watch_rules(struct rp_daemon *daemon)
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
                                       .configure = rp_daemon_configure,
                                       .ctx = daemon};

    daemon->reload = rp_reload_new(&reload);
    daemon->amends = rp_amends_new(daemon->writer);
    daemon->requests = rp_requests_new(&daemon->loop, daemon->keys_store, daemon->writer,
                                       daemon->reload, rp_daemon_status, daemon);
    daemon->quarantine = rp_quarantine_new(daemon->writer, daemon->reload);
}

/* Something could not start: what did is ended, the writer before the handle that it wakes. */
static void give_up(struct rp_daemon *daemon)
{
    if (daemon->writer) {
        rp_queue_close(daemon->queue);
        rp_writer_join(daemon->writer);
        daemon->writer = NULL;
    }
    rp_daemon_deliveries_drop(daemon);
    uv_close((uv_handle_t *)&daemon->woken, NULL);
}

static void free_all(struct rp_daemon *daemon)
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
    struct rp_daemon *daemon = rp_calloc(1, sizeof(*daemon));
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
        rp_daemon_hand_over(daemon);
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
