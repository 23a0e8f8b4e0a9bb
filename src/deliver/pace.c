/* SPDX-License-Identifier: MIT */
/* The pace of one endpoint: two states, quick and slow. Knows times; must not know rows.
 *
 *   quick ──ended or busy: over a second, none quick for a second──▶ slow
 *     ▲                                                               │
 *     └──────────────────────ended within a second───────────────────┘ */
#include "deliver/pace.h"

#include "base/check.h"
#include "base/limits.h"

void rp_pace_init(struct rp_pace *pace, uint32_t slots, uint64_t now)
{
    RP_ASSERT(slots > 0);
    *pace = (struct rp_pace){.slots = slots, .quick_at = now};
}

static void judge(struct rp_pace *pace, uint64_t now)
{
    if (now - pace->quick_at >= RP_PACE_SLOW_MS)
        pace->slow = true;
}

void rp_pace_ended(struct rp_pace *pace, uint64_t started, uint64_t now)
{
    pace->took_ms = now - started;
    if (pace->took_ms >= RP_PACE_SLOW_MS) {
        judge(pace, now);
        return;
    }
    pace->quick_at = now;
    pace->slow = false;
    pace->promised_ms = 0;
}

void rp_pace_busy(struct rp_pace *pace, uint64_t started, uint64_t now)
{
    uint64_t age = now - started;

    if (age < RP_PACE_SLOW_MS)
        return;
    judge(pace, now);
    if (pace->took_ms < age)
        pace->took_ms = age;
}

size_t rp_pace_room(const struct rp_pace *pace)
{
    size_t few = (size_t)RP_PACE_KEPT * pace->slots;

    return pace->slow && few < RP_ENDPOINT_QUEUE_MAX ? few : RP_ENDPOINT_QUEUE_MAX;
}

int64_t rp_pace_due_ms(struct rp_pace *pace, int64_t now_ms, double random)
{
    uint64_t took_ms = pace->took_ms > RP_PACE_SLOW_MS ? pace->took_ms : RP_PACE_SLOW_MS;
    int64_t step_ms = (int64_t)(took_ms / pace->slots) + 1;
    int64_t from_ms = pace->promised_ms > now_ms ? pace->promised_ms : now_ms;

    if (from_ms + step_ms > now_ms + RP_PACE_RETURN_MS)
        return now_ms + RP_PACE_RETURN_MS / 2 + (int64_t)(random * RP_PACE_RETURN_MS / 2);
    pace->promised_ms = from_ms + step_ms;
    return pace->promised_ms;
}
