/* SPDX-License-Identifier: MIT */
/* How often one sender may come: a token bucket for each key in a table that does not grow. Time is
 * the caller's. One thread. */
#ifndef RP_INGEST_RATE_H
#define RP_INGEST_RATE_H

#include "base/str.h"

#include <stdint.h>

struct rp_rate_slot;

struct rp_rate {
    struct rp_rate_slot *slots; /* made at first use */
    uint8_t key[16];
};

void rp_rate_init(struct rp_rate *rate);
void rp_rate_fini(struct rp_rate *rate);

/* Takes one of `who`'s per_minute tokens, which come back evenly. 0: it may; else how long to wait
 * in milliseconds. Of senders that share a place in the full table the one that waited longest is
 * forgotten: it has its tokens again, nobody loses any. */
int64_t rp_rate_take(struct rp_rate *rate, struct rp_str who, uint32_t per_minute, int64_t now_ms);

/* What counts as one sender: an address, of IPv6 the network that a subscriber gets (/64). `out`
 * holds 64 bytes. */
struct rp_str rp_rate_sender(struct rp_str address, char out[64]);

#endif
