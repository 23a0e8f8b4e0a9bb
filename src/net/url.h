/* SPDX-License-Identifier: MIT */
/* Request targets and query strings. Pure. */
#ifndef RP_NET_URL_H
#define RP_NET_URL_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

/* Percent-decodes; with `plus` a '+' is a space. The text itself is returned when nothing is
 * encoded. False: a '%' without two hex digits, or a NUL. */
bool rp_url_decode(struct rp_arena *arena, struct rp_str text, bool plus, struct rp_str *ret_text);

/* The next `name=value` of a query, still encoded; false at the end. *at starts at 0. */
bool rp_url_param(struct rp_str query, size_t *at, struct rp_str *ret_name,
                  struct rp_str *ret_value);

/* Path and query of a request target in origin form ("/p?q"), absolute form ("http://h/p?q") or
 * "*". */
bool rp_url_target(struct rp_str target, struct rp_str *ret_path, struct rp_str *ret_query);

/* True for "localhost", 127.0.0.0/8 and ::1, each with or without a port. */
bool rp_url_host_loopback(struct rp_str host);

#endif
