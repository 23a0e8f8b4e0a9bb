/* SPDX-License-Identifier: MIT */
/* ripen.lua: the server's configuration, read in the rules' sandbox and reported like rules. */
#ifndef RP_ENGINE_CONFIG_H
#define RP_ENGINE_CONFIG_H

#include "base/arena.h"
#include "engine/load.h"

#include <stdbool.h>
#include <stdint.h>

struct rp_endpoint {
    struct rp_str name, url, secret; /* secret: "whsec_…" or plain; "" for none */
    int64_t timeout_ms;              /* 15 s */
    uint32_t parallel;               /* requests at a time: 8 */
    bool allow_private;              /* a receiver in one's own network */
    struct rp_place place;
};

struct rp_config {
    struct rp_str path;                               /* of the file; "" when none was found */
    struct rp_str listen, db, rules;                  /* "" when not set */
    struct rp_str smtp_url, smtp_from, smtp_password; /* kept for e-mail */
    struct rp_endpoint *endpoints;
    size_t endpoint_count;
    int64_t retention_ms; /* 0: for ever */
    size_t body_bytes_max, queue_events_max;
    uint32_t rule_steps_max;
};

/* `path` NULL or missing file: the defaults. Environment variables RIPEN_LISTEN, RIPEN_DB,
 * RIPEN_RULES … stand over the file. Secrets come by env "NAME" or file "PATH" only. */
int rp_config_load(struct rp_arena *arena, const char *path, struct rp_config *ret_config,
                   struct rp_findings *findings, struct rp_err *err);

#endif
