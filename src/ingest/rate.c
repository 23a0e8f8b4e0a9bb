/* SPDX-License-Identifier: MIT */
/* Token buckets in a table of sets: a sender hashes (keyed) to a set of a few places. No sender can
 * make the table grow, and none can choose whose place it takes. */
#include "ingest/rate.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/when.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define WAYS 4

struct rp_rate_slot {
    uint64_t who; /* 0: free */
    int64_t at_ms;
    double tokens;
};

void rp_rate_init(struct rp_rate *rate)
{
    *rate = (struct rp_rate){0};
    rp_random(rate->key, sizeof(rate->key));
}

void rp_rate_fini(struct rp_rate *rate)
{
    free(rate->slots);
    rate->slots = NULL;
}

static struct rp_rate_slot *slot_of(struct rp_rate *rate, uint64_t who, uint32_t per_minute,
                                    int64_t now_ms)
{
    struct rp_rate_slot *set = &rate->slots[who % (RP_FORM_PEERS_MAX / WAYS) * WAYS];
    struct rp_rate_slot *oldest = set;

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].who == who)
            return &set[i];
        if (set[i].who == 0 || (oldest->who != 0 && set[i].at_ms < oldest->at_ms))
            oldest = &set[i];
    }
    *oldest = (struct rp_rate_slot){.who = who, .at_ms = now_ms, .tokens = per_minute};
    return oldest;
}

int64_t rp_rate_take(struct rp_rate *rate, struct rp_str who, uint32_t per_minute, int64_t now_ms)
{
    uint64_t hash = rp_hash_keyed(rate->key, who) | 1;
    double per_ms = (double)per_minute / (double)RP_MINUTE;
    struct rp_rate_slot *slot;

    if (!rate->slots)
        rate->slots = rp_calloc(RP_FORM_PEERS_MAX, sizeof(*rate->slots));
    slot = slot_of(rate, hash, per_minute, now_ms);
    if (now_ms > slot->at_ms)
        slot->tokens += (double)(now_ms - slot->at_ms) * per_ms;
    slot->at_ms = now_ms;
    if (slot->tokens > per_minute)
        slot->tokens = per_minute;
    if (slot->tokens < 1)
        return (int64_t)ceil((1 - slot->tokens) / per_ms);
    slot->tokens -= 1;
    return 0;
}

struct rp_str rp_rate_sender(struct rp_str address, char out[64])
{
    struct in6_addr in6;

    snprintf(out, 64, "%.*s", RP_STR_ARG(address));
    if (inet_pton(AF_INET6, out, &in6) == 1) {
        if (IN6_IS_ADDR_V4MAPPED(&in6)) {
            inet_ntop(AF_INET, &in6.s6_addr[12], out, 64);
        } else {
            memset(&in6.s6_addr[8], 0, 8);
            inet_ntop(AF_INET6, &in6, out, 64);
        }
    }
    return rp_str_from(out);
}
