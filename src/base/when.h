/* SPDX-License-Identifier: MIT */
/* Time: int64_t milliseconds since 1970 UTC. RP_NEVER stands for "not known". Durations are
 * positive milliseconds. Zones come from GLib (system tzdata); an unknown zone is UTC. */
#ifndef RP_BASE_WHEN_H
#define RP_BASE_WHEN_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define RP_NEVER  INT64_MIN
#define RP_SECOND INT64_C(1000)
#define RP_MINUTE (60 * RP_SECOND)
#define RP_HOUR   (60 * RP_MINUTE)
#define RP_DAY    (24 * RP_HOUR)

/* ISO 8601 / RFC 3339 as SDKs send it (fraction of any length, Z or offset, date only = midnight
 * UTC, space instead of T), or a whole number of seconds (< 1e11) or milliseconds. */
bool rp_time_parse(struct rp_str text, int64_t *ret_ms);
void rp_time_print(struct rp_buf *buf, int64_t ms); /* 2026-03-02T09:00:00.000Z */

/* "30m", "21d", "2w", "25 months" (30 d each), "0s"; units ms s m h d w months. */
bool rp_duration_parse(struct rp_str text, int64_t *ret_ms);
/* Of what is no duration but looks like one ("30 days", "2 Hours"): how it is written, "30d", on
 * buf; false: nobody knows. */
bool rp_duration_guess(struct rp_buf *buf, struct rp_str text);
void rp_duration_print(struct rp_buf *buf,
                       int64_t ms); /* the largest unit that divides it: "21d" */

/* Calendar day (days since 1970-01-01) of an instant in a zone ("" or unknown: UTC). Any thread. */
int32_t rp_zone_day(struct rp_str zone, int64_t ms);
bool rp_zone_known(struct rp_str zone);
/* The instant at which a clock of the zone shows this second (0 … 86400) of this calendar day. Of
 * two (clocks are put back) the earlier one; a time that is skipped (they are put forward) is the
 * instant at which they are. */
int64_t rp_zone_moment(struct rp_str zone, int32_t day, int32_t second);
/* ISO week's Monday etc. are left to the callers: days are enough. */

struct rp_clock {
    int64_t (*now_ms)(void *ctx);
    void *ctx;
};
struct rp_clock rp_clock_system(void);
static inline int64_t rp_clock_now(const struct rp_clock *clock)
{
    return clock->now_ms(clock->ctx);
}
int64_t rp_mono_us(void); /* for measuring only */

#endif
