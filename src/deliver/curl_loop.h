/* SPDX-License-Identifier: MIT */
/* libcurl's multi interface on a libuv loop: sockets become polls, curl's one timer a uv timer.
 * Nothing of webhooks is known here. Loop thread only. */
#ifndef RP_DELIVER_CURL_LOOP_H
#define RP_DELIVER_CURL_LOOP_H

#include "base/err.h"

#include <curl/curl.h>
#include <uv.h>

struct rp_curl_loop;

/* Embedded by the owner of an easy handle; `done` is called once when the transfer ends, with the
 * handle taken out of the loop already. It may add and remove handles. */
struct rp_curl_call {
    CURL *easy;
    void (*done)(struct rp_curl_call *call, CURLcode code);
};

int rp_curl_loop_new(uv_loop_t *loop, struct rp_curl_loop **ret_curl, struct rp_err *err);
/* Starts the transfer of call->easy. Sets CURLOPT_PRIVATE. Never calls `done` before it returns. */
int rp_curl_loop_add(struct rp_curl_loop *curl, struct rp_curl_call *call, struct rp_err *err);
/* Gives up a transfer; `done` is not called. */
void rp_curl_loop_remove(struct rp_curl_loop *curl, struct rp_curl_call *call);
/* Closes idle connections and frees the object; no transfer may be left. `closed` comes later, from
 * the loop. */
void rp_curl_loop_close(struct rp_curl_loop *curl, void (*closed)(void *ctx), void *ctx);

#endif
