/* SPDX-License-Identifier: MIT */
/* The doors that SDKs knock at: the Segment-compatible routes, beacons, pixels, settings, CORS.
 * Parses on the loop thread, queues for the writer, answers after the commit. */
#ifndef RP_INGEST_SEGMENT_H
#define RP_INGEST_SEGMENT_H

#include "engine/config.h"
#include "ingest/queue.h"
#include "net/http.h"
#include "store/keys.h"

/* The keys in force; set again whenever they change. Loop thread. */
struct rp_auth {
    struct rp_key_row *keys; /* borrowed until the next set */
    size_t key_count;
    bool open;     /* no key made yet and loopback: any write key goes */
    bool any_host; /* open without a loopback Host as well: --insecure */
};

struct rp_ingest;
struct rp_ingest *rp_ingest_new(struct rp_queue *queue, struct rp_clock clock);
/* When the server is stopped and the writer gone; drains what is left. NULL: no effect. */
void rp_ingest_free(struct rp_ingest *ingest);
void rp_ingest_auth_set(struct rp_ingest *ingest, const struct rp_auth *auth);
/* Forms, webhooks and CloudEvents as ripen.lua declares them; borrowed until the next set. */
void rp_ingest_doors_set(struct rp_ingest *ingest, const struct rp_doors *doors);
/* What signs the links of mails (rp_store_secret), borrowed. */
void rp_ingest_links_set(struct rp_ingest *ingest, const uint8_t *secret);
/* True when the request was one of its routes (answered now or later). */
bool rp_ingest_handle(struct rp_ingest *ingest, struct rp_http_request *request);
/* Answers what the writer finished; to be called when woken. */
void rp_ingest_drain(struct rp_ingest *ingest);

struct rp_ingest_stats {
    uint64_t requests, bad_requests, unauthorized, overloaded;
};
void rp_ingest_stats(const struct rp_ingest *ingest, struct rp_ingest_stats *ret_stats);

#endif
