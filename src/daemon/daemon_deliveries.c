/* SPDX-License-Identifier: MIT */
/* What goes out of the server: leased rows from the writer to endpoints and mail threads, results
 * back, another configuration, the end. Knows both ways of the outbox; must not know requests or
 * rules.
 *
 *   new ──▶ begin ──▶ hand_over … ──▶ stop ──▶ rp_daemon_finish
 *                       └──configure──▶ the old ones leave, the new ones take over at once
 */
#include "base/limits.h"
#include "daemon/daemon_priv.h"

/* What people stopped is obeyed before anything else goes out. */
static void obey_pauses(struct rp_daemon *daemon)
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

static void submit_claimed(struct rp_daemon *daemon)
{
    struct rp_claimed *claimed = rp_writer_claimed(daemon->writer, RP_WAY_HTTP);

    while (claimed) {
        struct rp_claimed *next = claimed->next;

        rp_deliver_submit(daemon->deliver, claimed->rows, claimed->count);
        rp_claimed_free(claimed);
        claimed = next;
    }
    rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(daemon->deliver));
}

void rp_daemon_hand_over(struct rp_daemon *daemon)
{
    obey_pauses(daemon);
    if (daemon->deliver) { /* else the writer gives back what it claimed when it ends */
        submit_claimed(daemon);
    }
    if (daemon->post) {
        rp_post_hand_over(daemon->post);
    }
}

static void on_delivered(void *ctx, const struct rp_outbox_result *result)
{
    struct rp_daemon *daemon = ctx;

    if (daemon->writer) {
        rp_writer_result(daemon->writer, result);
        if (!daemon->stopping && daemon->deliver) {
            rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(daemon->deliver));
        }
    }
}

int rp_daemon_deliveries_new(struct rp_daemon *daemon, struct rp_err *err)
{
    const struct rp_daemon_options *options = daemon->options;
    int status;

    if (!options->deliver) {
        return 0;
    }
    status = rp_deliver_new(&daemon->loop, options->config, rp_clock_system(), on_delivered, daemon,
                            &daemon->deliver, err);
    if (status == 0) {
        status = rp_post_new(&daemon->loop, daemon->queue, options->config,
                             rp_store_secret(rp_core_store(daemon->core)), rp_clock_system(),
                             &daemon->post, err);
    }
    return status;
}

void rp_daemon_deliveries_begin(struct rp_daemon *daemon)
{
    if (daemon->deliver) {
        rp_writer_lease(daemon->writer, RP_WAY_HTTP, rp_deliver_lease_ms(daemon->deliver));
        rp_post_writer(daemon->post, daemon->writer);
    }
}

static void old_deliveries_stopped(void *ctx)
{
    struct rp_daemon *daemon = ctx;

    daemon->leaving--;
    if (daemon->delivered && daemon->leaving == 0) {
        rp_daemon_finish(daemon);
    }
}

/* Endpoints as they are now take over at once; attempts in flight end with the old ones, and what
 * waited there goes back to the outbox. The order of a lead's actions is the outbox's. */
int rp_daemon_configure(void *ctx, const struct rp_config *config, struct rp_err *err)
{
    struct rp_daemon *daemon = ctx;
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
    rp_deliver_stop(old, RP_DAEMON_GRACE_MS, old_deliveries_stopped, daemon);
    rp_writer_room(daemon->writer, RP_WAY_HTTP, rp_deliver_room(next));
    return 0;
}

static void deliveries_stopped(void *ctx)
{
    struct rp_daemon *daemon = ctx;

    daemon->deliver = NULL;
    daemon->delivered = true;
    if (daemon->leaving == 0) {
        rp_daemon_finish(daemon);
    }
}

void rp_daemon_deliveries_stop(struct rp_daemon *daemon)
{
    if (daemon->post) {
        daemon->leaving++;
        rp_post_stop(daemon->post, RP_DAEMON_GRACE_MS, old_deliveries_stopped, daemon);
    }
    if (daemon->deliver) {
        rp_deliver_stop(daemon->deliver, RP_DAEMON_GRACE_MS, deliveries_stopped, daemon);
    } else {
        deliveries_stopped(daemon);
    }
}

static void deliveries_given_up(void *ctx)
{
    struct rp_daemon *daemon = ctx;

    daemon->deliver = NULL;
}

void rp_daemon_deliveries_drop(struct rp_daemon *daemon)
{
    if (daemon->deliver) {
        rp_deliver_stop(daemon->deliver, 0, deliveries_given_up, daemon);
    }
    if (daemon->post) {
        rp_post_writer(daemon->post, NULL);
        rp_post_stop(daemon->post, 0, NULL, NULL);
    }
}
