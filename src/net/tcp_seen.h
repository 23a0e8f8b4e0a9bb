/* SPDX-License-Identifier: MIT */
/* What the kernel knows about a connection's incoming bytes. */
#ifndef RP_NET_TCP_SEEN_H
#define RP_NET_TCP_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct rp_tcp_seen {
    uint64_t bytes;     /* received since accept */
    int64_t silence_ms; /* since the last of them */
};
bool rp_tcp_seen(int fd, struct rp_tcp_seen *ret_seen);

#endif
