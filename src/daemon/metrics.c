/* SPDX-License-Identifier: MIT */
/* Prometheus text from one table of rows. */
#include "daemon/metrics.h"

#include <inttypes.h>

static void one(struct rp_buf *out, const char *name, const char *type, const char *help,
                uint64_t value)
{
    rp_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
                  value);
}

static void endpoints(const struct rp_metrics *m, struct rp_buf *out)
{
    rp_buf_text(out,
                "# HELP ripen_deliveries_total Ended delivery attempts by endpoint and outcome.\n"
                "# TYPE ripen_deliveries_total counter\n");
    for (size_t i = 0; i < m->endpoint_count; i++) {
        const struct rp_endpoint_stats *e = &m->endpoints[i];

        rp_buf_printf(out,
                      "ripen_deliveries_total{endpoint=\"%.*s\",outcome=\"delivered\"} %" PRIu64
                      "\nripen_deliveries_total{endpoint=\"%.*s\",outcome=\"retry\"} %" PRIu64
                      "\nripen_deliveries_total{endpoint=\"%.*s\",outcome=\"dead\"} %" PRIu64 "\n",
                      RP_STR_ARG(e->name), e->delivered, RP_STR_ARG(e->name), e->failed,
                      RP_STR_ARG(e->name), e->dead);
    }
    rp_buf_text(out, "# HELP ripen_endpoint_queued Rows waiting in memory for an endpoint.\n"
                     "# TYPE ripen_endpoint_queued gauge\n");
    for (size_t i = 0; i < m->endpoint_count; i++) {
        rp_buf_printf(out, "ripen_endpoint_queued{endpoint=\"%.*s\"} %zu\n",
                      RP_STR_ARG(m->endpoints[i].name), m->endpoints[i].queued);
    }
    rp_buf_text(out, "# HELP ripen_endpoint_open 1 while an endpoint that fails is left alone.\n"
                     "# TYPE ripen_endpoint_open gauge\n");
    for (size_t i = 0; i < m->endpoint_count; i++) {
        rp_buf_printf(out, "ripen_endpoint_open{endpoint=\"%.*s\"} %d\n",
                      RP_STR_ARG(m->endpoints[i].name), m->endpoints[i].state != RP_BREAKER_CLOSED);
    }
    rp_buf_text(out, "# HELP ripen_endpoint_opened_total How often an endpoint's breaker opened.\n"
                     "# TYPE ripen_endpoint_opened_total counter\n");
    for (size_t i = 0; i < m->endpoint_count; i++) {
        rp_buf_printf(out, "ripen_endpoint_opened_total{endpoint=\"%.*s\"} %" PRIu64 "\n",
                      RP_STR_ARG(m->endpoints[i].name), m->endpoints[i].opened);
    }
}

static void seconds(struct rp_buf *out, const char *name, const char *help, int64_t us)
{
    rp_buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 ".%06" PRId64 "\n", name, help,
                  name, name, us / 1000000, us % 1000000);
}

static void rules(const struct rp_metrics *m, struct rp_buf *out)
{
    const struct {
        const char *result;
        uint64_t value;
    } ended[] = {{"active", m->reload.active},
                 {"unchanged", m->reload.unchanged},
                 {"held", m->reload.held},
                 {"refused", m->reload.refused},
                 {"failed", m->reload.failed}};

    rp_buf_printf(
        out,
        "# HELP ripen_rules_generation_info The rules in force.\n"
        "# TYPE ripen_rules_generation_info gauge\n"
        "ripen_rules_generation_info{number=\"%u\",hash=\"%s\"} 1\n"
        "# HELP ripen_reloads_total Looks at rules and configuration by what came of them.\n"
        "# TYPE ripen_reloads_total counter\n",
        m->rules->number, m->rules->hash);
    for (size_t i = 0; i < RP_COUNT(ended); i++) {
        rp_buf_printf(out, "ripen_reloads_total{result=\"%s\"} %" PRIu64 "\n", ended[i].result,
                      ended[i].value);
    }
    seconds(out, "ripen_reload_load_seconds", "Until the newest rules were ready.",
            m->reload.load_us);
    seconds(out, "ripen_reload_swap_seconds", "How long the writer paused for the newest rules.",
            m->reload.swap_us);
    seconds(out, "ripen_reload_swap_max_seconds", "The longest such pause.", m->reload.swap_max_us);
    seconds(out, "ripen_reload_edit_to_effect_seconds",
            "From the first notice of the newest edit to its being in force.", m->reload.edit_us);
}

static void nurture(const struct rp_metrics *m, struct rp_buf *out)
{
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } nurturing[] = {
        {"ripen_sequences_started_total", "counter", "Leads that went into a sequence.",
         m->core.sequences_started},
        {"ripen_sequence_steps_total", "counter", "Steps that sequences came to.",
         m->core.sequence_steps},
        {"ripen_sequences_stuck", "gauge",
         "Leads in a sequence whose step the rules do not have any more.", m->core.sequences_stuck},
        {"ripen_mail_sent_total", "counter", "E-mails that a mail server took.", m->mail.sent},
        {"ripen_mail_retries_total", "counter", "Attempts to be made again.", m->mail.retried},
        {"ripen_mail_dead_total", "counter", "E-mails given up.", m->mail.dead},
        {"ripen_mail_bounced_total", "counter", "Of them, for a reason at the recipient's.",
         m->mail.bounced},
        {"ripen_mail_queued", "gauge", "E-mails waiting in memory.", m->mail.queued},
    };

    for (size_t i = 0; i < RP_COUNT(nurturing); i++) {
        one(out, nurturing[i].name, nurturing[i].type, nurturing[i].help, nurturing[i].value);
    }
    rp_buf_text(out, "# HELP ripen_held_total E-mails that were held back, by reason.\n"
                     "# TYPE ripen_held_total counter\n");
    for (size_t i = RP_GATE_OPEN + 1; i < RP_GATES; i++) {
        rp_buf_printf(out, "ripen_held_total{reason=\"%s\"} %" PRIu64 "\n",
                      rp_gate_name((enum rp_gate)i), m->core.held[i]);
    }
}

void rp_metrics_print(const struct rp_metrics *m, struct rp_buf *out)
{
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
        {"ripen_events_total", "counter", "Events accepted and committed.", m->core.events},
        {"ripen_duplicates_total", "counter", "Events that were there already.",
         m->core.duplicates},
        {"ripen_rejected_total", "counter", "Items refused with a reason.", m->core.rejected},
        {"ripen_groups_total", "counter", "Transactions of events.", m->core.groups},
        {"ripen_stage_moves_total", "counter", "Stage decisions.", m->core.moves},
        {"ripen_actions_total", "counter", "Actions written to the outbox.", m->core.intents},
        {"ripen_rule_errors_total", "counter", "Rules that failed on an event.", m->core.faults},
        {"ripen_refolds_total", "counter", "Leads folded again for a late event.", m->core.refolds},
        {"ripen_merges_total", "counter", "Leads joined.", m->core.merges},
        {"ripen_joins_refused_total", "counter", "Joins that the guards refused.",
         m->core.joins_refused},
        {"ripen_requests_total", "counter", "Ingest requests.", m->ingest.requests},
        {"ripen_bad_requests_total", "counter", "Ingest requests answered 4xx.",
         m->ingest.bad_requests},
        {"ripen_unauthorized_total", "counter", "Ingest requests without a valid key.",
         m->ingest.unauthorized},
        {"ripen_overloaded_total", "counter", "Ingest requests answered 503.",
         m->ingest.overloaded},
        {"ripen_queue_events", "gauge", "Events that wait for the writer.", m->queued},
        {"ripen_leads_cached", "gauge", "Leads in memory.", m->core.leads_cached},
        {"ripen_leads_dirty", "gauge", "Leads to be written behind.", m->core.leads_dirty},
        {"ripen_leads_set_aside", "gauge",
         "Leads judged in the background, their history costs much.", m->core.leads_aside},
        {"ripen_retention_leads_total", "counter", "Leads whose old events were compacted.",
         m->core.leads_compacted},
        {"ripen_retention_events_total", "counter", "Old events that retention removed.",
         m->core.events_compacted},
        {"ripen_rebuild_leads", "gauge", "Leads there when the last rebuild began.",
         (uint64_t)m->core.sweep.leads},
        {"ripen_rebuild_leads_done", "gauge", "Of them, known to be of the rules in force.",
         (uint64_t)m->core.sweep.leads_done},
        {"ripen_rebuild_leads_rebuilt_total", "counter", "Leads that the last rebuild folded anew.",
         m->core.sweep.rebuilt},
        {"ripen_timers_pending", "gauge", "Leads that wait for a moment.", m->core.timers_pending},
        {"ripen_timers_judged_total", "counter", "Moments that were judged.",
         m->core.timers_judged},
        {"ripen_timer_lag_milliseconds", "gauge", "How long the oldest timer is over.",
         (uint64_t)m->core.timer_lag_ms},
        {"ripen_deliveries_paused", "gauge", "Things whose delivery people stopped.", m->paused},
        {"ripen_event_newest", "gauge", "Row of the newest event.", (uint64_t)m->core.newest_event},
        {"ripen_event_watermark", "gauge", "Rows up to it are in the lead states.",
         (uint64_t)m->core.watermark},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        one(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
    }
    nurture(m, out);
    rules(m, out);
    endpoints(m, out);
}
