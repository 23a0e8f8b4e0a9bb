/* SPDX-License-Identifier: MIT */
/* The circuit breaker: see the header for the states. Knows counts and moments; must not know
 * endpoints or rows. */
#include "deliver/breaker.h"

#include "base/check.h"

#include <stddef.h>

const char *rp_breaker_state_name(enum rp_breaker_state state)
{
    static const char *const names[] = {"closed", "open", "probing"};

    RP_ASSERT((size_t)state < sizeof(names) / sizeof(names[0]));
    return names[state];
}

bool rp_breaker_allows(const struct rp_breaker *breaker, uint64_t now)
{
    switch (breaker->state) {
    case RP_BREAKER_CLOSED:
        return true;
    case RP_BREAKER_OPEN:
        return now >= breaker->probe_at;
    case RP_BREAKER_PROBING:
        return false;
    }
    RP_UNREACHABLE();
}

void rp_breaker_started(struct rp_breaker *breaker)
{
    if (breaker->state == RP_BREAKER_OPEN)
        breaker->state = RP_BREAKER_PROBING;
}

void rp_breaker_void(struct rp_breaker *breaker, uint64_t now)
{
    if (breaker->state == RP_BREAKER_PROBING) {
        breaker->state = RP_BREAKER_OPEN;
        breaker->probe_at = now;
    }
}

void rp_breaker_good(struct rp_breaker *breaker)
{
    breaker->state = RP_BREAKER_CLOSED;
    breaker->failures = 0;
    breaker->wait_ms = 0;
}

static bool open_for(struct rp_breaker *breaker, uint64_t now)
{
    bool news = breaker->state == RP_BREAKER_CLOSED;

    breaker->wait_ms = breaker->wait_ms == 0 ? RP_BREAKER_FIRST_MS : breaker->wait_ms * 2;
    if (breaker->wait_ms > RP_BREAKER_LAST_MS)
        breaker->wait_ms = RP_BREAKER_LAST_MS;
    breaker->state = RP_BREAKER_OPEN;
    breaker->probe_at = now + breaker->wait_ms;
    breaker->opened += news;
    return news;
}

bool rp_breaker_bad(struct rp_breaker *breaker, uint64_t now)
{
    if (breaker->failures++ == 0)
        breaker->since = now;
    if (breaker->state == RP_BREAKER_OPEN) /* one that was out when it opened */
        return false;
    if (breaker->state == RP_BREAKER_CLOSED &&
        (breaker->failures < RP_BREAKER_FAILURES || now < breaker->since + RP_BREAKER_SPAN_MS))
        return false;
    return open_for(breaker, now);
}

bool rp_breaker_trip(struct rp_breaker *breaker, uint64_t now)
{
    breaker->failures++;
    return breaker->state == RP_BREAKER_OPEN ? false : open_for(breaker, now);
}
