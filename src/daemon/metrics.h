/* SPDX-License-Identifier: MIT */
/* What /metrics says, as Prometheus text. */
#ifndef RP_DAEMON_METRICS_H
#define RP_DAEMON_METRICS_H

#include "base/buf.h"
#include "core/core.h"
#include "daemon/reload.h"
#include "deliver/deliver.h"
#include "deliver/mail.h"
#include "ingest/segment.h"

struct rp_metrics {
    const struct rp_in_force *rules;
    struct rp_reload_stats reload;
    struct rp_core_stats core;
    struct rp_ingest_stats ingest;
    size_t queued;
    struct rp_endpoint_stats endpoints[RP_ENDPOINTS_SHOWN];
    size_t endpoint_count;
    struct rp_mail_stats mail;
    size_t paused; /* things that people stopped */
};

void rp_metrics_print(const struct rp_metrics *metrics, struct rp_buf *out);

#endif
