/* SPDX-License-Identifier: MIT */
/* Everything but ingest over HTTP: health, metrics, JSON about leads and rule sets, and the loading
 * of rules. Slow answers are made on workers, each with a reader of its own. */
#ifndef RP_WEB_API_H
#define RP_WEB_API_H

#include "core/reader.h"
#include "net/http.h"
#include "store/keys.h"

/* What an editor asks of the running server. */
struct rp_api_ask {
    bool stored;         /* a generation of the store is to be put in force, else what is on disk */
    uint32_t generation; /* stored: this one; 0: the one before */
    bool force;          /* past the guards */
    struct rp_str author; /* lives until the call returns */
};

struct rp_api_options {
    /* Runs `work` on a worker thread, then `after` on the loop thread (uv_queue_work of the
     * daemon). */
    void (*defer)(void *ctx, void (*work)(void *arg), void (*after)(void *arg), void *arg);
    const char *db_path;
    struct rp_clock clock;
    /* Prometheus text of everything that the daemon knows. */
    void (*metrics)(void *ctx, struct rp_buf *out);
    /* True when the store is open and rules are loaded; else says why not. */
    bool (*ready)(void *ctx, struct rp_str *ret_why);
    /* Loads or activates rules and answers the request with the result, now or later. */
    void (*ask)(void *ctx, struct rp_http_request *request, const struct rp_api_ask *ask);
    /* Does a correction (core/amend.h) and answers the request, now or later. */
    void (*amend)(void *ctx, struct rp_http_request *request, struct rp_str verb,
                  struct rp_str author);
    /* How the server is, as a JSON object. */
    void (*status)(void *ctx, struct rp_buf *out);
    void *ctx;
    bool any_host; /* while open, Host need not be loopback: --insecure */
};

struct rp_api;
struct rp_api *rp_api_new(const struct rp_api_options *options);
/* Workers that are still at it end by themselves: `after` of the last one frees. NULL: no effect.
 */
void rp_api_free(struct rp_api *api);
/* Keys in force (borrowed until the next call); open: none made yet and loopback. */
void rp_api_auth_set(struct rp_api *api, const struct rp_key_row *keys, size_t count, bool open);
/* To be asked last: it answers everything, what it does not know with 404. */
void rp_api_handle(struct rp_api *api, struct rp_http_request *request);

#endif
