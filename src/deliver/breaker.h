/* SPDX-License-Identifier: MIT */
/* A circuit breaker: an endpoint that fails again and again is left alone but for one attempt now
 * and then, until one succeeds. What waits meanwhile is not tried, so nothing is given up. Pure.
 *
 *   closed ──failures in a row for a while, or trip──▶ open ──probe_at──▶ probing (one attempt out)
 *     ▲                                                ▲                   │   │
 *     └────────────────────a success───────────────────┼───────────────────┘   │
 *                                                      └──failed: wait doubled─┘
 *
 * "For a while": RP_BREAKER_FAILURES at least, over RP_BREAKER_SPAN_MS at least: many attempts are
 * out at once, and a burst of failures is no proof. A failure is no answer, 408, 5xx or a refused
 * token; any other answer shows that the endpoint is alive. `now` is the loop's clock. */
#ifndef RP_DELIVER_BREAKER_H
#define RP_DELIVER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define RP_BREAKER_FAILURES 5
#define RP_BREAKER_SPAN_MS  10000 /* from the first of them on */
#define RP_BREAKER_FIRST_MS 5000  /* until the first probe; doubles */
#define RP_BREAKER_LAST_MS  60000 /* the longest wait between probes */

enum rp_breaker_state { RP_BREAKER_CLOSED, RP_BREAKER_OPEN, RP_BREAKER_PROBING };
const char *rp_breaker_state_name(enum rp_breaker_state state);

/* Zero-initialise: closed. */
struct rp_breaker {
    enum rp_breaker_state state;
    uint32_t failures; /* in a row */
    uint64_t since;    /* the first of them */
    uint64_t wait_ms;  /* before the next probe */
    uint64_t probe_at; /* OPEN */
    uint64_t opened;   /* how often it opened from closed */
};

/* Whether an attempt may start now. */
bool rp_breaker_allows(const struct rp_breaker *breaker, uint64_t now);
void rp_breaker_started(struct rp_breaker *breaker); /* an attempt that was allowed */
/* The attempt says nothing about the endpoint: it was taken back or never left. */
void rp_breaker_void(struct rp_breaker *breaker, uint64_t now);
void rp_breaker_good(struct rp_breaker *breaker);
/* True when it opened with this one. */
bool rp_breaker_bad(struct rp_breaker *breaker, uint64_t now);
/* Opens at once: no further attempt can succeed. True when it was closed. */
bool rp_breaker_trip(struct rp_breaker *breaker, uint64_t now);

#endif
