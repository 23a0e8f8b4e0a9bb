/* SPDX-License-Identifier: MIT */
/* What the files of ingest share. Loop thread only. */
#ifndef RP_INGEST_PRIV_H
#define RP_INGEST_PRIV_H

#include "ingest/segment.h"

struct rp_ingest {
    struct rp_queue *queue;
    struct rp_clock clock;
    struct rp_auth auth;
    struct rp_ingest_stats stats;
    struct rp_batch *spare; /* batches to use again, through next */
    size_t spare_count, pending;
    struct rp_buf out; /* of the answer being written */
};

/* How a request ends. */
enum rp_reply_kind { RP_REPLY_VERDICTS, RP_REPLY_GIF };

/* --- cors.c --- */

/* To be called before every answer: readable from any page, with the wait that it asks for. */
void rp_ingest_cors(struct rp_http_request *request);
void rp_ingest_preflight(struct rp_http_request *request, const char *methods);

/* --- settings.c --- */

/* What browsers' SDKs ask first: JSON that points them back at this host. */
void rp_ingest_segment_settings(struct rp_http_request *request, struct rp_str key);
void rp_ingest_rudder_settings(struct rp_http_request *request, struct rp_str key);

/* --- pixel.c --- */

/* The event that a pixel's query describes, as JSON; EINPUT when it cannot be read. */
int rp_pixel_event(struct rp_http_request *request, struct rp_str *ret_json, struct rp_err *err);
struct rp_str rp_pixel_gif(void);

/* --- auth.c --- */

enum rp_door {
    RP_DOOR_HEADER = 1, /* Basic user, X-Write-Key, Bearer */
    RP_DOOR_QUERY = 2,  /* writeKey=… as well */
};

struct rp_caller {
    bool known; /* may send */
    bool seen;  /* gave a key at all */
    bool is_public, trusted;
    int status; /* else: 401 or 403 */
    const char *code, *message;
};

/* Who sends: by the key in header or query, else by `body_key`. */
struct rp_caller rp_ingest_caller(const struct rp_ingest *ingest,
                                  const struct rp_http_request *request, unsigned doors,
                                  struct rp_str body_key);

#endif
