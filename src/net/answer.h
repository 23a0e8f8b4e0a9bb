/* SPDX-License-Identifier: MIT */
/* Answers that several doors give in the same form. */
#ifndef RP_NET_ANSWER_H
#define RP_NET_ANSWER_H

#include "net/http.h"

/* {"error":{"code","message"}} */
void rp_http_error(struct rp_http_request *request, int status, const char *code,
                   struct rp_str message);
/* 405 with Allow, such as "GET, HEAD". */
void rp_http_not_allowed(struct rp_http_request *request, const char *allow);

/* The Host header names this machine itself: what a page of another site cannot forge, not even by
 * pointing its own name at 127.0.0.1. */
bool rp_http_host_loopback(const struct rp_http_request *request);
/* A browser says that a page of another site sends this (Sec-Fetch-Site, else Origin against Host).
 */
bool rp_http_cross_site(const struct rp_http_request *request);

#endif
