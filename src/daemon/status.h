/* SPDX-License-Identifier: MIT */
/* How the server is, for `ripen status` and /api/status: what waits, what lags, what is in force.
 */
#ifndef RP_DAEMON_STATUS_H
#define RP_DAEMON_STATUS_H

#include "base/buf.h"
#include "core/core.h"
#include "daemon/reload.h"
#include "deliver/deliver.h"

struct rp_health {
    const struct rp_core_stats *core;
    const struct rp_in_force *active;
    const struct rp_reload_stats *reload;
    struct rp_str last_reload; /* JSON; "" */
    struct rp_str trouble;     /* why the server is not ready; "" */
    struct rp_store *store;    /* read-only */
    const char *db_path;
    bool running; /* false: what the file alone tells; core and reload are zero but for its rows */
    const struct rp_endpoint_stats *endpoints;
    size_t endpoint_count;
    bool dry_run; /* serve --no-deliver */
    size_t queued;
    int64_t now_ms, started_ms; /* started_ms: RP_NEVER when it does not run */
};

void rp_health_print(const struct rp_health *s, struct rp_buf *out);

#endif
