/* SPDX-License-Identifier: MIT */
/* Signatures of webhooks that come in, checked exactly as each sender documents it and compared in
 * constant time. Pure but for libsodium. */
#ifndef RP_INGEST_WEBHOOK_VERIFY_H
#define RP_INGEST_WEBHOOK_VERIFY_H

#include "base/arena.h"
#include "engine/config.h"

struct rp_hook {
    struct rp_str method, host, target; /* "POST"; the Host header; path and query as they came */
    struct rp_str body;
    struct rp_str signature, timestamp, id; /* of the headers that rp_hook_headers names */
    struct rp_str authorization, key;       /* that header; `key` of the query, decoded */
    int64_t now_ms;
};

/* Names of the headers that a kind of signature uses; NULL: none. */
struct rp_hook_headers {
    const char *signature, *timestamp, *id;
};
struct rp_hook_headers rp_hook_headers(const struct rp_source_door *source);

/* NULL: it is from a holder of the secret and not older than RP_WEBHOOK_AGE_MAX_MS where the
 * sender signs the time; else why not, in a sentence. */
const char *rp_hook_verify(struct rp_arena *arena, const struct rp_source_door *source,
                           const struct rp_hook *hook);

#endif
