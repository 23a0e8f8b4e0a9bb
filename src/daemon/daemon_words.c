/* SPDX-License-Identifier: MIT */
/* How the server is: /metrics, /api/status and /readyz. Gathers what each part says of itself;
 * metrics.c and status.c have the form. */
#include "daemon/daemon_priv.h"
#include "daemon/metrics.h"
#include "daemon/status.h"

void rp_daemon_metrics(void *ctx, struct rp_buf *out)
{
    struct rp_daemon *daemon = ctx;
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

void rp_daemon_status(void *ctx, struct rp_buf *out)
{
    struct rp_daemon *daemon = ctx;
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

bool rp_daemon_is_ready(void *ctx, struct rp_str *ret_why)
{
    static char trouble[400];
    struct rp_daemon *daemon = ctx;

    rp_writer_trouble(daemon->writer, trouble, sizeof(trouble));
    *ret_why = rp_str_from(trouble);
    return trouble[0] == '\0' && !daemon->stopping;
}
