/* SPDX-License-Identifier: MIT */
/* What the files of ingest share. Loop thread only. */
#ifndef RP_INGEST_PRIV_H
#define RP_INGEST_PRIV_H

#include "ingest/rate.h"
#include "ingest/segment.h"

struct rp_ingest {
    struct rp_queue *queue;
    struct rp_clock clock;
    struct rp_auth auth;
    const struct rp_doors *doors; /* never NULL */
    struct rp_rate rate;          /* of forms and links of mails */
    const uint8_t *link_secret;   /* 16 bytes; NULL: no link is known */
    struct rp_ingest_stats stats;
    struct rp_batch *spare; /* batches to use again, through next */
    size_t spare_count, pending;
    struct rp_buf out; /* of the answer being written */
};

/* How a request ends. */
enum rp_reply_kind { RP_REPLY_VERDICTS, RP_REPLY_GIF, RP_REPLY_FORM, RP_REPLY_UNSUBSCRIBED };

/* --- segment.c: what all doors share --- */

struct rp_batch *rp_ingest_batch(struct rp_ingest *ingest);
void rp_ingest_drop(struct rp_ingest *ingest, struct rp_batch *batch);
/* `message` is a sentence; 401, 429 and 503 get their headers (429: Retry-After is the caller's).
 */
void rp_ingest_refuse(struct rp_ingest *ingest, struct rp_http_request *request, int status,
                      const char *code, const char *message);
/* Takes the batch: to the writer, and answers when it is committed. `form`: of RP_REPLY_FORM, in
 * the batch's arena; else NULL. */
struct rp_form_reply;
void rp_ingest_enqueue(struct rp_ingest *ingest, struct rp_http_request *request,
                       struct rp_batch *batch, enum rp_reply_kind reply,
                       const struct rp_form_reply *form);

/* --- door.c, form.c, webhook_in.c, cloudevents.c --- */

/* True when it was one of the other doors: /v1/form/…, /v1/webhook/…, /v1/cloudevents. */
bool rp_ingest_door(struct rp_ingest *ingest, struct rp_http_request *request);
void rp_form_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name);
void rp_form_answer(struct rp_ingest *ingest, struct rp_http_request *request,
                    const struct rp_batch *batch, const struct rp_form_reply *reply);
void rp_webhook_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name);
void rp_cloud_take(struct rp_ingest *ingest, struct rp_http_request *request, struct rp_str name);
void rp_cloud_preflight(struct rp_http_request *request);

/* --- track.c --- */

/* True when it was a link of a mail, /e/…. */
bool rp_track_take(struct rp_ingest *ingest, struct rp_http_request *request);
void rp_track_answer(struct rp_http_request *request);
/* Who asks: the peer, or whom a proxy on this machine names last; borrows from the request. */
struct rp_str rp_ingest_sender(const struct rp_http_request *request);

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
