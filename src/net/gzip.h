/* SPDX-License-Identifier: MIT */
/* Gunzip of a request's body, bounded: it stops at the limit and never holds more than it. */
#ifndef RP_NET_GZIP_H
#define RP_NET_GZIP_H

#include "base/arena.h"

struct rp_gunzip; /* a decoder, used again and again; one thread at a time */

struct rp_gunzip *rp_gunzip_new(void);
void rp_gunzip_free(struct rp_gunzip *gunzip);

/* Decodes `packed` (one or more members) into the arena. EINPUT: not gzip, damaged or cut off;
 * ELIMIT: more than `bytes_max` come out. */
int rp_gunzip_run(struct rp_arena *arena, struct rp_gunzip *gunzip, struct rp_str packed,
                  size_t bytes_max, struct rp_str *ret_plain);

#endif
