/* SPDX-License-Identifier: MIT */
/* When to load: many reasons to look at the rules again become one load, and none is forgotten.
 * Pure; the clock is an argument.
 *
 *   idle ──ask──▶ settling ──due──▶ busy ──done──▶ idle
 *                  ▲  │ ask: waits anew          │ asked meanwhile, or the files were not at rest
 *                  │  └──▶ settling               │
 *                  └──────────────────────────────┘
 *
 * The wait is at the trailing edge: it starts again with each change, but for no longer than
 * SETTLE_MAX_MS altogether. */
#ifndef RP_DAEMON_COALESCE_H
#define RP_DAEMON_COALESCE_H

#include <stdbool.h>
#include <stdint.h>

enum { RP_SETTLE_MS = 200, RP_SETTLE_MAX_MS = 5000 };

enum rp_coalesce_state { RP_COALESCE_IDLE, RP_COALESCE_SETTLING, RP_COALESCE_BUSY };

struct rp_coalesce {
    enum rp_coalesce_state state;
    bool again, urgent;       /* BUSY: asked meanwhile; one of them does not wait */
    int64_t since_ms, due_ms; /* SETTLING: the first ask; when the load begins */
    uint64_t loads;           /* begun so far */
};

/* Somebody wants the rules looked at. urgent: at once (a person waits), else when the files have
 * been at rest. Returns the number of the load that will have seen everything written before this
 * call: the answer is that load's result. */
uint64_t rp_coalesce_ask(struct rp_coalesce *c, int64_t now_ms, bool urgent);
/* True, once, when a load is to begin now; then rp_coalesce_done must follow. */
bool rp_coalesce_begin(struct rp_coalesce *c, int64_t now_ms);
/* The load has ended; unsettled: the files changed while they were read, so it shall be repeated.
 */
void rp_coalesce_done(struct rp_coalesce *c, int64_t now_ms, bool unsettled);
/* Milliseconds until rp_coalesce_begin is true; -1: not by waiting. */
int64_t rp_coalesce_wait_ms(const struct rp_coalesce *c, int64_t now_ms);

#endif
