/* SPDX-License-Identifier: MIT */
/* Notices that files of a rules directory may have changed: events of its folders, and a look at
 * the links that lead to them. Says only that something happened; what, the next sight tells. Loop
 * thread. */
#ifndef RP_DAEMON_WATCH_H
#define RP_DAEMON_WATCH_H

#include "daemon/sight.h"

#include <uv.h>

struct rp_watch;

struct rp_watch *rp_watch_new(uv_loop_t *loop, void (*changed)(void *ctx), void *ctx);
/* Watches these folders and links from now on (copied). */
void rp_watch_set(struct rp_watch *watch, const struct rp_sight *sight);
/* True when a folder cannot be watched, for want of inotify watches: then the sweep has to do. */
bool rp_watch_is_blind(const struct rp_watch *watch);
/* Closes; the memory goes when the loop has closed the handles. NULL: no effect. */
void rp_watch_free(struct rp_watch *watch);

#endif
