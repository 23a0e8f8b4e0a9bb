/* SPDX-License-Identifier: MIT */
/* How fast an endpoint answers, and so how many of its rows may wait in memory. An endpoint is slow
 * when for a second no attempt has ended quickly; then only a few rows wait here and the others go
 * back to the outbox, due when the endpoint could come to them, so that the rows of other endpoints
 * pass. Pure. `now` is the loop's clock, now_ms the wall's. */
#ifndef RP_DELIVER_PACE_H
#define RP_DELIVER_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RP_PACE_SLOW_MS   1000             /* an attempt that takes longer is not quick */
#define RP_PACE_KEPT      2                /* rows that wait at a slow endpoint, times its slots */
#define RP_PACE_RETURN_MS (10 * 60 * 1000) /* a row is handed back for at most so long */

struct rp_pace {
    uint32_t slots;
    bool slow;
    uint64_t quick_at;   /* the end of the last quick attempt; at first the start */
    uint64_t took_ms;    /* the last attempt, or the oldest still out */
    int64_t promised_ms; /* due time of the row that was handed back last */
};

void rp_pace_init(struct rp_pace *pace, uint32_t slots, uint64_t now);
/* An attempt that was started at `started` has ended. */
void rp_pace_ended(struct rp_pace *pace, uint64_t started, uint64_t now);
/* All slots are taken, the oldest since `started`. */
void rp_pace_busy(struct rp_pace *pace, uint64_t started, uint64_t now);
/* How many rows may wait. */
size_t rp_pace_room(const struct rp_pace *pace);
/* When the next row that is handed back is due; later with each call, then spread over the second
 * half of RP_PACE_RETURN_MS. `random` in [0, 1). */
int64_t rp_pace_due_ms(struct rp_pace *pace, int64_t now_ms, double random);

#endif
